"""A worker process: it holds the models, computes one task after the other, and can die without taking the service along.

What passes between the processes is MessagePack of fixed shapes. Nothing is unpickled, in either direction: pictures of strangers are
decoded in the worker, and what a worker says is data.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Literal

import msgspec

from ..errors import StyleclipError, without_message

Wish = Literal["go on", "stop", "drop", "kill"]
"""What is wanted of a running task: that it ends with the best so far, that nobody wants it any more, or the end of its process."""

UNEXPECTED = "An unexpected error occurred ({}). The server's log says where."
LARGEST_MESSAGE = 1 << 30
PREVIEW_SECONDS = 0.4
"""At least so much time lies between two previews."""
GRACE = {"go on": 60.0, "stop": 60.0, "drop": 2.0, "kill": 0.0}
"""Seconds after which a task that was told to stop, and did not, is killed together with its process, by what is wanted of it."""


class Ready(msgspec.Struct, tag=True):
    """The models are there; the domain is described for clients."""

    domain: dict[str, Any]


class Asked(msgspec.Struct, tag=True):
    """A task, as `Settings.to_dict` gives it, and the file that was uploaded."""

    task: dict[str, Any]
    picture: bytes


class Stop(msgspec.Struct, tag=True):
    """End with the best so far."""


class Progress(msgspec.Struct, tag=True):
    """How far it is; preview: a JPEG, or nothing new."""

    phase: str
    step: int
    steps: int
    preview: bytes = b""


class Done(msgspec.Struct, tag=True):
    """What came out."""

    facts: dict[str, Any]
    pictures: dict[str, bytes]


class Failed(msgspec.Struct, tag=True):
    """Why nothing came out; status as in HTTP: 422 for what the client can put right."""

    status: int
    detail: str


Message = Ready | Asked | Stop | Progress | Done | Failed
_decoder = msgspec.msgpack.Decoder(Message)
_encoder = msgspec.msgpack.Encoder()


class CrashedError(Exception):
    """The worker process has ended without an answer."""


class WorkerProcess:
    """A process with the models of a domain. It starts when it is first needed, and again after it was killed or has died.

    domain, device  as for `load_models`
    threads         how many PyTorch may use in it
    """

    def __init__(self, domain: str, device: str = "auto", threads: int = 1):
        self.settings = (domain, device, threads)
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self.description: dict[str, Any] = {}

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive()

    def start(self, abandoned: Callable[[], bool] = lambda: False) -> None:
        """Loads the models, unless they are there. Raises CrashedError, or StyleclipError for a domain that cannot be loaded.

        abandoned  asked now and then; True gives up
        """
        if self.is_alive:
            return
        self.close()
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, *self.settings), name="styleclip worker", daemon=True)
        self._process.start()
        other.close()
        while not self._arrived(0.2):
            if abandoned():
                self.close()
                raise CrashedError
        message = self._receive()
        if isinstance(message, Failed):
            self.close()
            raise StyleclipError(message.detail)
        self.description = message.domain

    def run(self, task: dict[str, Any], picture: bytes, *, tell: Callable[[Progress], None], wish: Callable[[], Wish],
            seconds: float) -> Done | Failed | None:
        """Computes a task. None if it was ended, because that was the wish, before there was anything to show.

        task, picture  as in `Asked`
        tell           hears of the progress
        wish           asked several times a second
        seconds        after which the task is stopped; what it has by then is the result

        Raises CrashedError when the process ends of itself. Whatever else is raised, by `tell` or `wish`, ends the process: it would
        answer the next task with what belongs to this one.
        """
        try:
            return self._run(task, picture, tell, wish, seconds)
        except BaseException:
            self.close()
            raise

    def _run(self, task: dict[str, Any], picture: bytes, tell: Callable[[Progress], None], wish: Callable[[], Wish],
             seconds: float) -> Done | Failed | None:
        self._send(Asked(task, picture))
        begun, stopped, late = time.monotonic(), 0.0, False
        while True:
            if self._arrived(0.05):
                message = self._receive()
                if isinstance(message, Progress):
                    tell(message)
                    continue
                if isinstance(message, Done) and late:
                    message.facts.setdefault("notes", []).append(f"The {seconds:.0f} seconds of a job were over: this is the best so far.")
                return message
            wanted, now = wish(), time.monotonic()
            if not stopped and (wanted != "go on" or now > begun + seconds):
                stopped, late = now, wanted == "go on"
                self._send(Stop())
            if stopped and now > stopped + GRACE[wanted]:
                self.close()
                return Failed(422, f"This takes longer than the {seconds:.0f} seconds of a job: ask for fewer steps, or for another "
                                   "method.") if late else None

    def close(self) -> None:
        """Ends the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._process.close()
        if self._connection is not None:
            self._connection.close()
        self._process = self._connection = None

    def _arrived(self, seconds: float) -> bool:
        """Whether there is a message, or the end of all messages."""
        return self._connection.poll(seconds)

    def _receive(self) -> Message:
        try:
            return _decoder.decode(self._connection.recv_bytes(LARGEST_MESSAGE))
        except (EOFError, OSError, msgspec.MsgspecError) as error:
            self.close()
            raise CrashedError from error

    def _send(self, message: Message) -> None:
        try:
            self._connection.send_bytes(_encoder.encode(message))
        except (OSError, ValueError) as error:
            self.close()
            raise CrashedError from error


# --- in the process ------------------------------------------------------------------------------------------------------


def serve(connection: Connection, domain: str, device: str, threads: int) -> None:
    """What the process does: it answers one `Asked` after the other, until nobody is at the other end."""
    from ..threads import share_the_machine

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches the whole group; the service decides when workers end
    share_the_machine()
    with contextlib.suppress(EOFError, BrokenPipeError, ConnectionResetError):
        _serve(_Line(connection), domain, device, threads)


def _serve(line: _Line, domain: str, device: str, threads: int) -> None:
    import torch

    from ..models import load_models
    from .computing import compute, description, forget_texts
    from .tasks import Task

    torch.set_num_threads(threads)
    try:
        models = load_models(domain, device)
        line.send(Ready(description(models)))
    except StyleclipError as error:
        line.send(Failed(500, str(error)))
        return
    while True:
        asked = line.receive()
        if isinstance(asked, Asked):
            line.send(_answer(lambda watch, asked=asked: compute(Task.from_dict(asked.task), models, asked.picture, watch), line))
            forget_texts(models)


def _answer(work: Callable[..., tuple[dict, dict]], line: _Line) -> Done | Failed:
    from .computing import Watch

    try:
        return Done(*work(Watch(line.tell)))
    except StyleclipError as error:
        return Failed(422, str(error))
    except MemoryError:
        return Failed(413, "There is not enough memory for this: send a smaller picture.")
    except (EOFError, BrokenPipeError, ConnectionResetError):
        raise
    except Exception as error:  # whatever it is: the worker goes on, and the client hears no more than the kind
        print(f"In a job: {without_message(error)}", file=sys.stderr, flush=True)
        return Failed(500, UNEXPECTED.format(type(error).__name__))


class _Line:
    """The worker's end of the connection."""

    def __init__(self, connection: Connection):
        self._connection, self._shown = connection, 0.0

    def send(self, message: Message) -> None:
        self._connection.send_bytes(_encoder.encode(message))

    def receive(self) -> Message:
        return _decoder.decode(self._connection.recv_bytes(LARGEST_MESSAGE))

    def tell(self, phase: str, step: int, steps: int, image: Any) -> bool:
        """Sends the progress, with a preview if the last one is old enough. Whether the service asked to stop."""
        preview, now = b"", time.monotonic()
        if image is not None and now > self._shown + PREVIEW_SECONDS:
            from ..images import to_pil
            from .computing import as_jpeg

            self._shown, preview = now, as_jpeg(to_pil(image))
        if image is None or preview:
            self.send(Progress(phase, step, steps, preview))
        return self._connection.poll(0) and isinstance(self.receive(), Stop)
