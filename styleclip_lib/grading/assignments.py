"""The assignments: notebooks in nbgrader's format, with solutions, hidden tests and rubrics in them."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from nbformat import NotebookNode

from ..errors import StyleclipError
from ..paths import user_path
from .notebooks import read_notebook

SOLUTION = re.compile(r"^([ \t]*)#{2,} BEGIN SOLUTION[^\n]*\n.*?^[ \t]*#{2,} END SOLUTION[^\n]*", re.MULTILINE | re.DOTALL)
HIDDEN_TESTS = re.compile(r"^[ \t]*#{2,} BEGIN HIDDEN TESTS.*?^[ \t]*#{2,} END HIDDEN TESTS[^\n]*\n?", re.MULTILINE | re.DOTALL)
STUB = "# YOUR CODE HERE\nraise NotImplementedError"
WRITTEN_STUB = "YOUR ANSWER HERE"
SOURCES = Path(__file__).parents[2] / "notebooks" / "assignments" / "source"


@dataclass(frozen=True)
class Assignment:
    """One assignment, as the teacher has it. name: of its file, without the ending."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.stem

    @cached_property
    def notebook(self) -> NotebookNode:
        notebook, why = read_notebook(self.path)
        if notebook is None:
            raise StyleclipError(f"The assignment '{self.path}' cannot be used: {why}")
        for cell in notebook.cells:
            if points_for(cell) and not isinstance(cell.metadata.nbgrader.get("points"), (int, float)):
                raise StyleclipError(f"The assignment '{self.path}' cannot be used: the cell {graded_as(cell)} does not say how many "
                                     "points there are for it.")
        return notebook

    def cell_names(self) -> set[str]:
        return {name for cell in self.notebook.cells if (name := graded_as(cell))}

    def points(self, written: bool) -> float:
        """How many points it brings at most, by answers in words or by the tests."""
        return sum(cell.metadata.nbgrader.points for cell in self.notebook.cells if points_for(cell) and is_answer(cell) == written)


def find_assignments(folder: Path = SOURCES) -> list[Assignment]:
    """All in a folder. Raises StyleclipError if there are none, or one that cannot be read."""
    assignments = [Assignment(path) for path in sorted(user_path(folder).glob("*.ipynb"))] if os.path.isdir(user_path(folder)) else []
    if not assignments:
        raise StyleclipError(f"There are no assignments in '{folder}': give a folder with their sources, or work from a clone of the kit.")
    for assignment in assignments:
        assignment.cell_names()  # what is wrong with one is better said before anything is written
    return assignments


def graded_as(cell: NotebookNode) -> str | None:
    """The name under which nbgrader knows a cell."""
    grading = cell.metadata.get("nbgrader")
    name = grading.get("grade_id") if isinstance(grading, dict) else None
    return name if isinstance(name, str) else None


def is_answer(cell: NotebookNode) -> bool:
    """Whether students write in it."""
    return bool(graded_as(cell) and cell.metadata.nbgrader.get("solution"))


def points_for(cell: NotebookNode) -> bool:
    """Whether there are points for it: a test, or an answer that somebody reads."""
    return bool(graded_as(cell) and cell.metadata.nbgrader.get("grade"))


def is_test(cell: NotebookNode) -> bool:
    return cell.cell_type == "code" and points_for(cell) and not is_answer(cell)


def helpers_of_tests(notebook: NotebookNode) -> dict[str, list[NotebookNode]]:
    """The cells with functions that a test calls, for each test: the assignment's own cells between the answer and the test."""
    helpers, since_answer = {}, []
    for cell in notebook.cells:
        if is_answer(cell):
            since_answer = []
        elif is_test(cell):
            helpers[graded_as(cell)] = since_answer
        elif cell.cell_type == "code" and graded_as(cell):
            since_answer = [*since_answer, cell]
    return helpers


def release_text(cell: NotebookNode) -> str:
    """What students get of a cell: a stub for the solution, no hidden test. The same as nbgrader makes of it."""
    if not graded_as(cell):
        return cell.source
    text = cell.source
    if cell.cell_type == "code":
        text = SOLUTION.sub(lambda match: "\n".join(match[1] + line for line in STUB.splitlines()), text)
    else:
        text = SOLUTION.sub(WRITTEN_STUB, text)
    return without_hidden_tests(text)


def without_hidden_tests(text: str) -> str:
    return HIDDEN_TESTS.sub("", text)
