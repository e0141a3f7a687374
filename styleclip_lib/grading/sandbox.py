"""Runs the process of a submission and watches it: processor time, memory, files, and whether it still answers."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path

import psutil

from ..paths import data_folder
from . import wire
from .student import send

LOOK_EVERY = 0.1  # seconds
GRACE = 15.0  # seconds between being asked to stop and being stopped
START = 120.0  # seconds for importing PyTorch, of processor time and sleep as everywhere here
MOST_PROCESSES = 16
MOST_ON_DISK = 256 * 2**20


@dataclass(frozen=True)
class Limits:
    """What a submission may use.

    seconds  for one cell, of processor time and of sleep: a busy machine takes nothing away from anybody
    total    seconds for all of it;  megabytes: memory
    """

    seconds: float = 60.0
    total: float = 300.0
    megabytes: int = 3000


class Gone(Exception):
    """The process has ended, or had to be ended. The message says why."""


class Sandbox:
    """A process that answers for a submission. Use it in a with statement.

    scratch   the folder in which it may write;  readable: folders that it may read, besides those of Python, the library and its data

    Raises Gone when the process does not start.
    """

    def __init__(self, scratch: Path, limits: Limits, readable: Sequence[Path] = ()) -> None:
        self.scratch, self.limits, self.readable = scratch, limits, readable
        self.spent = 0.0
        self.missing: list[str] = []  # what the system does not guarantee: "network", "files"
        self._start()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def ask(self, request: dict, seconds: float | None = None) -> tuple[dict, str | None]:
        """The answer, and why the process had to be interrupted before it answered (None: it had not).

        Raises Gone when there is no answer.
        """
        left = self.limits.total - self.spent
        seconds = min(left, self.limits.seconds if seconds is None else seconds)
        if left <= 0:
            raise Gone(f"all cells together took longer than {self.limits.total:.0f} seconds")
        return self._exchange(request, seconds)

    def restart(self) -> None:
        """A new process, with nothing in it; the files stay."""
        self.close()
        self._start()

    def close(self) -> None:
        """Ends the process and all that it has started."""
        self._kill()
        self._worker.shutdown(wait=True)
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):  # what was not sent yet has nowhere to go
                stream.close()

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "styleclip_lib.grading.student", str(self.scratch), str(self.limits.megabytes * 2**20),
             *map(str, self.readable)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=self.scratch, env=_environment(self.scratch),
            start_new_session=True)
        self._watched = psutil.Process(self._process.pid)
        self._known = [self._watched]  # and what it has started, as of the last look: finding that takes milliseconds
        self._worker = ThreadPoolExecutor(1)
        spent = self.spent
        hello, _ = self._exchange(None, START)
        self.spent = spent  # the start is not the submission's
        self.missing = hello.get("missing", [])

    def _exchange(self, request: dict | None, seconds: float) -> tuple[dict, str | None]:
        answer = self._worker.submit(self._send_and_receive, request)
        why = self._watch(answer, seconds)
        try:
            data = answer.result(timeout=GRACE if why else 0)
            message = wire.decode(data)
        except (NotYet, OSError, ValueError, wire.WireError) as error:
            self._kill()
            reason = why or (f"it sent something unreadable ({error})" if isinstance(error, wire.WireError) else self._last_words())
            raise Gone(reason) from None
        if not isinstance(message, dict):
            self._kill()
            raise Gone("it sent something unreadable")
        return message, why

    def _send_and_receive(self, request: dict | None) -> bytes:
        if request is not None:
            send(self._process.stdin, wire.encode(request))
        head = self._process.stdout.read(8)
        if len(head) < 8:
            raise OSError("the process has ended")
        length, = struct.unpack(">Q", head)
        if length > wire.MOST_BYTES:
            raise wire.WireError("it is too large")
        data = self._process.stdout.read(length)
        if len(data) < length:
            raise OSError("the process has ended")
        return data

    def _watch(self, answer: Future, seconds: float) -> str | None:
        """Waits for the answer; interrupts the process when it uses too much, and returns why."""
        began, looked, next_look_at_files = self._processor_time(), time.monotonic(), 0.0
        spent = asleep = 0.0
        before = began
        while True:
            try:
                answer.exception(timeout=LOOK_EVERY)
                self.spent += max(0.0, self._processor_time() - began) + asleep
                return None
            except NotYet:
                pass
            self._known = self._family()
            now, used = time.monotonic(), self._processor_time()
            asleep += now - looked if used <= before and self._sleeps() else 0.0
            looked, before, spent = now, used, used - began + asleep
            why = self._too_much(now >= next_look_at_files)
            if now >= next_look_at_files:
                next_look_at_files = now + 1
            if why:
                self.spent += spent
                self._kill()
                return why
            if spent > seconds:
                self.spent += spent
                self._interrupt()
                return f"it took longer than {seconds:.0f} seconds"

    def _family(self) -> list[psutil.Process]:
        try:
            return [self._watched, *self._watched.children(recursive=True)]
        except psutil.Error:
            return []

    def _processor_time(self) -> float:
        total = 0.0
        for process in self._known:
            try:
                times = process.cpu_times()
                total += times.user + times.system
            except psutil.Error:
                continue
        return total

    def _sleeps(self) -> bool:
        try:
            return all(process.status() == psutil.STATUS_SLEEPING for process in self._known)
        except psutil.Error:
            return False

    def _too_much(self, look_at_files: bool) -> str | None:
        memory = 0
        for process in self._known:
            try:
                memory += process.memory_info().rss
            except psutil.Error:
                continue
        if memory > 1.25 * self.limits.megabytes * 2**20:  # the system refuses it before, where it knows such limits
            return f"it used more than {self.limits.megabytes} MB of memory"
        if len(self._known) > MOST_PROCESSES:
            return f"it started more than {MOST_PROCESSES} processes"
        if look_at_files and _size(self.scratch) > MOST_ON_DISK:
            return f"it wrote more than {MOST_ON_DISK // 2**20} MB of files"
        return None

    def _interrupt(self) -> None:
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                self._process.send_signal(signal.SIGINT)
        else:  # Windows cannot interrupt another process without itself
            self._kill()

    def _kill(self) -> None:
        for process in reversed(self._family()):
            try:
                process.kill()
            except psutil.Error:
                continue
        self._process.wait()

    def _last_words(self) -> str:
        try:
            code = self._process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            return "it stopped answering"
        return f"it ended the process ({'signal' if code < 0 or code > 128 else 'exit code'} {code})"


def _size(folder: Path) -> int:
    total = 0
    for root, _, files in os.walk(folder):
        for name in files:
            try:
                total += os.lstat(os.path.join(root, name)).st_size
            except OSError:
                continue
    return total


def _environment(scratch: Path) -> dict[str, str]:
    """What the process is told of this machine: as little as it needs."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH", "ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA")
            if name in os.environ}
    home = str(scratch)
    for fonts in _font_lists():  # else Matplotlib would look for every font of the system again
        shutil.copy(fonts, scratch)
    return {**kept, "HOME": home, "USER": "student", "LOGNAME": "student", "TMPDIR": home, "TEMP": home, "TMP": home,
            "IPYTHONDIR": home, "MPLCONFIGDIR": home, "MPLBACKEND": "module://matplotlib_inline.backend_inline", "STYLECLIP_CACHE": home,
            "STYLECLIP_DATA": str(data_folder()), "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUTF8": "1", "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "CUDA_VISIBLE_DEVICES": "", "MKL_NUM_THREADS": "1"}


def _font_lists() -> list[Path]:
    try:
        import matplotlib
    except ImportError:
        return []
    return list(Path(matplotlib.get_cachedir()).glob("fontlist*.json"))
