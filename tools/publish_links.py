"""Gives every notebook a Colab badge and a first cell that installs the kit there: make publish-links REPOSITORY=owner/name

Run it on what is published, whenever the repository's address is known or has changed; running it twice changes nothing.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
BADGE, INSTALL = "colab-badge", "colab-install"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+")
CELL = """\
import sys   # on Colab this installs the kit; everywhere else it does nothing
if "google.colab" in sys.modules:
    %env OMP_WAIT_POLICY=passive
    !git clone --quiet --depth 1 https://github.com/{repository} /content/styleclip
    !{{sys.executable}} /content/styleclip/tools/install_on_colab.py
    %cd /content/styleclip/{folder}"""
DIAGRAM = """
    from IPython.display import SVG, display   # Colab does not show a notebook's own pictures
    display(SVG("{path}"))"""


def link(notebook: NotebookNode, repository: str, branch: str, path: str) -> None:
    """Puts the badge and the cell in front, in place of former ones."""
    address = f"https://colab.research.google.com/github/{repository}/blob/{branch}/{path}"
    badge = nbformat.v4.new_markdown_cell(f"[Open in Colab]({address})", id=BADGE)
    cells = [cell for cell in notebook.cells if cell.get("id") not in (BADGE, INSTALL)]
    source = CELL.format(repository=repository, folder=Path(path).parent.as_posix())
    for diagram in re.findall(r"\]\((images/[^)]+\.svg)\)", cells[0].source if cells else ""):
        source += DIAGRAM.format(path=diagram)
    install = nbformat.v4.new_code_cell(source, id=INSTALL)
    install.execution_count = 0  # it has been run wherever the rest has: it does nothing there
    title = next((i + 1 for i, cell in enumerate(cells) if cell.cell_type == "markdown" and cell.source.startswith("# ")), 0)
    notebook.cells = [*cells[:title], badge, install, *cells[title:]]


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repository", help="owner/name on GitHub")
    parser.add_argument("--branch", default="main")
    parser.add_argument("--root", type=Path, default=ROOT)
    settings = parser.parse_args(arguments)
    if not NAME.fullmatch(settings.repository):
        print(f"'{settings.repository}' is no repository: write owner/name, make publish-links REPOSITORY=owner/name.", file=sys.stderr)
        return 2
    paths = [*settings.root.glob("notebooks/*.ipynb"), *settings.root.glob("notebooks/assignments/release/*.ipynb")]
    for path in sorted(paths):
        notebook = nbformat.read(path, as_version=4)
        link(notebook, settings.repository, settings.branch, path.relative_to(settings.root).as_posix())
        nbformat.write(notebook, path)
    readme = settings.root / "README.md"
    if readme.is_file():
        text = readme.read_text(encoding="utf-8")
        readme.write_text(text.replace("ADDRESS_OF_THIS_REPOSITORY", f"https://github.com/{settings.repository}"), encoding="utf-8")
    print(f"{len(paths)} notebooks link to {settings.repository}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
