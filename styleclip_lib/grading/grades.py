"""What comes out: the grades of a class as CSV, JSON and one page."""

from __future__ import annotations

import csv
import html
from dataclasses import dataclass, field
from pathlib import Path

from .. import __version__
from ..errors import StyleclipError, plain
from ..paths import open_regular, write_json, written_whole
from .feedback import Mark
from .submissions import Strays, Submission

WRITTEN = "written.csv"
COLUMNS = ("student", "assignment", "task", "points", "most", "answer")
NEEDED = COLUMNS[:-1]
"""The columns of written.csv, and those without which it says nothing."""

MOST_BYTES = 100_000_000
"""Of a written.csv."""


@dataclass
class Grade:
    """One submission, graded.

    marks      for each graded cell;  feedback: the page for the student, below the folder of results
    answers    {name: what was written}, for the answers that somebody has to read
    """

    submission: Submission
    marks: list[Mark]
    feedback: Path
    seconds: float = 0.0
    answers: dict[str, str] = field(default_factory=dict)

    def total(self, written: bool) -> float | None:
        """The points of the tests, or of the answers in words (None while one of them has not been read)."""
        points = [mark.points for mark in self.marks if mark.written == written]
        return None if None in points else sum(points)

    def most(self, written: bool) -> float:
        return sum(mark.most for mark in self.marks if mark.written == written)

    def row(self) -> dict:
        written = self.total(True)
        return {
            "student": self.submission.student, "assignment": self.submission.assignment.name,
            "points": self.total(False), "points_most": self.most(False),
            "written": "" if written is None else written, "written_most": self.most(True),
            "total": "" if written is None else (self.total(False) or 0) + written, "total_most": self.most(False) + self.most(True),
            "problems": " ".join(self.submission.problems), "feedback": self.feedback.as_posix(),
        }


def write_grades(folder: Path, grades: list[Grade], strays: Strays, unguarded: list[str]) -> None:
    """grades.csv, grades.json, written.csv and summary.html in a folder. Nothing in them is loaded from elsewhere."""
    rows = [grade.row() for grade in grades]
    with written_whole(folder / "grades.csv") as path, path.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows({name: _harmless(value) for name, value in row.items()} for row in rows)
    content = {"version": __version__, "not_guaranteed": unguarded,
               "grades": [{**row, "name": grade.submission.name, "seconds": round(grade.seconds, 1),
                           "problems": grade.submission.problems,
                           "cells": [{"name": m.name, "points": m.points, "most": m.most, "written": m.written} for m in grade.marks]}
                          for row, grade in zip(rows, grades)],
               "strays": [{"file": plain(path.name), "why": why} for path, why in strays.files]}
    write_json(folder / "grades.json", content)
    with written_whole(folder / WRITTEN) as path, path.open("w", newline="", encoding="utf-8-sig") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        for grade in grades:
            for mark in (mark for mark in grade.marks if mark.written):
                answer = " ".join(grade.answers.get(mark.name, "").split())
                table.writerow([grade.submission.student, grade.submission.assignment.name, mark.name,
                                "" if mark.points is None else mark.points, mark.most, _harmless(answer)])
    with written_whole(folder / "summary.html") as path:
        path.write_text(_page(grades, strays, unguarded), encoding="utf-8")


def read_written(path: Path) -> dict[tuple[str, str, str], float]:
    """{(student, assignment, task): points} of a written.csv that somebody has filled in; lines without points are left out.

    Raises StyleclipError for another table, and where a number is none, or lies outside of 0 and the most there is.
    """
    found = {}
    for number, row in enumerate(_rows(path), start=2):
        points = (row.get("points") or "").strip()
        if not points:
            continue
        try:
            value, most = float(points.replace(",", ".")), float((row.get("most") or "").replace(",", "."))
        except ValueError:
            raise StyleclipError(f"Line {number} of '{path}' has '{points}' of '{row.get('most')}' points: write numbers.") from None
        if not 0 <= value <= most:
            raise StyleclipError(f"Line {number} of '{path}' gives {points} points, where 0 to {most:g} are possible.")
        found[row["student"] or "", row["assignment"] or "", row["task"] or ""] = value
    return found


def _rows(path: Path) -> list[dict[str, str | None]]:
    """The lines of a written.csv, by its columns."""
    with open_regular(path) as file:
        content = file.read(MOST_BYTES + 1)
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    table = csv.DictReader(lines, delimiter=";" if lines and lines[0].count(";") > 3 else ",")
    try:
        if len(content) > MOST_BYTES or not set(NEEDED) <= set(table.fieldnames or []):
            raise csv.Error(f"its first line does not name {', '.join(NEEDED)}, or it is too large")
        return list(table)
    except csv.Error as error:
        raise StyleclipError(f"'{path}' is no written.csv ({error}): give the one that styleclip grade has written.") from None


def _harmless(value: object) -> object:
    """A text that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1c2024;background:#fff}
table{border-collapse:collapse;min-width:45rem;margin:1rem 0 2rem}
th,td{text-align:left;padding:.35rem .6rem;border-bottom:1px solid #d8dde3;vertical-align:middle}
th{font-weight:600}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}small{color:#5b6570}
.bar{background:#e6eaee;height:.5rem;width:6rem;border-radius:.25rem;overflow:hidden}.bar i{display:block;height:100%;background:#2f6fb3}
.warn{border-left:.3rem solid #b7791f;background:#fdf6e6;padding:.5rem 1rem}
"""


def _page(grades: list[Grade], strays: Strays, unguarded: list[str]) -> str:
    parts = []
    if unguarded:
        parts.append(f'<p class="warn">This system cannot keep submissions away from {" and ".join(unguarded)}. '
                     "To grade work by people you do not trust, use Linux 5.13 or newer, or a container.</p>")
    for name in dict.fromkeys(grade.submission.assignment.name for grade in grades):
        mine = [grade for grade in grades if grade.submission.assignment.name == name]
        parts.append(f"<h2>{_safe(name)}</h2>{_tasks(mine)}{_class(mine)}")
    if strays.files:
        items = "".join(f"<li>{_safe(plain(path.name))}: {_safe(why)}</li>" for path, why in strays.files)
        parts.append(f"<h2>Files that were not graded</h2><ul>{items}</ul>")
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Grades</title><style>{STYLE}</style><h1>Grades</h1>{''.join(parts)}</html>\n")


def _tasks(grades: list[Grade]) -> str:
    """How the class did in each task: where many fail, the lesson is to blame."""
    rows = []
    for i, mark in enumerate(grades[0].marks):
        points = [grade.marks[i].points for grade in grades if grade.marks[i].points is not None]
        share = sum(points) / (len(points) * mark.most) if points and mark.most else 0.0
        said = f"{sum(points) / len(points):.1f}" if points else "not read yet"
        name = _safe(mark.task) + (" <small>in words</small>" if mark.written else "")
        rows.append(f"<tr><td>{name}</td>"
                    f'<td class="n">{said} of {mark.most:g}</td>'
                    f'<td><div class="bar"><i style="width:{100 * share:.0f}%"></i></div></td></tr>')
    return f'<table><tr><th>Task</th><th class="n">Mean of {len(grades)}</th><th></th></tr>{"".join(rows)}</table>'


def _class(grades: list[Grade]) -> str:
    rows = []
    for grade in grades:
        written = grade.total(True)
        read = "to be read" if written is None else f"{written:g} of {grade.most(True):g}"
        notes = "".join(f"<div><small>{_safe(problem)}</small></div>" for problem in grade.submission.problems)
        rows.append(f'<tr><td><a href="{_safe(grade.feedback.as_posix())}">{_safe(grade.submission.name)}</a>{notes}</td>'
                    f'<td class="n">{grade.total(False):g} of {grade.most(False):g}</td><td class="n">{read}</td></tr>')
    return f'<table><tr><th>Student</th><th class="n">Tests</th><th class="n">In words</th></tr>{"".join(rows)}</table>'


def _safe(text: object) -> str:
    return html.escape(str(text))
