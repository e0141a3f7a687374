"""Installs the kit on Colab, beside what Colab has: python styleclip/tools/install_on_colab.py

Colab's notebook and its widgets depend on old versions of some packages. pip is told to keep the versions of all that would hurt.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

KEPT = ("torch", "torchvision", "numpy", "pillow", "scipy", "matplotlib", "ipywidgets", "ipykernel", "ipython", "traitlets",
        "jupyter-client", "tornado", "notebook")


def constraints() -> list[str]:
    """name==version for each of the packages to keep that is installed."""
    found = []
    for name in KEPT:
        try:
            found.append(f"{name}=={metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    return found


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "constraints.txt"
        kept.write_text("\n".join(constraints()) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(kept), str(Path(__file__).resolve().parents[1])]
        return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main())
