"""The repository's conftest.py: an expected failure counts as a failure."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytest_plugins = ["pytester"]
ROOT = Path(__file__).parent.parent
CONFTEST = (ROOT / "conftest.py").read_text(encoding="utf-8")


@pytest.fixture
def repository(monkeypatch, pytester):
    """A folder with the repository's conftest.py, which imports from the repository's tests."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeconftest(CONFTEST)
    return pytester


@pytest.mark.slow
def test_an_expected_failure_is_a_failure(repository):
    repository.makepyfile(
        """
        import pytest

        def test_fine(): pass

        def test_skipped(): pytest.skip("no GPU here")

        @pytest.mark.xfail(reason="one day")
        def test_marked(): assert False

        def test_called(): pytest.xfail("one day")
        """
    )
    result = repository.runpytest_subprocess()
    result.assert_outcomes(passed=1, skipped=1, failed=2)
    result.stdout.fnmatch_lines(["*counted as a failure: *one day*"])


@pytest.mark.slow
def test_the_cells_after_a_broken_one_are_failures(repository):
    cells = ["print(1)", "import time\ntime.sleep(60)\nx = 2", "print(x)"]
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), repository.path / "a.ipynb")
    result = repository.runpytest_subprocess("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=2", "a.ipynb")
    result.assert_outcomes(passed=1, failed=2)
