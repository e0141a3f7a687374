"""A class in which many hand in what no grader expects: each is graded as far as possible, and nobody else notices."""

from __future__ import annotations

import json
import os
import sys

import nbformat
import pytest

from styleclip_lib.grading.grade import grade_folder
from styleclip_lib.grading.sandbox import Limits
from tests.grading.handed_in import handed_in, handed_out, solved, write

pytestmark = pytest.mark.full
pytest.importorskip("nbgrader", reason="nbgrader is in the extra 'grade'")

RIGHT = {"double": "def double(x):\n    return x + x", "triple": "def triple(x):\n    return 3 * x"}
CODE = {  # what is in the cell "double", the points for double and triple, and what is said about it
    "honest": (RIGHT["double"], 2, 2, ""),
    "loops": ("def double(x):\n    while True:\n        pass", 0, 2, "took longer than"),
    "loops_at_once": ("while True:\n    pass", 0, 2, "took longer than"),
    "cannot_be_interrupted": ("import signal\nsignal.signal = lambda *_: None\ndef double(x):\n    while True:\n        try:\n"
                              "            while True: pass\n        except BaseException: pass", 0, 2, "was stopped"),
    "sleeps": ("import time\ntime.sleep(10**6)", 0, 2, "took longer than"),
    "eats_memory": ("def double(x):\n    kept = []\n    while True: kept.append(bytearray(10**8))", 0, 2, "MemoryError"),
    "eats_memory_of_torch": ("import torch\nx = torch.ones(10**11)", 0, 2, "memory"),
    "prints": ("for i in range(300): print('x' * 10**6)\n" + RIGHT["double"], 2, 2, ""),
    "ends": ("import os\nos._exit(0)", 0, 2, "ended the process"),
    "ends_when_called": ("import os\ndef double(x): os._exit(1)", 0, 2, "ended the process"),
    "crashes": ("import ctypes\ndef double(x): ctypes.string_at(0)", 0, 2, "ended the process"),
    "redefines_the_checks": ("compare = answer_of = expect = print\nclass checking:\n    def __init__(*_): pass\n    __enter__ = __init__\n"
                             "    def __exit__(*_): return True", 0, 2, "no double"),
    "patches_the_checks": ("import styleclip_lib.checks.feedback as f, styleclip_lib.checks.assignments as a\n"
                           "f.compare = a.compare = lambda *_: None\ndef double(x): return x", 0, 2, "not right yet"),
    "imports_the_checks": ("import styleclip_lib.checks.optimization\n" + RIGHT["double"], 0, 2, "cannot be imported"),
    "imports_the_grader": ("from styleclip_lib.grading import judge\n" + RIGHT["double"], 0, 2, "cannot be imported"),
    "looks_for_the_tests": ("import gc\ndef double(x):\n    found = [o for o in gc.get_objects() if isinstance(o, str)\n"
                            "             and 'sign is lost' in o]\n    return 2 * x if found else x", 0, 2, "not right yet"),
    "answers_with_nothing_known": ("class Same:\n    def __eq__(self, other): return True\n    __le__ = __lt__ = __eq__\n"
                                   "def double(x): return Same()", 0, 2, "should return a tensor"),
    "answers_too_much": ("import torch\ndef double(x): return torch.zeros(10**8)", 0, 2, "larger than"),
    "answers_too_deep": ("def double(x):\n    x = []\n    for _ in range(10**5): x = [x]\n    return x", 0, 2, "nested too deeply"),
    "forks": ("import os\ndef double(x):\n    while True: os.fork()", 0, 2, "no other processes"),
    "starts_programs": ("!touch evil\nimport subprocess\ndef double(x): return subprocess.run(['ls'])", 0, 2, "no other p"),
    "kills": ("import os, signal\ndef double(x): os.kill(os.getppid(), signal.SIGKILL)", 0, 2, "no other processes"),
    "talks": ("import urllib.request\ndef double(x): urllib.request.urlopen('http://localhost:8888')", 0, 2, "no network"),
    "fills_the_disk": ("import itertools\ndef double(x):\n    for i in itertools.count(): open(f'{i}.bin', 'wb').write(bytes(10**7))",
                       0, 2, "MB of files"),
    "talks_into_the_pipe": ("import os\nfor d in range(3, 30):\n    try: os.write(d, b'\\x00' * 8 + b'garbage')\n"
                            "    except OSError: pass", 0, 2, "unreadable"),
    "does_not_compile": ("def double(x:\n    return", 0, 2, "SyntaxError"),
    "writes_html": ("from IPython.display import HTML\ndisplay(HTML('<script>alert(1)</script>'))\n" + RIGHT["double"], 2, 2, ""),
}


def _files(small) -> dict[str, tuple[nbformat.NotebookNode | str, float, str]]:
    """Notebooks that are odd as files, with the points of both tasks and what is said."""
    renamed, copied, mended, rewarded, other, moved = (handed_in(small, RIGHT) for _ in range(6))
    for cell in renamed.cells:
        cell.metadata.pop("nbgrader", None)
    copied.cells.insert(3, nbformat.from_dict({**copied.cells[2], "id": "copy", "source": "def double(x):\n    return x"}))
    copied.cells.insert(4, nbformat.from_dict({**copied.cells[2], "id": "copy2"}))
    for cell in mended.cells:
        if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code":
            cell.source = "pass"
    for cell in rewarded.cells:
        if cell.metadata.get("nbgrader", {}).get("grade"):
            cell.metadata.nbgrader.points = 1000
            cell.metadata.nbgrader.schema_version = 99
    other.metadata.styleclip = {"assignment": small.name, "version": "0.0.1"}
    other.cells = [cell for cell in other.cells if "triple" not in cell.source]
    moved.cells = moved.cells[::-1]
    v3 = nbformat.v4.downgrade(handed_in(small, RIGHT))
    own = handed_out(small)
    own.cells.insert(1, nbformat.v4.new_code_cell("def double(x):\n    return x * 2\ndef triple(x):\n    return x * 3"))
    return {
        "lost_all_names": (renamed, 4, "had lost their names"), "copied_a_cell": (copied, 4, "the last one was graded"),
        "emptied_the_tests": (mended, 4, ""), "raised_the_points": (rewarded, 4, ""),
        "another_version": (other, 2, "of version 0.0.1 of the kit): triple"),
        "turned_round": (moved, 4, ""), "old_format": (json.dumps(v3), 4, ""), "own_cell": (own, 4, "written in another cell"),
        "not_json": ("{", 0, "cannot be read"), "empty": ("", 0, "cannot be read"), "a_list": ("[]", 0, "cannot be read"),
        "deep": ("[" * 10**6, 0, "nested too deeply"),
        "no_cells": ('{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}', 0, "cannot be read"),
        "future": ('{"nbformat": 77, "nbformat_minor": 5, "metadata": {}, "cells": []}', 0, "cannot be read"),
    }


@pytest.fixture(scope="module")
def graded(small, tmp_path_factory):
    folder, out = tmp_path_factory.mktemp("class") / "handed in", tmp_path_factory.mktemp("out") / "grades"
    for name, (source, *_) in CODE.items():
        write(handed_in(small, {"double": source, "triple": RIGHT["triple"]}), folder / name / f"{small.name}.ipynb")
    for name, (notebook, *_) in _files(small).items():
        write(notebook, folder / name / f"{small.name}.ipynb")
    bystander = write("mine", folder / "bystander.txt")
    deletes = f"import shutil, os, pathlib\nfor p in ({str(folder)!r}, {str(out)!r}, {str(small.path.parent)!r}):\n" \
              f"    try: shutil.rmtree(p)\n    except OSError: pass\nos.remove({str(bystander)!r})"
    write(handed_in(small, {"double": deletes, "triple": RIGHT["triple"]}), folder / "deletes" / f"{small.name}.ipynb")
    reads = f"text = open({str(small.path)!r}).read()\n{RIGHT['double']}"
    write(handed_in(small, {"double": reads, "triple": RIGHT["triple"]}), folder / "reads_the_source" / f"{small.name}.ipynb")
    result = grade_folder(folder, out, [small], Limits(seconds=6, total=60, megabytes=1500))
    assert bystander.read_text() == "mine" and small.path.exists()
    return out, {grade.submission.student: grade for grade in result.grades}, result.unguarded


def message_of(graded, name: str) -> str:
    out, grades, _ = graded
    return " ".join(grades[name].submission.problems) + (out / grades[name].feedback).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CODE)
def test_code(graded, name):
    _, double, triple, says = CODE[name]
    marks = {mark.name: mark.points for mark in graded[1][name].marks}
    assert (marks["double-test"], marks["triple-test"]) == (double, triple)
    assert says in message_of(graded, name)


def test_files(graded, small):
    for name, (_, points, says) in _files(small).items():
        assert (name, graded[1][name].total(False)) == (name, points)
        assert says in message_of(graded, name), name


def test_nobody_deletes_or_reads_what_is_not_theirs(graded):
    assert graded[1]["deletes"].total(False) == 2 and "are not changed" in message_of(graded, "deletes")
    if sys.platform.startswith("linux") and not graded[2]:
        assert graded[1]["reads_the_source"].total(False) == 2 and "Permission" in message_of(graded, "reads_the_source")


def test_nothing_is_left_running(graded):
    import psutil

    children = psutil.Process(os.getpid()).children(recursive=True)
    assert not [child for child in children if "styleclip_lib.grading.student" in " ".join(child.cmdline())]


def test_pages_run_and_load_nothing_and_carry_no_hidden_test(graded):
    out, grades, _ = graded
    for grade in grades.values():
        page = (out / grade.feedback).read_text(encoding="utf-8")
        assert "Content-Security-Policy" in page and "<script>alert" not in page
        assert "HIDDEN TESTS" not in page and len(page) < 2_000_000
        assert 'src="http' not in page and 'href="http' not in page


def test_a_solved_notebook_among_them_has_all_points(small, tmp_path):
    """Whatever the others do; and its answer in words waits for somebody to read it."""
    write(solved(small), tmp_path / "in" / "Ada Lovelace" / f"{small.name}.ipynb")
    grade, = grade_folder(tmp_path / "in", tmp_path / "out", [small]).grades
    assert (grade.total(False), grade.total(True), grade.most(True)) == (4, None, 1)
