"""Finds the submissions in a folder, reads them, and puts their answers in the places of the assignment."""

from __future__ import annotations

import ast
import copy
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from .. import __version__
from ..errors import StyleclipError, plain
from .assignments import Assignment, graded_as, is_answer, release_text
from .notebooks import read_notebook


@dataclass
class Submission:
    """One notebook that was handed in.

    student   a name that can be a folder's; name: as it was found
    problems  why it could not be graded as it was, in sentences
    """

    student: str
    name: str
    assignment: Assignment
    path: Path
    notebook: NotebookNode | None = None
    problems: list[str] = field(default_factory=list)


@dataclass
class Strays:
    """Files that belong to no assignment, and why."""

    files: list[tuple[Path, str]] = field(default_factory=list)


def collect(folder: Path, assignments: list[Assignment]) -> tuple[list[Submission], Strays]:
    """All submissions below a folder, by student and assignment; of several for one assignment the newest.

    A folder in the folder has a student's name and holds that student's files, at any depth; a notebook that lies in the folder itself
    has the student's name. Raises StyleclipError when there is none at all.
    """
    if not os.path.isdir(folder):
        raise StyleclipError(f"There is no folder '{folder}': give the one that holds the submissions.")
    submissions: dict[tuple[str, str], Submission] = {}
    strays, taken = Strays(), {}
    for name, path in _notebooks(folder):
        notebook, why = read_notebook(path)
        assignment = which_assignment(notebook, path, assignments)
        if assignment is None:
            strays.files.append((path, why or "it belongs to none of the assignments"))
            continue
        student = taken.setdefault(name, _as_folder(name, set(taken.values())))
        new = Submission(student, plain(name), assignment, path, notebook, [why] if why else [])
        old = submissions.get((student, assignment.name))
        if old is not None:
            older, new = sorted((old, new), key=lambda one: (one.notebook is not None, one.path.stat().st_mtime))
            new.problems.append(f"{plain(older.path.name)} was handed in for the same assignment, but is older or cannot be read: "
                                "it was not graded.")
        submissions[student, assignment.name] = new
    if not submissions:
        reasons = "; ".join(f"{path.name}: {why}" for path, why in strays.files[:3])
        raise StyleclipError(f"There is no submission in '{folder}': it must hold a folder of notebooks for each student. {reasons}")
    return sorted(submissions.values(), key=lambda one: (one.assignment.name, one.student)), strays


def which_assignment(notebook: NotebookNode | None, path: Path, assignments: list[Assignment]) -> Assignment | None:
    """By what the notebook says, else by the file's name, else by the names of its graded cells."""
    by_name = {assignment.name: assignment for assignment in assignments}
    kit = notebook.metadata.get("styleclip", {}) if notebook is not None else {}
    stored = kit.get("assignment") if isinstance(kit, dict) else None
    if isinstance(stored, str) and stored in by_name:
        return by_name[stored]
    for name in by_name:
        if name in path.name or name in path.parent.name:
            return by_name[name]
    cells = notebook.cells if notebook is not None else []
    names = {graded_as(cell) for cell in cells} - {None}
    best = max(assignments, key=lambda one: len(names & one.cell_names()), default=None)
    if best is not None and names & best.cell_names():
        return best
    numbers = re.findall(r"(?<!\d)\d\d(?!\d)", path.stem)
    fitting = [assignment for assignment in assignments if assignment.name[:2] in numbers]
    return fitting[0] if len(fitting) == 1 else None


def placed(submission: Submission) -> NotebookNode:
    """The assignment with the submission's answers in their places, and its own cells after those that they followed.

    Whatever is not an answer is the assignment's own again. Answers are found by their cell's name, by what they define where that was
    lost, and by where they stand; what is missing stays as it was handed out. `submission.problems` says what had to be put right.
    """
    source = submission.assignment.notebook
    handed_in = submission.notebook.cells if submission.notebook is not None else []
    home = _homes(handed_in, source, submission)
    merged = nbformat.v4.new_notebook(metadata=copy.deepcopy(source.metadata))
    answers = {place: cell for cell, place in zip(handed_in, home) if place is not None and is_answer(source.cells[place])}
    own = [cell for cell, place in zip(handed_in, home) if place is None]
    for place, given in enumerate([None, *source.cells]):
        if given is not None:
            cell = copy.deepcopy(given)
            if is_answer(given):
                cell.source = answers[place - 1].source if place - 1 in answers else release_text(given)
                cell.metadata.styleclip = {"untouched": cell.source.strip() == release_text(given).strip(),
                                           "elsewhere": bool(defined_by(given) & set().union(*map(defined_by, own)))}
            merged.cells.append(cell)
        last = -1
        for cell, where in zip(handed_in, home):
            last = last if where is None else where
            if where is None and last == place - 1:
                merged.cells.append(_plain_copy(cell))
    return merged


def defined_by(cell: NotebookNode) -> set[str]:
    """The names that a code cell gives a value; of one that cannot be parsed, those of its functions."""
    if cell.cell_type != "code":
        return set()
    try:
        body = ast.parse(cell.source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return set(re.findall(r"^def (\w+)", cell.source, re.MULTILINE))
    functions = {node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    targets = {target.id for node in body if isinstance(node, ast.Assign) for target in node.targets if isinstance(target, ast.Name)}
    return functions | targets


def _homes(handed_in: list[NotebookNode], source: NotebookNode, submission: Submission) -> list[int | None]:
    """For each cell that was handed in, which cell of the assignment it is; None for the student's own."""
    places = {graded_as(cell): i for i, cell in enumerate(source.cells) if graded_as(cell)}
    texts = {release_text(cell).strip(): i for i, cell in enumerate(source.cells)}
    home: list[int | None] = [None] * len(handed_in)
    for number, cell in enumerate(handed_in):  # a copied cell has the name of the first; the last one counts, as it does when it is run
        place = places.get(graded_as(cell))
        if place is not None and cell.cell_type == source.cells[place].cell_type:
            if place in home and is_answer(source.cells[place]):
                home[home.index(place)] = None
                submission.problems.append(f"Two cells have the name {graded_as(cell)}: the last one was graded.")
            home[number] = place
        elif place is None and (where := texts.get(cell.source.strip())) is not None and where not in home:
            home[number] = where
    found, missing = [], []
    for place in [i for i, cell in enumerate(source.cells) if is_answer(cell) and i not in home]:
        number = _lost_answer(handed_in, home, source.cells[place], place)
        (missing if number is None else found).append(graded_as(source.cells[place]))
        if number is not None:
            home[number] = place
    if found:
        submission.problems.append(f"Cells that had lost their names were found by their contents: {', '.join(found)}.")
    if missing and submission.notebook is not None:
        submission.problems.append(f"Cells are missing ({_why_missing(submission.notebook)}): {', '.join(missing)}.")
    return home


def _why_missing(notebook: NotebookNode) -> str:
    kit = notebook.metadata.get("styleclip")
    version = kit.get("version", __version__) if isinstance(kit, dict) else __version__
    return "were they deleted?" if version == __version__ else f"the notebook is of version {plain(str(version))[:20]} of the kit"


def _lost_answer(handed_in: list[NotebookNode], home: list[int | None], given: NotebookNode, place: int) -> int | None:
    free = [i for i, where in enumerate(home) if where is None and handed_in[i].cell_type == given.cell_type]
    if given.cell_type == "code":
        names = defined_by(given)
        return next((i for i in reversed(free) if names & defined_by(handed_in[i])), None)
    before = max((i for i, where in enumerate(home) if where is not None and where < place), default=-1)
    after = min((i for i, where in enumerate(home) if where is not None and where > place), default=len(home))
    return next((i for i in free if before < i < after), None)


def _plain_copy(cell: NotebookNode) -> NotebookNode:
    """The student's own cell, with nothing in it that nbgrader could take for a graded one."""
    make = {"code": nbformat.v4.new_code_cell, "markdown": nbformat.v4.new_markdown_cell}.get(cell.cell_type, nbformat.v4.new_raw_cell)
    return make(cell.source)


def _notebooks(folder: Path) -> Iterator[tuple[str, Path]]:
    """(student, file) of every notebook below a folder; links are not followed."""
    for path in sorted(folder.rglob("*.ipynb")):
        parts = path.relative_to(folder).parts
        hidden = any(part.startswith((".", "__MACOSX")) for part in parts)
        if not hidden and not any(parent.is_symlink() for parent in (path, *path.parents) if parent.is_relative_to(folder)):
            yield (parts[0] if len(parts) > 1 else path.stem), path


def _as_folder(name: str, taken: set[str]) -> str:
    """A name that can be a folder's on every system, and that nobody else has."""
    base = re.sub(r"[^\w.-]+", "_", name).strip("._")[:60] or "student"
    unique, number = base, 1
    while unique.lower() in {other.lower() for other in taken}:
        number += 1
        unique = f"{base}_{number}"
    return unique
