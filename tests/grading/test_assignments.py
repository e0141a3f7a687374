"""Every assignment: the solution has all points, a blank one none, plausible wrong answers none, and they are told why."""

from __future__ import annotations

import os
import re
from functools import cache

import pytest

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.grading.assignments import (
    Assignment,
    find_assignments,
    graded_as,
    helpers_of_tests,
    is_answer,
    is_test,
    release_text,
)
from styleclip_lib.grading.submissions import defined_by
from tests.grading.handed_in import answered, handed_out, solved, write
from tests.grading.wrong_answers import MEASURED, WRONG
from tools.notebook_rules import layout

ASSIGNMENTS = find_assignments()
TASKS = {graded_as(cell): assignment for assignment in ASSIGNMENTS for cell in assignment.notebook.cells
         if is_answer(cell) and cell.cell_type == "code"}


@pytest.fixture(autouse=True)
def graded(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


@cache
def cells(assignment: Assignment) -> dict:
    return {graded_as(cell): cell for cell in assignment.notebook.cells if graded_as(cell)}


def judged(task: str, answer: str | dict[str, str]) -> tuple[float, list[str]]:
    """The share of the task's points that an answer gets, and what the tests that it fails say."""
    given = cells(TASKS[task])
    space: dict = {}
    exec(compile(f"{given['setup'].source}\n{answered(given[task].source, answer)}", task, "exec"), space)
    points, reached, messages = 0.0, 0.0, []
    for test, helpers in helpers_of_tests(TASKS[task].notebook).items():
        if test.startswith(f"{task}-"):
            worth = given[test].metadata.nbgrader.points
            points += worth
            try:
                exec(compile("\n".join(cell.source for cell in (*helpers, given[test])), test, "exec"), space)
                reached += worth
            except CheckFailed as failed:
                messages.append(str(failed))
    return reached / points, messages


def parameters(answers: list[tuple[str, str | dict[str, str], str]]) -> list:
    """The quick ones are slow tests at most, the measured ones full."""
    return [pytest.param(*answer, id=f"{answer[0]}-{number}", marks=pytest.mark.full if answer[0] in MEASURED else pytest.mark.slow)
            for number, answer in enumerate(answers)]


@pytest.mark.parametrize(("task", "answer", "says"), parameters([(task, {}, "") for task in TASKS]))
def test_the_solution_passes(task, answer, says, capsys):
    assert judged(task, answer) == (1.0, [])
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(("task", "answer", "says"), parameters([(task, *answer) for task, answers in WRONG.items() for answer in answers]))
def test_a_wrong_answer_fails_and_is_told_why(task, answer, says):
    """It loses half of the task's points at least: a test of its own may hold for what is right in it."""
    share, messages = judged(task, answer)
    assert share <= 0.5 and any(re.search(says, message) for message in messages), (share, messages)


def test_every_task_has_three_wrong_answers_or_more():
    assert set(WRONG) == set(TASKS) and min(map(len, WRONG.values())) >= 3


@pytest.mark.slow
@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda one: one.name)
class TestHandedOut:
    def test_it_runs_from_top_to_bottom_and_brings_no_point(self, assignment, capsys):
        space: dict = {}
        with pytest.MonkeyPatch.context() as patch:  # as students run it
            patch.delenv("NBGRADER_EXECUTION")
            for cell in handed_out(assignment).cells:
                if cell.cell_type == "code":
                    exec(compile(cell.source, graded_as(cell) or "cell", "exec"), space)
        shown = [cell for cell in filter(is_test, handed_out(assignment).cells) if "with checking(" in cell.source]
        assert capsys.readouterr().out.count("not written yet") == len(shown)
        for cell in filter(is_test, assignment.notebook.cells):
            with pytest.raises(CheckFailed, match="not written yet"):
                exec(compile(cell.source, graded_as(cell), "exec"), space)

    def test_no_solution_no_hidden_test_and_no_rubric_is_left(self, assignment):
        text = "\n".join(cell.source for cell in handed_out(assignment).cells)
        assert not re.search("SOLUTION|HIDDEN|Marks:", text)
        for cell in assignment.notebook.cells:
            for kept in re.findall(r"### BEGIN (?:SOLUTION|HIDDEN TESTS)\n(.*?)### END", cell.source, flags=re.DOTALL):
                lines = sorted({line.strip() for line in kept.splitlines()}, key=len)
                assert lines[-1] not in text and sum(line in text for line in lines if len(line) > 30) <= 1


def test_nbgrader_makes_the_same_of_it(tmp_path):
    """And what students get is an ordinary notebook with the kit's version in it."""
    pytest.importorskip("nbgrader", reason="nbgrader is in the extra 'grade'")
    import nbformat

    from styleclip_lib.grading.release import release

    path, = release(ASSIGNMENTS[:1], tmp_path / "release")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert [cell.source.strip() for cell in notebook.cells] == [release_text(cell).strip() for cell in ASSIGNMENTS[0].notebook.cells]
    assert notebook.metadata.styleclip.assignment == ASSIGNMENTS[0].name
    assert all(not cell.get("outputs") for cell in notebook.cells)


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda one: one.name)
def test_the_points_are_those_that_it_promises(assignment):
    promised = re.search(r"\*\*Points:\*\* (\d+) for code, (\d+) for the answer in words", assignment.notebook.cells[0].source)
    assert [assignment.points(written=False), assignment.points(written=True)] == [int(points) for points in promised.groups()]
    titles = re.findall(r"^## Task \d: .*\((\d+) points", "\n".join(cell.source for cell in assignment.notebook.cells), re.MULTILINE)
    assert sum(map(int, titles)) == assignment.points(True) + assignment.points(False)
    assert 3 <= len(titles) <= 6


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda one: one.name)
def test_no_cell_is_too_long_and_no_line_too_wide(assignment):
    """Neither in what students get, nor in the source with its hidden tests."""
    for notebook in (assignment.notebook, handed_out(assignment)):
        assert layout(notebook) == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS, ids=lambda one: one.name)
def test_helpers_belong_to_one_test_each(assignment):
    """Students may run any check again: a later task must not have put other helpers of the same name in the place of its own."""
    names = [name for cell in assignment.notebook.cells if graded_as(cell) and not is_answer(cell) for name in defined_by(cell)]
    assert len(names) == len(set(names))


def test_no_name_is_given_twice():
    for assignment in ASSIGNMENTS:
        names = [graded_as(cell) for cell in assignment.notebook.cells if graded_as(cell)]
        assert len(names) == len(set(names))
        assert os.path.basename(assignment.path) == f"{assignment.name}.ipynb"


@pytest.mark.full
def test_from_release_to_grades(tmp_path):
    """Solved and blank notebooks of all assignments, run apart, graded by nbgrader."""
    pytest.importorskip("nbgrader", reason="nbgrader is in the extra 'grade'")
    from styleclip_lib.grading.grade import grade_folder

    for assignment in ASSIGNMENTS:
        write(solved(assignment), tmp_path / "in" / "Ada" / f"{assignment.name}.ipynb")
        write(handed_out(assignment), tmp_path / "in" / "blank" / f"{assignment.name}.ipynb")
    grades = grade_folder(tmp_path / "in", tmp_path / "out", ASSIGNMENTS).grades
    reached = {(grade.submission.student, grade.submission.assignment.name): grade.total(False) for grade in grades}
    expected = {("Ada", assignment.name): assignment.points(written=False) for assignment in ASSIGNMENTS}
    assert reached == {**expected, **{("blank", assignment.name): 0 for assignment in ASSIGNMENTS}}
    assert not [problem for grade in grades for problem in grade.submission.problems]
