"""The repository's conftest.py: an expected failure counts as a failure."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

pytest_plugins = ["pytester"]
CONFTEST = (Path(__file__).parent.parent / "conftest.py").read_text(encoding="utf-8")


@pytest.mark.slow
def test_an_expected_failure_is_a_failure(pytester):
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(
        """
        import pytest

        def test_fine(): pass

        def test_skipped(): pytest.skip("no GPU here")

        @pytest.mark.xfail(reason="one day")
        def test_marked(): assert False

        def test_called(): pytest.xfail("one day")
        """
    )
    result = pytester.runpytest_subprocess()
    result.assert_outcomes(passed=1, skipped=1, failed=2)
    result.stdout.fnmatch_lines(["*counted as a failure: *one day*"])


@pytest.mark.slow
def test_the_cells_after_a_broken_one_are_failures(pytester):
    pytester.makeconftest(CONFTEST)
    cells = ["print(1)", "import time\ntime.sleep(60)\nx = 2", "print(x)"]
    nbformat.write(new_notebook(cells=[new_code_cell(cell) for cell in cells]), pytester.path / "a.ipynb")
    result = pytester.runpytest_subprocess("--nbval-lax", "--nbval-current-env", "--nbval-cell-timeout=2", "a.ipynb")
    result.assert_outcomes(passed=1, failed=2)
