"""``styleclip grade``: grades a folder of submissions."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..errors import StyleclipError
from ..paths import check_results_folder
from .parsing import parse


@dataclass
class Settings:
    """Grade submitted notebooks: points from tests, feedback pages, a summary. Nothing leaves this machine.

    Each notebook runs in its own process without network access, and cannot change files or reach other processes; the tests run in
    another one. The results go to a folder: grades.csv, grades.json, written.csv (answers to be marked by hand), summary.html,
    feedback/, and gradebook.db for nbgrader's formgrader.
    """

    folder: Annotated[Path, tyro.conf.Positional]
    """the submissions: a folder for each student, or notebooks named after the students"""
    out: Path | None = None
    """the folder for the results, by default FOLDER-grades; files in it are overwritten"""
    written: Path | None = None
    """a written.csv whose column 'points' has been filled in, to be added to the totals"""
    assignments: Path | None = None
    """a folder with the assignments' sources; by default the kit's own"""
    seconds: float = 60.0
    """seconds allowed for a cell, of CPU time or asleep"""
    total: float = 300.0
    """seconds allowed for a notebook"""
    memory: int = 3000
    """memory allowed for a notebook, in MB"""
    jobs: int = 2
    """number of notebooks to run at once"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "grade", arguments)
    if settings.seconds <= 0 or settings.total <= 0 or settings.memory < 500 or settings.jobs < 1:
        raise StyleclipError("--seconds and --total must be above 0, --memory at least 500 and --jobs at least 1.")
    folder = settings.folder
    if not os.path.isdir(folder):
        raise StyleclipError(f"There is no folder '{folder}': give the one that holds the submissions.")
    out = check_results_folder(settings.out or folder.resolve().with_name(f"{folder.resolve().name}-grades"))
    if os.path.isdir(out) and any(out.iterdir()) and not (out / "grades.csv").exists():
        raise StyleclipError(f"'{out}' contains something other than grades: choose another folder with --out.")
    if out.resolve().is_relative_to(folder.resolve()):
        raise StyleclipError(f"'{out}' is inside the folder of submissions: choose another folder with --out.")

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
        print(f"Note: this system cannot keep submissions away from {' and '.join(graded.unguarded)}; "
              "to grade work by people you do not trust, use Linux 5.13 or newer, or a container.")
    print(f"{len(graded.grades)} submissions graded. Open {out / 'summary.html'}.")
    return 0
