"""One thread that computes for a widget, so that its sliders never wait."""

from __future__ import annotations

import threading
from collections.abc import Callable

Job = Callable[[], None]


class Worker:
    """Runs jobs one after the other; of those of one kind that arrive while one is running, only the newest is kept.

    A slider that is dragged over thirty values in a second asks for thirty pictures; the worker draws as many as it
    can, and always the last one. The thread lives only while there is something to do.

    threaded=False runs every job at once, in the thread that asks for it.
    """

    def __init__(self, threaded: bool = True):
        self.threaded = threaded
        self._lock = threading.Lock()
        self._waiting: dict[str, Job] = {}
        self._thread: threading.Thread | None = None

    def submit(self, job: Job, kind: str = "draw") -> None:
        """Runs the job now, or when those before it have ended, unless a newer one of its kind comes before that.

        A job takes care of its own errors: nobody is there to catch them.
        """
        if not self.threaded:
            job()
            return
        with self._lock:
            self._waiting.pop(kind, None)
            self._waiting[kind] = job
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="widget", daemon=True)
                self._thread.start()

    def wait_idle(self, timeout: float = 60.0) -> None:
        """Returns when nothing is left to do. Raises TimeoutError after `timeout` seconds."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
            if thread.is_alive():
                raise TimeoutError(f"the worker was still busy after {timeout} seconds")

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    return
                job = self._waiting.pop(next(iter(self._waiting)))
            try:
                job()
            except BaseException:
                with self._lock:
                    self._thread = None
                raise
