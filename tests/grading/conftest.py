"""A small assignment, for what does not depend on which one it is."""

from __future__ import annotations

import nbformat
import pytest

from styleclip_lib.grading.assignments import Assignment
from tests.grading.handed_in import small_notebook


@pytest.fixture(scope="session")
def small(tmp_path_factory) -> Assignment:
    path = tmp_path_factory.mktemp("source") / "90_small.ipynb"
    nbformat.write(small_notebook(), path)
    return Assignment(path)
