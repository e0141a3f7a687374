"""``python -m styleclip_lib.grading.release FOLDER``: the students' versions of all assignments."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .assignments import Assignment, find_assignments
from .course import Course, copy_release


def release(assignments: Sequence[Assignment], folder: Path) -> list[Path]:
    """Writes what students get: no solution, no hidden test, no rubric. Returns the files."""
    with tempfile.TemporaryDirectory() as scratch:
        course = Course(Path(scratch))
        for assignment in assignments:
            course.release(assignment)
        return copy_release(course.folder, [assignment.name for assignment in assignments], folder)


if __name__ == "__main__":
    for path in release(find_assignments(), Path(sys.argv[1])):
        print(path)
