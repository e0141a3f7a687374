"""nbgrader's page of feedback, made fit to be handed back: it runs and loads nothing, and says what was graded and what was not."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from .assignments import Assignment
from .mathml import FORMULA, mathml

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
PROSE = re.compile(r'(?<=<div class="text_cell_render border-box-sizing rendered_html">).*?(?=</div>)', re.DOTALL)


@dataclass(frozen=True)
class Mark:
    """The points for one graded cell. points: None while somebody has to read the answer."""

    name: str
    points: float | None
    most: float
    written: bool

    @property
    def task(self) -> str:
        return self.name.removesuffix("-test")


def finished(page: str, assignment: Assignment, marks: Sequence[Mark], problems: Sequence[str]) -> str:
    """The page with the assignment's formulas drawn, its tasks named, answers that nobody has read yet marked as such, and the problems
    of the submission at the top. What a student wrote does nothing to whoever reads it."""
    page = SCRIPT.sub("", page).replace("<head>", f'<head>\n<meta http-equiv="Content-Security-Policy" content="{POLICY}">', 1)
    head = f"<h4>{html.escape(assignment.name)}: {points_in_words(marks)}</h4>{_list(problems)}"
    page = re.sub("<h4>.*?</h4>", lambda _: head, page, count=1)
    for mark in marks:
        link = f'<a href="#{mark.name}">'
        page = re.sub(f"{re.escape(link)}(?:Test cell|Written response)</a>", f"{link}{mark.task}</a>", page, count=1)
        if mark.points is None:
            for start in (re.escape(f"{link}{mark.task}</a> ("), f'<a name="{re.escape(mark.name)}"></a>.{{,200}}?'):
                page = re.sub(rf"({start})Score: [\d.]+ / [\d.]+", r"\1not marked yet", page, count=1, flags=re.DOTALL)
    own = "\n".join(cell.source for cell in assignment.notebook.cells if cell.cell_type == "markdown")
    return PROSE.sub(lambda prose: FORMULA.sub(lambda formula: _drawn(formula, own), prose[0]), page)


def points_in_words(marks: Sequence[Mark]) -> str:
    """'9 of 14 points for code, 2 of 3 in words'"""
    parts = []
    for written, kind in ((False, "points for code"), (True, "in words")):
        these = [mark for mark in marks if mark.written == written]
        points, most = [mark.points for mark in these], sum(mark.most for mark in these)
        if these:
            parts.append(f"{most:g} {kind} not marked yet" if None in points else f"{sum(points):g} of {most:g} {kind}")
    return ", ".join(parts)


def _list(problems: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(problem)}</li>' for problem in problems)}</ul>" if problems else ""


def _drawn(formula: re.Match, own: str) -> str:
    """A formula as MathML if it is one of the assignment's own; a student's stays as it is, since it could be made to be slow."""
    latex = html.unescape(formula[1] or formula[2])
    return mathml(latex, block=formula[1] is not None) if latex in own else formula[0]
