"""A broker accepts jobs and has them computed: its interface to the service, and what all brokers refuse."""

from __future__ import annotations

import asyncio
import hashlib
import json
import math
import secrets
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Literal

from .limits import Limits
from .tasks import Job, Task

CRASHED = "The worker that computed this ended unexpectedly and is being replaced: send the job again."


class RefusedError(Exception):
    """A job that is not accepted. status as in HTTP, retry_after in seconds."""

    def __init__(self, status: Literal[409, 422, 429, 503], detail: str, retry_after: int = 0):
        super().__init__(detail)
        self.status, self.detail, self.retry_after = status, detail, retry_after


@dataclass
class Stats:
    """Figures for the metrics. ended, seconds, waited: by (task, method, state), the last two as sums."""

    queued: int = 0
    running: int = 0
    workers: int = 0
    ended: Counter = field(default_factory=Counter)
    seconds: Counter = field(default_factory=Counter)
    waited: Counter = field(default_factory=Counter)

    def count(self, job: Job) -> None:
        """Counts a job that is over."""
        key = job.task.KIND, job.task.method, job.state
        self.ended[key] += 1
        self.seconds[key] += max(0.0, job.ended - (job.started or job.ended))
        self.waited[key] += max(0.0, (job.started or job.ended) - job.created)


class Broker(ABC):
    """Accepts jobs, tracks their progress, and deletes them."""

    PAUSE = 0.03
    """Seconds between two queries of a followed job."""

    def __init__(self, limits: Limits):
        self.limits = limits

    @abstractmethod
    async def start(self) -> None:
        """Starts the broker. Raises StyleclipError if it cannot start."""

    @abstractmethod
    async def close(self) -> None:
        """Stops at once, whatever is running."""

    @abstractmethod
    async def submit(self, task: Task, picture: bytes, client: str, key: str = "") -> Job:
        """Queues a task. key: an idempotency key; the same one of the same client with the same task is the same job, unless that crashed.

        Raises RefusedError: 503 for a full queue, 429 for a client that has too many jobs, 422 for a key that was used for another task.
        """

    @abstractmethod
    async def find(self, id: str) -> Job | None:
        """The current state of a job; None if there is no such job, or no longer."""

    @abstractmethod
    async def picture(self, id: str, name: str) -> bytes | None:
        """A picture of a job: one of those in `Job.made` as a PNG file, or "preview", a JPEG; None if there is none."""

    @abstractmethod
    async def stop(self, id: str) -> None:
        """Stops a running job with the best result so far; cancels one that has not started."""

    @abstractmethod
    async def forget(self, id: str) -> None:
        """Cancels a job and deletes everything about it."""

    @abstractmethod
    async def stats(self) -> Stats:
        """Figures for the metrics."""

    @abstractmethod
    async def domains(self) -> list[dict[str, Any]]:
        """The domains of the workers, as `computing.description` gives them; none before a worker is ready."""

    async def follow(self, id: str, seconds: float, beat: float = math.inf) -> AsyncIterator[Job | None]:
        """The job, and again whenever it has changed, until it is over or the time is up; None after so many seconds without a change."""
        begun = last = time.monotonic()
        version = -1
        while (job := await self.find(id)) is not None:
            now = time.monotonic()
            if job.version != version or now > last + beat:
                yield job if job.version != version else None
                version, last = job.version, now
            if job.is_over or now > begun + seconds:
                return
            await asyncio.sleep(self.PAUSE)


def new_id() -> str:
    """A name that nobody guesses: whoever knows it may see the job."""
    return secrets.token_urlsafe(16)


def fingerprint(task: Task, picture: bytes) -> str:
    """The same for the same task with the same picture."""
    return hashlib.sha256(json.dumps(task.to_dict(), sort_keys=True).encode() + b"\0" + picture).hexdigest()


def begins_anew(job: Job) -> bool:
    """Whether a request that is sent again with the key of this job is a new one: the job failed, and not for what it asked for."""
    return job.state == "failed" and job.problem["status"] >= 500


def full(limits: Limits) -> RefusedError:
    return RefusedError(503, f"{limits.queue} jobs are already waiting: try again later.", 5)


def too_many(limits: Limits) -> RefusedError:
    return RefusedError(429, f"You have {limits.client_jobs} waiting or running jobs: wait for one of them to end.", 5)


def used_key() -> RefusedError:
    return RefusedError(422, "This Idempotency-Key was already used for another request: take a new one for every new request.")
