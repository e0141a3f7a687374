"""What stands on a page of feedback, without nbgrader."""

from __future__ import annotations

import html
import re

import pytest

from styleclip_lib.grading.assignments import Assignment
from styleclip_lib.grading.feedback import Mark, finished
from styleclip_lib.grading.mathml import FORMULA
from tests.grading.handed_in import ASSIGNMENTS, small_notebook, write

PROSE = '<div class="text_cell_render border-box-sizing rendered_html">{}</div>'
PAGE = ('<html><head></head><body><h4>x (Score: 2.0 / 5.0)</h4><ol><li><a href="#double-test">Test cell</a> (Score: 2.0 / 4.0)</li>'
        '<li><a href="#why">Written response</a> (Score: 0.0 / 1.0)</li></ol><script>alert(1)</script>{}'
        '<a name="why"></a><span>Score: 0.0 / 1.0</span></body></html>')
MARKS = [Mark("double-test", 2.0, 4.0, False), Mark("why", None, 1.0, True)]


def test_tasks_points_and_problems_are_named(small):
    page = finished(PAGE.format(""), small, MARKS, ["The cell <b> was stopped."])
    assert "90_small: 2 of 4 points for code, 1 in words not marked yet" in page and "<li>The cell &lt;b&gt; was stopped.</li>" in page
    assert '<a href="#double-test">double</a> (Score: 2.0 / 4.0)' in page and '<a href="#why">why</a> (not marked yet)' in page
    assert "<span>not marked yet</span>" in page and "script" not in page and "Content-Security-Policy" in page
    read = finished(PAGE.format(""), small, [MARKS[0], Mark("why", 1.0, 1.0, True)], [])
    assert "2 of 4 points for code, 1 of 1 in words" in read and "not marked" not in read and "<ul>" not in read


def test_only_the_assignments_own_formulas_are_drawn(tmp_path):
    notebook = small_notebook()
    notebook.cells[0].source = "# Small\n\n$a < b$ and $$c$$"
    assignment = Assignment(write(notebook, tmp_path / "90_small.ipynb"))
    page = finished(PAGE.format(PROSE.format("<p>$a &lt; b$ and $$c$$ for $5 or $x^y$</p>")), assignment, MARKS, [])
    assert page.count("<math") == 2 and "for $5 or $x^y$" in page and 'display="block"' in page


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda one: one.name)
def test_every_formula_can_be_drawn(assignment):
    texts = [cell.source for cell in assignment.notebook.cells if cell.cell_type == "markdown"]
    formulas = sum(len(FORMULA.findall(text)) for text in texts)
    page = finished("".join(PROSE.format(html.escape(text)) for text in texts), assignment, [], [])
    assert page.count("<math") == formulas and "\\" not in page  # a command that the converter does not know stays as it is
    assert "$" not in re.sub(r"<math.*?</math>", "", page, flags=re.DOTALL)
