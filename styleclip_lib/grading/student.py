"""The process in which a submission runs: ``python -m styleclip_lib.grading.student SCRATCH MEMORY [READABLE …]``.

It reads requests on standard input and answers on standard output (`wire`): to run a cell, to look a name up, to call a function.
What the submission prints is kept up to a limit; its own standard input and output lead nowhere.
"""

from __future__ import annotations

import base64
import io
import os
import signal
import struct
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO

MOST_PRINTED = 20_000
MOST_PICTURE = 400_000
HIDDEN = ("styleclip_lib.checks", "styleclip_lib.grading")
ALLOWED = ("styleclip_lib.checks", "styleclip_lib.checks.assignments", "styleclip_lib.checks.feedback", "styleclip_lib.checks.progress",
           "styleclip_lib.checks.toys")


class Capped(io.TextIOBase):
    """Keeps the beginning of what is printed, and counts the rest."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.written = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        room = MOST_PRINTED - self.written
        if room > 0:
            self.parts.append(text[:room])
        self.written += len(text)
        return len(text)

    def text(self) -> str:
        left = self.written - MOST_PRINTED
        return "".join(self.parts) + (f"\n… and {left:,} characters more, which were not kept.\n" if left > 0 else "")


class Student:
    """The submission's names, and what can be asked of them."""

    def __init__(self) -> None:
        from IPython.core.interactiveshell import InteractiveShell

        self.shell: Any = InteractiveShell.instance()
        self.shell.history_manager.enabled = False
        self.shell._showtraceback = lambda *_: None  # what went wrong is told by the answer
        self.shell.system = self.shell.getoutput = _no_program  # a cell that begins with !pip goes on

    def answer(self, request: dict) -> dict:
        match request:
            case {"run": source}:
                return self.run(source)
            case {"look_up": name}:
                return self.look_up(name)
            case {"call": name, "arguments": arguments}:
                return self.call(name, arguments)
        return {"lost": True}

    def run(self, source: str) -> dict:
        """{"outputs": what a notebook shows below the cell, "error": None or {"ename", "evalue", "traceback"}}"""
        from IPython.core.displayhook import CapturingDisplayHook
        from IPython.core.displaypub import CapturingDisplayPublisher

        printed, shell = Capped(), self.shell
        shown = CapturingDisplayPublisher()
        shell.display_pub, shell.display_trap.hook = shown, CapturingDisplayHook(shell=shell, outputs=shown.outputs)
        with Printing(printed):
            result = shell.run_cell(source, store_history=False)
        outputs = [{"output_type": "stream", "name": "stdout", "text": printed.text()}] if printed.written else []
        outputs += [_display(output["data"]) for output in shown.outputs[:20]]
        error = result.error_before_exec or result.error_in_exec
        return {"outputs": outputs, "error": None if error is None else _told(error)}

    def look_up(self, name: str) -> dict:
        space = self.shell.user_ns
        return {"value": space[name]} if name in space else {"lost": True}

    def call(self, name: str, arguments: list) -> dict:
        """{"value": …}, {"not_written": True} or {"failed": why}, as `answer_of` says it."""
        from ..checks import feedback

        function = self.shell.user_ns.get(name)
        if function is None:
            return {"lost": True}
        with Printing(Capped()):
            try:
                return {"value": feedback.answer_of(function, *arguments)}
            except feedback.NotWritten:
                return {"not_written": True}
            except feedback.CheckFailed as error:
                return {"failed": str(error)}


class Printing:
    """What is printed inside goes to the stream, and Ctrl-C gets through."""

    def __init__(self, stream: io.TextIOBase) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        self.kept = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = self.stream
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        sys.stdout, sys.stderr = self.kept


def _no_program(command: str, *_: object, **__: object) -> None:
    print(f"Not run: {command.strip()[:80]} (no other programs are started while a submission is graded)")


def _display(data: dict) -> dict:
    kept = {kind: base64.b64encode(content).decode() if isinstance(content, bytes) else content for kind, content in data.items()
            if len(content) < {"text/plain": MOST_PRINTED, "image/png": MOST_PICTURE, "image/jpeg": MOST_PICTURE}.get(kind, 0)}
    return {"output_type": "display_data", "metadata": {}, "data": kept or {"text/plain": "(not shown: too large, or of an unknown kind)"}}


def _told(error: BaseException) -> dict:
    lines = traceback.format_exception(type(error), error, error.__traceback__)
    own = [line for line in lines if "interactiveshell.py" not in line]
    return {"ename": type(error).__name__, "evalue": str(error)[:2000], "traceback": "".join(own)[-4000:].splitlines()}


def receive(stream: BinaryIO) -> bytes | None:
    """One message: its length in eight bytes, then itself. None at the end."""
    head = stream.read(8)
    if len(head) < 8:
        return None
    return stream.read(struct.unpack(">Q", head)[0])


def send(stream: BinaryIO, message: bytes) -> None:
    stream.write(struct.pack(">Q", len(message)) + message)
    stream.flush()


def main(scratch: str, memory: str, *readable: str) -> None:
    """Shuts itself in, then answers until nobody asks any more."""
    from .confinement import confine, limit_memory, refuse_what_is_not_graded

    folder, library = Path(scratch), Path(__file__).parents[1]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    missing = confine(folder, [library, Path(os.environ["STYLECLIP_DATA"]), *map(Path, readable)])
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    from . import wire

    limit_memory(int(memory))
    student = Student()
    refuse_what_is_not_graded(folder, HIDDEN, ALLOWED)
    send(answers, wire.encode({"missing": missing}))
    while (request := receive(questions)) is not None:
        answer = student.answer(wire.decode(request))
        try:
            message = wire.encode(answer)
        except wire.WireError as error:
            message = wire.encode({"failed": f"What came back cannot be handed over: {error}."})
        send(answers, message)


if __name__ == "__main__":
    main(*sys.argv[1:])
