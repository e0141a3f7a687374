"""How long does it take to grade a class of 30?

    python -m tools.measure_grading [--assignment 08_encoder_finetuning] [--out FOLDER] [--jobs 2]

makes 30 submissions of one assignment: solutions, blank notebooks, wrong answers, and submissions that loop, eat memory, delete
files, print megabytes, redefine the checks, lost their cells' names, are not JSON, or belong to another version. It grades them with
`styleclip grade` and prints the time and what each was given. The folder keeps the submissions and the grades, to be looked at.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

import psutil
from nbformat import NotebookNode

from styleclip_lib.grading.assignments import SOURCES, Assignment, graded_as, is_answer
from tests.grading.handed_in import answered, handed_in, handed_out, solved, write
from tests.grading.wrong_answers import WRONG

SOLVED, BLANK, WRONG_ANSWERS = 8, 3, 9
NAMES = ("Aïcha", "Björn", "Chen", "Dalia", "Emre", "Fatou", "Giulia", "Hamid", "Inés", "Jonas")
HOSTILE = {  # what is put in front of the first answer
    "loops": "while True:\n    pass",
    "sleeps": "import time\ntime.sleep(10**6)",
    "eats memory": "kept = []\nwhile True:\n    kept.append(bytearray(10**8))",
    "deletes files": "import pathlib\nfor path in pathlib.Path.home().parents:\n    for one in path.iterdir():\n        one.unlink()",
    "prints megabytes": "for _ in range(300):\n    print('x' * 10**6)",
    "redefines the checks": "compare = answer_of = expect = checking = print",
    "ends the process": "import os\nos._exit(0)",
}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how long it takes to grade a class of 30.")
    parser.add_argument("--assignment", default="08_encoder_finetuning", help="its name (default: 08_encoder_finetuning)")
    parser.add_argument("--out", type=Path, help="keep submissions and grades in this folder")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once (default: 2)")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = chosen.out or Path(scratch)
        submissions = dict(class_of_30(Assignment(SOURCES / f"{chosen.assignment}.ipynb")))
        for name, notebook in submissions.items():
            write(notebook, folder / "class" / name / f"{chosen.assignment}.ipynb")
        began, load = time.monotonic(), os.getloadavg()[0]
        command = ["grade", str(folder / "class"), "--out", str(folder / "grades"), "--jobs", str(chosen.jobs)]
        grading = subprocess.Popen([sys.executable, "-m", "styleclip_lib", *command])
        used = processor_time(grading)
        print(f"{len(submissions)} submissions in {(time.monotonic() - began) / 60:.1f} minutes, {used / 60:.1f} minutes of processor "
              f"time; load average {load:.1f} before, {os.getloadavg()[0]:.1f} after, on {os.cpu_count()} cores")
    return grading.returncode


def processor_time(program: subprocess.Popen) -> float:
    """Waits for a program; the seconds that it and all that it started have computed, also what was killed and left no account."""
    seen: dict[tuple[int, float], float] = {}
    while program.poll() is None:
        with contextlib.suppress(psutil.Error):
            first = psutil.Process(program.pid)
            for process in (first, *first.children(recursive=True)):
                with contextlib.suppress(psutil.Error):
                    times = process.cpu_times()
                    seen[process.pid, process.create_time()] = times.user + times.system
        time.sleep(2)
    return sum(seen.values())


def class_of_30(assignment: Assignment) -> Iterator[tuple[str, NotebookNode | str]]:
    """(student, what was handed in)"""
    tasks = {graded_as(cell): cell for cell in assignment.notebook.cells if is_answer(cell) and cell.cell_type == "code"}
    for number in range(SOLVED):
        yield f"{NAMES[number]} solved it", solved(assignment)
    for number in range(BLANK):
        yield f"{NAMES[number]} wrote nothing", handed_out(assignment)
    for number, task in zip(range(WRONG_ANSWERS), cycle(tasks)):
        answer, _ = WRONG[task][number // len(tasks)]
        slip = answered(tasks[task].source, answer)
        yield f"{NAMES[number]} slips in {task}", handed_in(assignment, {**dict.fromkeys(tasks), task: slip})
    first, *others = tasks
    for what, lines in HOSTILE.items():
        source = f"{lines}\n{answered(tasks[first].source, {})}"
        yield what, handed_in(assignment, {**dict.fromkeys(others), first: source})
    renamed, other_version = solved(assignment), solved(assignment)
    for cell in renamed.cells:
        cell.metadata.pop("nbgrader", None)
    other_version.metadata.styleclip = {"assignment": assignment.name, "version": "0.0.1"}
    other_version.cells = [cell for cell in other_version.cells if first not in (graded_as(cell) or "")]
    yield from {"lost the names": renamed, "another version": other_version, "no JSON": "{"}.items()


if __name__ == "__main__":
    sys.exit(main())
