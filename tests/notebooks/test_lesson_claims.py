"""The claims about the lessons belong to cells that exist, and a false one fails where nbval runs the cell."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.notebooks import lesson_claims
from tests.notebooks.lesson_claims import FOLDER, claims

ROOT = Path(__file__).parent.parent.parent
FILES = sorted(FOLDER.glob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_claim_has_its_cell_and_asserts_something(path):
    lesson = nbformat.read(ROOT / "notebooks" / f"{path.stem}.ipynb", as_version=4)
    cells = [cell.id for cell in lesson.cells if cell.cell_type == "code"]
    found = claims(path.stem)
    assert found and sorted(set(found) - set(cells)) == []
    assert all(any(isinstance(node, ast.Assert) for node in ast.walk(ast.parse(claim))) for claim in found.values())


def test_there_are_claims():
    assert len(FILES) >= 8


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_each_cell_has_an_id_of_its_own(path):
    cells = [cell.get("id") for cell in nbformat.read(path, as_version=4).cells]
    assert all(cells) and len(set(cells)) == len(cells)


WRITTEN = """\"\"\"A lesson.\"\"\"

# %% first
assert x == 1
{wrong}
# %% first, of the portraits
assert DOMAIN == "portraits"

# %% second
assert x < 3
"""


def test_claims_of_the_portraits_are_left_out_for_other_domains(tmp_path, monkeypatch):
    monkeypatch.setattr(lesson_claims, "FOLDER", tmp_path)
    (tmp_path / "a.py").write_text(WRITTEN.format(wrong=""))
    assert claims("a") == {"first": 'assert x == 1\nassert DOMAIN == "portraits"\n', "second": "assert x < 3\n"}
    assert claims("a", other_domain=True) == {"first": "assert x == 1\n", "second": "assert x < 3\n"}
    assert claims("none") == {}


@pytest.mark.slow
@pytest.mark.parametrize(("wrong", "outcome"), [("", "2 passed"), ("assert x == 2\n", "1 failed, 1 passed")])
def test_a_false_claim_fails(wrong, outcome, tmp_path):
    (tmp_path / "conftest.py").write_text(
        "from pathlib import Path\n"
        "from tests.notebooks import lesson_claims\n"
        "from tests.notebooks.lesson_claims import pytest_collection_modifyitems\n"
        "lesson_claims.FOLDER = Path(__file__).parent / 'claims'\n")
    (tmp_path / "claims").mkdir()
    (tmp_path / "claims" / "mini.py").write_text(WRITTEN.format(wrong=wrong))
    sources = {"first": 'DOMAIN, x = "portraits", 1', "second": "x"}
    nbformat.write(new_notebook(cells=[new_code_cell(text, id=name) for name, text in sources.items()]), tmp_path / "mini.ipynb")
    plugins = ["--nbval-lax", "--nbval-current-env", "-p", "no:schemathesis", "-p", "no:cacheprovider"]
    run = subprocess.run([sys.executable, "-m", "pytest", *plugins, "mini.ipynb"], cwd=tmp_path, capture_output=True, text=True,
                         env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=300)
    assert outcome in run.stdout, run.stdout + run.stderr
    assert run.returncode == (1 if wrong else 0)
    assert ("assert x == 2" in run.stdout) == bool(wrong)
