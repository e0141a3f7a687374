"""Grades a folder of submissions: several at once, each apart from the others."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

from ..errors import StyleclipError
from .assignments import Assignment, graded_as, is_answer, points_for, release_text
from .course import Course
from .grades import Grade, read_written, write_grades
from .judge import Run, run
from .sandbox import Limits
from .submissions import Submission, collect, placed


@dataclass
class Graded:
    """The grades of a class, and what the system could not guarantee while they were made."""

    grades: list[Grade]
    unguarded: list[str] = field(default_factory=list)


def grade_folder(folder: Path, out: Path, assignments: Sequence[Assignment], limits: Limits | None = None, jobs: int = 2,
                 written: Path | None = None, on_each: Callable[[Grade], None] = lambda _: None) -> Graded:
    """Grades every submission in a folder and writes grades.csv, grades.json, written.csv, summary.html and feedback/ to another.

    jobs     how many at once;  written: a written.csv with points for the answers in words
    on_each  sees each grade as soon as it is there

    Raises StyleclipError when there is nothing to grade, nothing can be graded, or nbgrader is not installed.
    """
    limits = limits or Limits()
    awarded = read_written(written) if written else {}
    submissions, strays = collect(folder, list(assignments))
    _check_tasks(awarded, assignments)
    out.mkdir(parents=True, exist_ok=True)
    (out / "gradebook.db").unlink(missing_ok=True)  # made again each time, as everything else here
    course = Course(out)
    for assignment in {submission.assignment.name: submission.assignment for submission in submissions}.values():
        course.release(assignment)
    result = Graded([])
    for submission, ran in _runs(submissions, limits, jobs):
        result.unguarded = sorted({*result.unguarded, *ran.unguarded})
        try:
            result.grades.append(_entered(course, submission, ran, awarded))
        except StyleclipError as error:  # of this one; the others' grades are not lost for it
            strays.files.append((submission.path, str(error)))
        else:
            on_each(result.grades[-1])
    if not result.grades:
        raise StyleclipError(strays.files[-1][1])
    write_grades(out, result.grades, strays, result.unguarded)
    return result


def _check_tasks(awarded: dict[tuple[str, str, str], float], assignments: Sequence[Assignment]) -> None:
    tasks = {one.name: {graded_as(cell) for cell in one.notebook.cells if points_for(cell) and is_answer(cell)} for one in assignments}
    for _, assignment, task in awarded:
        if assignment in tasks and task not in tasks[assignment]:
            raise StyleclipError(f"There are points for an answer '{task}', which {assignment} does not ask for: it asks for "
                                 f"{', '.join(sorted(filter(None, tasks[assignment])))}.")


def _runs(submissions: list[Submission], limits: Limits, jobs: int) -> Iterator[tuple[Submission, Run]]:
    """Runs all, so many at once, in order. After Ctrl-C only those that have begun are waited for."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        try:
            yield from (future.result() for future in [pool.submit(_run, submission, limits) for submission in submissions])
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _run(submission: Submission, limits: Limits) -> tuple[Submission, Run]:
    """In a process of the pool: the submission, run in a folder that is thrown away."""
    notebook = placed(submission)
    with tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as scratch:
        ran = run(notebook, Path(scratch).resolve(), limits)
    submission.problems += ran.problems
    return submission, ran


def _entered(course: Course, submission: Submission, ran: Run, awarded: dict[tuple[str, str, str], float]) -> Grade:
    student, assignment = submission.student, submission.assignment
    mine = {task: points for (who, which, task), points in awarded.items() if (who, which) == (student, assignment.name)}
    course.enter(student, assignment, ran.notebook, submission.problems, mine)
    answers = {graded_as(cell): cell.source for cell in ran.notebook.cells if points_for(cell) and is_answer(cell)}
    blank = {graded_as(cell) for cell in assignment.notebook.cells
             if is_answer(cell) and answers.get(graded_as(cell), "").strip() == release_text(cell).strip()}
    page = course.feedback(student, assignment).relative_to(course.folder)
    return Grade(submission, course.marks(student, assignment), page, ran.seconds,
                 {name: "" if name in blank else text for name, text in answers.items()})
