"""What the lessons say about their outputs, asserted where the tests run the lessons and not in front of students.

claims/LESSON.py has the assertions of one lesson, each below a line that names its cell::

    # %% cell-17
    assert share[10] < 0.24

    # %% cell-21, of the portraits
    assert lengths["w"] < 0.95 * lengths["z"]

They run right after the cell, in its kernel. What is claimed "of the portraits" need not hold in other domains.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "claims"
MARKER = re.compile(r"^# %% ([\w-]+)(, of the portraits)?\n", re.MULTILINE)


def claims(lesson: str, other_domain: bool = False) -> dict[str, str]:
    """The assertions about each cell of a lesson, by the cell's id; for another domain only those that hold in all of them."""
    path = FOLDER / f"{lesson}.py"
    _, *parts = MARKER.split(path.read_text(encoding="utf-8")) if path.is_file() else [""]
    found: dict[str, str] = {}
    for cell, portraits_only, code in zip(parts[::3], parts[1::3], parts[2::3]):
        if not (other_domain and portraits_only):
            found[cell] = found.get(cell, "") + code.strip() + "\n"
    return found


@pytest.hookimpl
def pytest_collection_modifyitems(items):
    """Appends the claims to the cells that nbval is about to run."""
    for item in items:
        if type(item).__name__ == "IPyNbCell":
            claim = claims(Path(item.parent.path).stem).get(item.cell.get("id"))
            if claim:
                item.cell.source += f"\n\n{claim}"
