"""One thread that computes for a widget, so that its sliders never wait."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Job = Callable[[], None]


@dataclass
class _Request:
    """A job, when it may begin (`time.monotonic`), and whether it was called off."""

    job: Job
    due: float
    off: threading.Event = field(default_factory=threading.Event)


class Worker:
    """Runs jobs one after the other; of those of one kind that arrive while one is running, only the newest is kept.

    A slider that is dragged over thirty values in a second asks for thirty pictures; the worker draws as many as it
    can, and always the last one. The thread lives only while there is something to do.

    threaded=False runs every job at once, in the thread that asks for it.
    """

    def __init__(self, threaded: bool = True):
        self.threaded = threaded
        self._changed = threading.Condition()
        self._waiting: dict[str, _Request] = {}
        self._running: dict[str, _Request] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, job: Job, kind: str = "draw", delay: float = 0.0) -> None:
        """Runs the job now, or when those before it have ended, unless a newer one of its kind comes before that.

        delay = seconds of rest that must pass first; a newer job of its kind makes them begin again. Without a thread there
        is no waiting. A job takes care of its own errors: nobody is there to catch them.
        """
        request = _Request(job, time.monotonic() + delay)
        if not self.threaded:
            if not self._closed:
                self._carry_out(kind, request)
            return
        with self._changed:
            if self._closed:
                return
            self._waiting.pop(kind, None)
            self._waiting[kind] = request
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="widget", daemon=True)
                self._thread.start()

    def cancel(self, *kinds: str) -> None:
        """Forgets the jobs of these kinds that wait, and tells the one that runs that nobody wants it any more."""
        with self._changed:
            for kind in kinds:
                self._waiting.pop(kind, None)
                if kind in self._running:
                    self._running[kind].off.set()
            self._changed.notify_all()

    def cancelled(self) -> bool:
        """Whether the job that asks, the one begun last, was called off; for long jobs to look at, and before a result is shown."""
        return bool(self._running) and next(reversed(self._running.values())).off.is_set()

    def close(self) -> None:
        """Calls everything off and takes no more jobs; the thread ends as soon as its job does."""
        with self._changed:
            self._closed = True
        self.cancel(*self._waiting, *self._running)

    def wait_idle(self, timeout: float = 60.0) -> None:
        """Returns when nothing is left to do. Raises TimeoutError after `timeout` seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                raise TimeoutError(f"the worker was still busy after {timeout} seconds")

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._thread = None
                    return
                kind, request = min(self._waiting.items(), key=lambda item: item[1].due)
                rest = request.due - time.monotonic()
                if rest > 0:
                    self._changed.wait(rest)
                    continue
                del self._waiting[kind]
            try:
                self._carry_out(kind, request)
            except BaseException:
                with self._changed:
                    self._thread = None
                raise

    def _carry_out(self, kind: str, request: _Request) -> None:
        self._running[kind] = request
        try:
            request.job()
        finally:
            self._running.pop(kind, None)
