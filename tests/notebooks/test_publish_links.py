"""Badges and the cell that installs the kit on Colab."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat
import pytest

from tools.install_on_colab import KEPT, constraints
from tools.publish_links import BADGE, INSTALL, link, main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path):
    for path in ("notebooks/00_start_here.ipynb", "notebooks/04_styleclip_latent_optimization.ipynb"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    (tmp_path / "README.md").write_text("git clone ADDRESS_OF_THIS_REPOSITORY styleclip", encoding="utf-8")
    return tmp_path


def test_every_notebook_gets_one_badge_and_one_cell_and_keeps_the_rest(copy):
    before = {path: nbformat.read(path, 4) for path in copy.glob("notebooks/*.ipynb")}
    assert main(["ada/styleclip", "--root", str(copy)]) == 0
    assert main(["ada/faces", "--root", str(copy), "--branch", "v1"]) == 0  # the address has changed
    for path, old in before.items():
        notebook = nbformat.read(path, 4)
        nbformat.validate(notebook)
        new = [cell for cell in notebook.cells if cell.id in (BADGE, INSTALL)]
        assert [cell.id for cell in new] == [BADGE, INSTALL]
        assert f"/github/ada/faces/blob/v1/notebooks/{path.name})" in new[0].source
        assert "github.com/ada/faces " in new[1].source and "ada/styleclip" not in path.read_text("utf-8")
        assert [cell.source for cell in notebook.cells if cell not in new] == [cell.source for cell in old.cells]
    assert "https://github.com/ada/styleclip styleclip" in (copy / "README.md").read_text("utf-8")


def test_the_cell_does_nothing_elsewhere(copy, monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    main(["ada/styleclip", "--root", str(copy)])
    cell = next(c for c in nbformat.read(copy / "notebooks" / "00_start_here.ipynb", 4).cells if c.id == INSTALL)
    monkeypatch.chdir(copy)
    shell = InteractiveShell()
    assert shell.run_cell(cell.source).success and Path.cwd() == copy


def test_every_lesson_can_be_opened_there(tmp_path):
    """Badge and cell come right after the title; what the cell shows is there."""
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        notebook = nbformat.read(path, 4)
        link(notebook, "ada/styleclip", "main", f"notebooks/{path.name}")
        assert [cell.get("id") for cell in notebook.cells[1:3]] == [BADGE, INSTALL] and notebook.cells[0].source.startswith("# ")
        shown = re.findall(r'SVG\("(.+?)"\)', notebook.cells[2].source)
        assert shown == re.findall(r"\]\((images/.+?\.svg)\)", notebook.cells[0].source)
        assert all((ROOT / "notebooks" / name).is_file() for name in shown)
        assert max(map(len, notebook.cells[2].source.splitlines())) <= 100


@pytest.mark.parametrize("name", ["styleclip", "https://github.com/a/b", "a/b c", ""])
def test_what_is_no_repository_is_refused(copy, name, capsys):
    assert main([name, "--root", str(copy)]) == 2
    assert "owner/name" in capsys.readouterr().err


def test_what_colab_needs_stays_as_it_is():
    import torch

    kept = dict(line.split("==") for line in constraints())
    assert set(kept) <= set(KEPT) and kept["torch"].split("+")[0] == torch.__version__.split("+")[0]
    assert {"torch", "numpy", "pillow", "ipywidgets", "traitlets"} <= set(kept)
