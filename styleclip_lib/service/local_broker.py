"""The broker that computes with its own worker processes, and keeps everything in memory."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import Any

from ..errors import StyleclipError
from .broker import CRASHED, Broker, Stats, begins_anew, fingerprint, full, new_id, too_many, used_key
from .limits import Limits
from .process import CrashedError, Done, Failed, Progress, Wish, WorkerProcess
from .tasks import Job, Task

BETWEEN_STARTS = 5.0
"""Seconds between two attempts to start a worker that fails to start."""

log = logging.getLogger("styleclip")


@dataclass
class _Entry:
    """A job, and what is not part of its public state.

    upload    the uploaded picture
    pictures  the results, and the latest preview
    hidden    no longer shown to anybody; it is deleted as soon as its worker is done with it
    """

    job: Job
    upload: bytes
    client: str
    fingerprint: str
    wish: Wish = "go on"
    pictures: dict[str, bytes] = field(default_factory=dict)
    hidden: bool = False


class LocalBroker(Broker):
    """Computes with its own worker processes, each supervised by a thread."""

    def __init__(self, workers: Sequence[WorkerProcess], limits: Limits):
        super().__init__(limits)
        self._lock = threading.Condition()
        self._entries: dict[str, _Entry] = {}
        self._waiting: deque[str] = deque()
        self._keys: dict[tuple[str, str], str] = {}
        self._stats, self._closing = Stats(), False
        self._workers = list(workers)
        self._ready: set[WorkerProcess] = set()
        self._threads: list[threading.Thread] = []
        self._trouble = ""

    # --- what the service asks ----------------------------------------------------------------------------------------

    async def start(self) -> None:
        for worker in self._workers:
            self._threads.append(threading.Thread(target=self._look_after, args=(worker,), name="styleclip worker", daemon=True))
        self._threads.append(threading.Thread(target=self._expire, name="styleclip expiry", daemon=True))
        for thread in self._threads:
            thread.start()

    async def close(self) -> None:
        with self._lock:
            self._closing = True
            for entry in self._entries.values():
                entry.wish = "kill"
            self._lock.notify_all()
        await asyncio.to_thread(lambda: [thread.join() for thread in self._threads])

    async def submit(self, task: Task, picture: bytes, client: str, key: str = "") -> Job:
        mark = fingerprint(task, picture) if key else ""
        with self._lock:
            if key and (known := self._visible(self._keys.get((client, key), ""))):
                if known.fingerprint != mark:
                    raise used_key()
                if not begins_anew(known.job):
                    return self._shown(known)
            if sum(entry.client == client and not entry.job.is_over for entry in self._entries.values()) >= self.limits.client_jobs:
                raise too_many(self.limits)
            idle = len(self._workers) - self._stats.running
            if len(self._waiting) >= self.limits.queue + max(0, idle):
                raise full(self.limits)
            job = Job(new_id(), task, created=time.time())
            entry = self._entries[job.id] = _Entry(job, picture, client, mark)
            if key:
                self._keys[client, key] = job.id
            self._waiting.append(job.id)
            self._lock.notify_all()
            return self._shown(entry)

    async def find(self, id: str) -> Job | None:
        with self._lock:
            entry = self._visible(id)
            return None if entry is None else self._shown(entry)

    async def picture(self, id: str, name: str) -> bytes | None:
        with self._lock:
            entry = self._visible(id)
            return None if entry is None else entry.pictures.get(name)

    async def stop(self, id: str) -> None:
        with self._lock:
            if (entry := self._visible(id)) is not None:
                self._end_early(entry, "stop")

    async def forget(self, id: str) -> None:
        with self._lock:
            if (entry := self._visible(id)) is not None:
                self._end_early(entry, "drop")
                entry.hidden = True
                if entry.job.is_over:
                    self._drop([id])

    async def stats(self) -> Stats:
        with self._lock:
            sums = {name: getattr(self._stats, name).copy() for name in ("ended", "seconds", "waited")}
            return Stats(len(self._waiting), self._stats.running, len(self._ready), **sums)

    async def domains(self) -> list[dict[str, Any]]:
        with self._lock:
            if self._trouble and not self._ready:
                raise StyleclipError(self._trouble)
            return [worker.description for worker in self._ready][:1]

    # --- with the lock -------------------------------------------------------------------------------------------------

    def _visible(self, id: str) -> _Entry | None:
        entry = self._entries.get(id)
        return None if entry is None or entry.hidden else entry

    def _end_early(self, entry: _Entry, wish: Wish) -> None:
        """Tells the worker of a running job; cancels a waiting one."""
        if entry.job.state == "running":
            entry.wish = wish
        elif entry.job.state == "queued":
            self._waiting.remove(entry.job.id)
            self._end(entry, state="cancelled")

    def _shown(self, entry: _Entry) -> Job:
        """A copy of the job in its current state."""
        ahead = self._waiting.index(entry.job.id) if entry.job.state == "queued" else 0
        return replace(entry.job, ahead=ahead)

    def _end(self, entry: _Entry, pictures: dict[str, bytes] | None = None, **changes: Any) -> None:
        """The job is over; the uploaded picture is no longer needed."""
        entry.upload, entry.pictures = b"", pictures or {}
        self._change(entry, ended=time.time(), made=tuple(entry.pictures), **changes)
        self._stats.count(entry.job)
        if entry.hidden:
            self._drop([entry.job.id])
        self._make_room()

    @staticmethod
    def _change(entry: _Entry, **changes: Any) -> None:
        entry.job = replace(entry.job, version=entry.job.version + 1, **changes)

    def _make_room(self) -> None:
        """Deletes the oldest results if there are too many; the newest stays, however large it is."""
        over = sorted((entry for entry in self._entries.values() if entry.job.is_over), key=lambda entry: -entry.job.ended)
        sizes = accumulate(sum(map(len, entry.pictures.values())) for entry in over)
        self._drop([entry.job.id for entry, size in list(zip(over, sizes))[1:] if size > self.limits.keep_megabytes * 1_000_000])

    def _drop(self, ids: Iterable[str]) -> None:
        for id in ids:
            self._entries.pop(id, None)
        self._keys = {key: id for key, id in self._keys.items() if id in self._entries}

    # --- the threads ---------------------------------------------------------------------------------------------------

    def _look_after(self, worker: WorkerProcess) -> None:
        """The thread of one worker: keeps it alive and gives it one job after another."""
        try:
            while not self._closing:
                if self._is_up(worker) and (entry := self._next()) is not None:
                    self._run(worker, entry)
        finally:
            worker.close()

    def _is_up(self, worker: WorkerProcess) -> bool:
        """Starts the worker if it is not running. If that fails, waits a while and returns False."""
        if not worker.is_alive:
            with self._lock:
                self._ready.discard(worker)
        try:
            worker.start(lambda: self._closing)
        except (CrashedError, StyleclipError) as error:
            with self._lock:
                self._trouble = str(error) or "The worker ends as soon as it starts; the server's log says why."
                if not self._closing:
                    log.error("A worker does not start: %s", self._trouble)
                    self._lock.wait(BETWEEN_STARTS)
            return False
        with self._lock:
            self._ready.add(worker)
            self._trouble = ""
        return True

    def _next(self) -> _Entry | None:
        """The next job; None if there is none for a while, so that the worker is checked again."""
        with self._lock:
            if not self._waiting and not self._closing:
                self._lock.wait(1.0)
            if not self._waiting or self._closing:
                return None
            entry = self._entries[self._waiting.popleft()]
            self._change(entry, state="running", started=time.time())
            self._stats.running += 1
            return entry

    def _run(self, worker: WorkerProcess, entry: _Entry) -> None:
        def tell(progress: Progress) -> None:
            with self._lock:
                if progress.preview:
                    entry.pictures["preview"] = progress.preview
                self._change(entry, phase=progress.phase, step=progress.step, steps=progress.steps,
                             previews=entry.job.previews + bool(progress.preview))

        try:
            answer = worker.run(entry.job.task.to_dict(), entry.upload, tell=tell, wish=lambda: entry.wish, seconds=self.limits.job_seconds)
        except CrashedError:
            log.error("A worker ended unexpectedly; it is replaced, and its job has failed.")
            answer = Failed(503, CRASHED)
        with self._lock:
            self._stats.running -= 1
            if answer is None or entry.hidden:
                self._end(entry, state="cancelled")
            elif isinstance(answer, Done):
                self._end(entry, answer.pictures, state="done", facts=answer.facts)
            else:
                self._end(entry, state="failed", problem={"status": answer.status, "detail": answer.detail})

    def _expire(self) -> None:
        """The thread that deletes expired results."""
        while not self._closing:
            with self._lock:
                oldest = time.time() - 60 * self.limits.keep_minutes
                self._drop([id for id, entry in self._entries.items() if entry.job.is_over and entry.job.ended < oldest])
                self._lock.wait(min(5.0, 6 * self.limits.keep_minutes))
