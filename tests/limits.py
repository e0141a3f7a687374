"""Command lines in a process of their own, which says what each one took; no file may cost more than the limits."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

with contextlib.suppress(ImportError):  # Windows has none
    import resource

ROOT = Path(__file__).parent.parent

GIGABYTES, SECONDS = 1.5, 10
"""Of memory, the libraries included, and of one core's time, that a command may take to refuse a file. The system ends the process
after so many seconds, so that nothing is timed here."""

LONGEST_WAIT = 3600
"""Seconds after which a process that does nothing has hung, however busy the machine is."""

RUN = """
import contextlib, io, json, sys

import dlib, torch  # not a file's fault

from styleclip_lib.cli.main import main
from tests.limits import begin, bound_memory, peak

bound_memory()
for words in json.load(sys.stdin):
    begin(int(sys.argv[1]))
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except SystemExit as stop:
            code = stop.code
    print(json.dumps([code, out.getvalue(), err.getvalue(), peak()]), flush=True)
"""


def bound_memory() -> None:
    """Takes from this process what would harm the machine of whoever runs the tests."""
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + 6_000_000_000, -1))


def begin(seconds: int) -> None:
    """From now on this process has so many seconds of one core's time, and its peak counts anew."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + 1 + seconds, -1))
    forget_peak()


def forget_peak(process: int | str = "self") -> None:
    with contextlib.suppress(OSError):
        Path(f"/proc/{process}/clear_refs").write_text("5")


def peak(process: int | str = "self") -> float:
    """The most gigabytes that a process has had since `forget_peak`."""
    return int(re.search(r"VmHWM:\s+(\d+)", Path(f"/proc/{process}/status").read_text())[1]) / 1e6


@dataclass(frozen=True)
class Outcome:
    """What a command line did. gigabytes: the most memory that the process had while it ran."""

    words: tuple[str, ...]
    code: int
    out: str
    err: str
    gigabytes: float


def run_limited(lines: Sequence[Sequence[object]], folder: Path, seconds: int = SECONDS) -> list[Outcome]:
    """Runs command lines one after the other, in a folder. Fails if one of them takes more seconds, ends the process or hangs."""
    lines = [list(map(str, words)) for words in lines]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", RUN, str(seconds)], input=json.dumps(lines), capture_output=True, text=True, check=False,
                          cwd=folder, env=surroundings, timeout=LONGEST_WAIT)  # fmt: skip
    outcomes = [Outcome(tuple(words), *json.loads(line)) for words, line in zip(lines, done.stdout.splitlines())]
    if done.returncode or len(outcomes) < len(lines):
        raise AssertionError(f"styleclip {' '.join(lines[len(outcomes)])} ended with {done.returncode}: {done.stderr[-500:]}")
    return outcomes


def assert_refused(outcome: Outcome) -> None:
    """Exit code 2, one line, no traceback, and no more memory than allowed."""
    assert outcome.code == 2, outcome
    assert outcome.err.startswith("styleclip ") and outcome.err.count("\n") == 1 and "unexpected error" not in outcome.err, outcome
    assert "Saved" not in outcome.out and outcome.gigabytes < GIGABYTES, outcome
