"""From a folder of notebooks to grades: without nbgrader for one submission, with it for a small class."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import nbformat
import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.grading.assignments import Assignment, is_test
from styleclip_lib.grading.grades import read_written
from styleclip_lib.grading.judge import run
from styleclip_lib.grading.sandbox import Limits
from styleclip_lib.grading.submissions import collect, placed
from tests.grading.handed_in import cell as a_cell
from tests.grading.handed_in import handed_in, handed_out, small_notebook, solved, write

LOOPS = "def double(x):\n    while True:\n        pass"
SIGN = "def triple(x):\n    print('called')\n    return 3 * abs(x)"


def submissions(small, folder, notebooks):
    for name, notebook in notebooks.items():
        write(notebook, folder / name / f"{small.name}.ipynb")
    found, _ = collect(folder, [small])
    return {one.student: one for one in found}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


@pytest.mark.slow
def test_a_submission_is_run_apart_and_judged_here(small, tmp_path):
    """One function loops, the other loses a sign: two messages, and the process is gone afterwards."""
    one = submissions(small, tmp_path, {"Ada": handed_in(small, {"double": LOOPS, "triple": SIGN})})["Ada"]
    (tmp_path / "scratch").mkdir()
    ran = run(placed(one), tmp_path / "scratch", Limits(seconds=2, total=30, megabytes=1500))
    first, second = (cell.outputs[0].evalue for cell in ran.notebook.cells if is_test(cell))
    assert "took longer than 2 seconds" in first and "a loop that does not end" in first
    assert "The sign is lost." in second
    assert ran.seconds > 1


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a process whose parent is gone")
def test_a_submission_ends_with_its_grader(tmp_path):
    import psutil

    code = ("from pathlib import Path\nfrom styleclip_lib.grading.sandbox import Limits, Sandbox\n"
            f"sandbox = Sandbox(Path({str(tmp_path)!r}), Limits())\nprint('started', flush=True)\n"
            "sandbox.ask({'run': 'while True: pass'})")
    grader = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert grader.stdout.readline() == "started\n"
    started = psutil.Process(grader.pid).children(recursive=True)
    grader.kill()
    grader.communicate()
    left = [process for process in psutil.wait_procs(started, timeout=60)[1] if process.status() != psutil.STATUS_ZOMBIE]
    assert started and left == []


@pytest.mark.slow
def test_a_process_that_does_not_start_brings_no_points_and_is_told(small, tmp_path):
    one = submissions(small, tmp_path, {"Ada": solved(small)})["Ada"]
    (tmp_path / "scratch").mkdir()
    ran = run(placed(one), tmp_path / "scratch", Limits(seconds=2, total=30, megabytes=1))
    assert "did not start" in ran.problems[0] and "again" in ran.problems[0]
    assert ["did not start" in cell.outputs[0].evalue for cell in ran.notebook.cells if is_test(cell)] == [True, True]


@pytest.mark.slow
def test_helpers_of_a_test_are_the_assignments_own_whatever_the_submission_defines(tmp_path):
    notebook = small_notebook()
    place, test = next((i, cell) for i, cell in enumerate(notebook.cells) if is_test(cell) and "triple" in cell.source)
    test.source = test.source.replace("3 * x,", "tripled(x),")
    body = "    ### BEGIN HIDDEN TESTS\n    answer_of(triple, x)\n    ### END HIDDEN TESTS\n    return 3 * x"
    notebook.cells.insert(place, a_cell("code", f"def tripled(x):\n{body}", "helpers", grade=False, solution=False, locked=True))
    assignment = Assignment(write(notebook, tmp_path / "source" / "90_small.ipynb"))
    assert "answer_of" not in handed_out(assignment).cells[place].source
    right, wrong = solved(assignment), handed_in(assignment, {"double": None, "triple": "def triple(x):\n    return x.abs() * 3"})
    for one in (right, wrong):
        one.cells.insert(place + 1, a_cell("code", "def tripled(x):\n    return x.abs() * 3"))
    outputs = {}
    for name, one in submissions(assignment, tmp_path / "in", {"right": right, "wrong": wrong}).items():
        (tmp_path / name).mkdir()
        ran = run(placed(one), tmp_path / name, Limits(seconds=5, total=30, megabytes=1500)).notebook
        outputs[name] = [cell.outputs[0].output_type for cell in ran.cells if is_test(cell)]
    assert outputs == {"right": ["stream", "stream"], "wrong": ["stream", "error"]}


@pytest.mark.full
def test_a_small_class(small, tmp_path, capsys):
    """Solved, blank and half solved, with a stray file; points in words are awarded in a second run."""
    pytest.importorskip("nbgrader", reason="nbgrader is in the extra 'grade'")
    from styleclip_lib.cli.main import main

    half = handed_in(small, {"triple": None, "why": "<script>alert(1)</script>=1+1"})
    for name, notebook in {"Ada L": solved(small), "blank": handed_out(small), "half": half}.items():
        write(notebook, tmp_path / "in" / name / f"Copy of {small.name} (1).ipynb")
    write("{}", tmp_path / "in" / "half" / "other.ipynb")
    command = ["grade", str(tmp_path / "in"), "--assignments", str(small.path.parent), "--out", str(tmp_path / "out")]
    assert main(command) == 0
    table = {row["student"]: row for row in csv.DictReader((tmp_path / "out" / "grades.csv").read_text("utf-8-sig").splitlines())}
    assert {name: (row["points"], row["written"]) for name, row in table.items()} == {
        "Ada_L": ("4.0", ""), "blank": ("0.0", "0.0"), "half": ("2.0", "")}
    content = json.loads((tmp_path / "out" / "grades.json").read_text("utf-8"))
    assert [grade["name"] for grade in content["grades"]] == ["Ada L", "blank", "half"]
    assert [stray["file"] for stray in content["strays"]] == ["other.ipynb"]
    page = (tmp_path / "out" / table["half"]["feedback"]).read_text("utf-8")
    assert "<script>" not in page and "HIDDEN" not in page and "double is not written yet" in page
    assert "2 of 4 points for code, 1 in words not marked yet" in page and '<a href="#double-test">double</a> (Score: 0.0 / 2.0)' in page
    assert page.count("not marked yet") == 3

    written = tmp_path / "out" / "written.csv"
    written.write_text(written.read_text("utf-8-sig").replace("half,90_small,why,,", "half,90_small,why,0.5,"), "utf-8")
    os.replace(written, tmp_path / "mine.csv")
    assert main([*command, "--written", str(tmp_path / "mine.csv")]) == 0
    table = {row["student"]: row for row in csv.DictReader((tmp_path / "out" / "grades.csv").read_text("utf-8-sig").splitlines())}
    assert (table["half"]["written"], table["half"]["total"]) == ("0.5", "2.5")
    page = (tmp_path / "out" / table["half"]["feedback"]).read_text("utf-8")
    assert "2 of 4 points for code, 0.5 of 1 in words" in page and "Score: 0.5 / 1.0" in page
    capsys.readouterr()
    (tmp_path / "mine.csv").write_text("student,assignment,task,points,most\nhalf,90_small,double,1,2\n", "utf-8")
    assert main([*command, "--written", str(tmp_path / "mine.csv")]) == 2
    assert "'double', which 90_small does not ask for: it asks for why." in capsys.readouterr().err


class TestCollecting:
    def test_flat_files_have_the_students_names(self, small, tmp_path):
        for name in ("Ada", "Bob"):
            write(solved(small), tmp_path / f"{name}.ipynb")
        assert [(one.student, one.assignment) for one in collect(tmp_path, [small])[0]] == [("Ada", small), ("Bob", small)]

    def test_names_become_folders_that_differ(self, small, tmp_path):
        for name in ("a b", "a_b", "A;b", "ä.."):
            write(solved(small), tmp_path / name / "x.ipynb")
        found = [one.student for one in collect(tmp_path, [small])[0]]
        assert len({name.lower() for name in found}) == 4 and not any(set(name) & set("/;. ") for name in found)

    def test_the_newest_of_several_counts(self, small, tmp_path):
        for number, name in enumerate(("new", "old")):
            path = write(solved(small), tmp_path / "Ada" / f"{name}.ipynb")
            os.utime(path, (1000 - number, 1000 - number))
        one, = collect(tmp_path, [small])[0]
        assert one.path.stem == "new" and "old.ipynb was handed in" in one.problems[0]

    def test_links_and_checkpoints_are_left_alone(self, small, tmp_path):
        path = write(solved(small), tmp_path / "elsewhere" / "x.ipynb")
        write(solved(small), tmp_path / "in" / "Ada" / ".ipynb_checkpoints" / "x.ipynb")
        (tmp_path / "in" / "Eve").mkdir()
        (tmp_path / "in" / "Eve" / "x.ipynb").symlink_to(path)
        (tmp_path / "in" / "Mallory").symlink_to(path.parent)
        with pytest.raises(StyleclipError, match="There is no submission"):
            collect(tmp_path / "in", [small])


    @pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such names")
    def test_names_and_answers_that_no_file_could_hold_are_spelt_out(self, small, tmp_path):
        notebook = nbformat.writes(handed_in(small, {"why": "half a sign: \ud800"}))
        (tmp_path / "in").mkdir()
        with open(os.path.join(os.fsencode(tmp_path / "in"), b"small-\xff.ipynb"), "wb") as file:
            file.write(notebook.encode(errors="backslashreplace"))
        (one,), _ = collect(tmp_path / "in", [small])
        assert "\\udcff" in one.name and "half a sign: ?" in [cell.source for cell in one.notebook.cells]
        json.dumps([one.name, one.notebook], ensure_ascii=False).encode()


class TestPlacing:
    def test_whatever_is_not_an_answer_is_the_assignments_own(self, small, tmp_path):
        changed = solved(small)
        for cell in changed.cells:
            if is_test(cell) or cell.source.startswith("import torch"):
                cell.source = "raise SystemExit"
        notebook = placed(submissions(small, tmp_path, {"Ada": changed})["Ada"])
        assert [cell.source for cell in notebook.cells if "nbgrader" in cell.metadata] == [
            cell.source for cell in small.notebook.cells if "nbgrader" in cell.metadata]
        assert sum("SystemExit" in cell.source for cell in notebook.cells) == 0

    def test_own_cells_stay_where_they_were(self, small, tmp_path):
        notebook = solved(small)
        notebook.cells.insert(2, nbformat.v4.new_code_cell("mine = 1"))
        sources = [cell.source for cell in placed(submissions(small, tmp_path, {"Ada": notebook})["Ada"]).cells]
        assert sources[2] == "mine = 1"


class TestWritten:
    @pytest.mark.parametrize(("line", "says"), [
        ("Ada,x,why,much,2,", "write numbers"), ("Ada,x,why,3,2,", "0 to 2"), ("Ada,x,why,-1,2,", "0 to 2")])
    def test_points_that_are_none_are_refused(self, tmp_path, line, says):
        path = write(f"student,assignment,task,points,most,answer\n{line}\n", tmp_path / "written.csv")
        with pytest.raises(StyleclipError, match=says):
            read_written(path)

    @pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "student,assignment,task,points,most\n" + "a" * 200_000 + ",x,why,1,2\n"])
    def test_another_table_is_refused(self, tmp_path, content):
        with pytest.raises(StyleclipError, match="is no written"):
            read_written(write(content, tmp_path / "written.csv"))

    def test_the_way_a_german_spreadsheet_saves_it(self, tmp_path):
        path = write("\ufeffstudent;assignment;task;points;most;answer\nAda;x;why;1,5;2,0;\nBob;x;why;;2,0;\n", tmp_path / "written.csv")
        assert read_written(path) == {("Ada", "x", "why"): 1.5}


@pytest.mark.parametrize(("arguments", "says"), [
    (["nowhere"], "There is no folder"), (["--seconds", "0", "x"], "above 0"), (["--memory", "5", "x"], "at least 500"),
    (["a" * 5000], "File name too long"), (["~nosuchuser"], "begins with '~'"), ([".", "--out", "a" * 300], "File name too long"),
    ([".", "--out", "full/file.txt"], "is a file"), ([".", "--assignments", "nowhere"], "no assignments"),
    ([".", "--out", "inside"], "inside the folder of submissions"), ([".", "--out", "full"], "something other"),
])  # fmt: skip
def test_bad_input_is_one_line(arguments, says, tmp_path, monkeypatch, capsys):
    from styleclip_lib.cli.main import main

    monkeypatch.chdir(tmp_path)
    write("x", tmp_path / "full" / "file.txt")
    assert main(["grade", *arguments]) == 2
    said = capsys.readouterr().err
    assert says in said and said.count("\n") == 1


NO_POINTS = nbformat.writes(nbformat.v4.new_notebook(cells=[a_cell("code", "1", "x", grade=True, solution=False)]))


@pytest.mark.parametrize("content", ["[" * 100_000, "[]", "{}", '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', NO_POINTS])
def test_an_assignment_that_cannot_be_used_is_said_before_anything_is_written(content, tmp_path, capsys):
    from styleclip_lib.cli.main import main

    write(content, tmp_path / "sources" / "a.ipynb")
    write("{}", tmp_path / "in" / "Ada" / "a.ipynb")
    assert main(["grade", str(tmp_path / "in"), "--assignments", str(tmp_path / "sources"), "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr().err
    assert "cannot be used" in said and said.count("\n") == 1 and not (tmp_path / "out").exists()
