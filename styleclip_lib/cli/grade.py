"""``styleclip grade``: grades a folder of submissions, or writes the students' versions of the assignments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..errors import StyleclipError
from .parsing import parse


@dataclass
class Settings:
    """Grades what students handed in: points by tests, pages with feedback, a summary. Nothing leaves this machine.

    Each notebook runs in a process of its own without network, and cannot change files or reach other processes; the tests run
    elsewhere. The results go to a folder: grades.csv, grades.json, written.csv (answers that somebody has to read), summary.html,
    feedback/, and gradebook.db for nbgrader's formgrader.
    """

    folder: Annotated[Path, tyro.conf.Positional]
    """what was handed in: a folder for each student, or notebooks with the students' names"""
    out: Path | None = None
    """where the results go; by default beside the folder, with -grades behind its name. What is there is written over"""
    written: Path | None = None
    """a written.csv in which the column 'points' was filled in; then the totals are whole"""
    assignments: Path | None = None
    """a folder with the assignments' sources; by default those of the kit"""
    seconds: float = 60.0
    """how long a cell may take, of processor time or asleep"""
    total: float = 300.0
    """how long a notebook may take"""
    memory: int = 3000
    """how much memory a notebook may use, in MB"""
    jobs: int = 2
    """how many notebooks run at once"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "grade", arguments)
    if settings.seconds <= 0 or settings.total <= 0 or settings.memory < 500 or settings.jobs < 1:
        raise StyleclipError("--seconds and --total must be above 0, --memory at least 500 and --jobs at least 1.")
    folder = settings.folder.expanduser()
    out = settings.out.expanduser() if settings.out else folder.with_name(f"{folder.resolve().name}-grades")
    if out.exists() and any(out.iterdir() if out.is_dir() else [out]) and not (out / "grades.csv").exists():
        raise StyleclipError(f"'{out}' holds something else than grades: choose another folder with --out.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise StyleclipError(f"'{out}' lies among the submissions: choose another folder with --out.")

    from ..grading.assignments import SOURCES, find_assignments
    from ..grading.grade import grade_folder
    from ..grading.grades import Grade
    from ..grading.sandbox import Limits

    def show(grade: Grade) -> None:
        points, submission = f"{grade.total(False):g} of {grade.most(False):g}", grade.submission
        print(f"{submission.student:24}  {submission.assignment.name:34}  {points:>10}  {' '.join(submission.problems)}", flush=True)

    graded = grade_folder(folder, out, find_assignments(settings.assignments or SOURCES),
                          Limits(settings.seconds, settings.total, settings.memory), settings.jobs, settings.written, show)
    if graded.unguarded:
        print(f"Note: this system does not guarantee that submissions leave {' and '.join(graded.unguarded)} alone; "
              "for work of people whom you do not trust, use Linux 5.13 or newer, or a container.")
    print(f"{len(graded.grades)} submissions graded. Open {out / 'summary.html'}.")
    return 0
