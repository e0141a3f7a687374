"""Submissions made of the assignments' sources, and one small assignment."""

from __future__ import annotations

import copy
import re
import textwrap
from collections.abc import Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from styleclip_lib.grading.assignments import Assignment, find_assignments, graded_as, is_answer, release_text

ASSIGNMENTS = find_assignments()


def cell(kind: str, source: str, name: str | None = None, **grading) -> NotebookNode:
    metadata = {"nbgrader": {"schema_version": 3, "grade_id": name, "task": False, **grading}} if name else {}
    make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
    return make(source, metadata=metadata)


def small_notebook() -> NotebookNode:
    """Two tasks in code, one in words."""
    setup = "import torch\nfrom styleclip_lib.checks.assignments import answer_of, checking, compare"
    cells = [cell("markdown", "# Small"), cell("code", setup, "setup", grade=False, solution=False, locked=True)]
    for name, factor in (("double", 2), ("triple", 3)):
        body = f"    ### BEGIN SOLUTION\n    return {factor} * x\n    ### END SOLUTION"
        test = (f'with checking("{name}"):\n    compare("{name}", answer_of({name}, torch.ones(2)), {factor} * torch.ones(2), [])\n'
                f"    ### BEGIN HIDDEN TESTS\n    x = torch.tensor([1.0, -7.5])\n"
                f'    compare("{name}", answer_of({name}, x), {factor} * x, [(x.abs() * {factor}, "The sign is lost.")])\n'
                "    ### END HIDDEN TESTS")
        cells += [cell("code", f"def {name}(x):\n{body}", name, grade=False, solution=True, locked=False),
                  cell("code", test, f"{name}-test", grade=True, solution=False, locked=True, points=2)]
    words = "### BEGIN SOLUTION\nBecause.\n### END SOLUTION"
    cells.append(cell("markdown", words, "why", grade=True, solution=True, locked=False, points=1))
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel})


def handed_out(assignment: Assignment) -> NotebookNode:
    """What students get, made without nbgrader."""
    notebook = copy.deepcopy(assignment.notebook)
    notebook.metadata.styleclip = {"assignment": assignment.name}
    for given in notebook.cells:
        given.source = release_text(given)
    return notebook


def handed_in(assignment: Assignment, answers: Mapping[str, str]) -> NotebookNode:
    """With these sources in the cells of these names; None for a name: the solution."""
    notebook = handed_out(assignment)
    solutions = {graded_as(given): given.source for given in assignment.notebook.cells if is_answer(given)}
    for given in notebook.cells:
        if graded_as(given) in answers:
            given.source = answers[graded_as(given)] or solutions[graded_as(given)]
    return notebook


def solved(assignment: Assignment) -> NotebookNode:
    return handed_in(assignment, {graded_as(given): None for given in assignment.notebook.cells if is_answer(given)})


def answered(source: str, answer: str | Mapping[str, str]) -> str:
    """The source of an answer cell with a wrong answer in it, as wrong_answers.py writes it; {} stands for the solution."""
    before, solution, after = re.split(r" *### (?:BEGIN|END) SOLUTION\n?", source)
    body = textwrap.dedent(solution)
    if isinstance(answer, str):
        body = answer
    else:
        for old, new in answer.items():
            assert old in body, f"the solution has no {old!r}:\n{body}"
            body = body.replace(old, new)
    return before + textwrap.indent(body, "    ") + after


def write(notebook: NotebookNode | str, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(notebook if isinstance(notebook, str) else nbformat.writes(notebook), encoding="utf-8")
    return path
