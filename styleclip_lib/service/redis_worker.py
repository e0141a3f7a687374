"""A worker that gets its jobs through Redis: RQ hands them out, a `WorkerProcess` computes them."""

from __future__ import annotations

import contextlib
import json
import logging
import time
from types import FrameType
from typing import Any

import redis
import rq
from rq.serializers import JSONSerializer

from ..errors import StyleclipError
from .broker import CRASHED
from .process import CrashedError, Done, Failed, Progress, Wish, WorkerProcess
from .redis_store import connected, descriptions, end_job, is_visible, key_of, queue_of

ALIVE = 10
"""Seconds without a heartbeat after which a worker counts as dead, and another one takes its job."""

ATTEMPTS = 3
"""Processes, and workers, that one job may crash before it counts as failed."""

log = logging.getLogger("styleclip")


class RedisWorker(rq.SimpleWorker):
    """RQ's worker with a `WorkerProcess`, which is kept from job to job; while that computes, this one sends heartbeats."""

    current: RedisWorker | None = None

    def __init__(self, connection: redis.Redis, process: WorkerProcess):
        super().__init__([queue_of(connection)], connection=connection, serializer=JSONSerializer, worker_ttl=20, job_monitoring_interval=2,
                         log_job_description=False)
        self.process, self.asked_to_end, self._last = process, False, 0.0
        RedisWorker.current = self

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.asked_to_end = True
        super().request_stop(signum, frame)

    def get_heartbeat_ttl(self, job: rq.job.Job, working_time: float = 0.0) -> int:
        return ALIVE

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Also publishes the domain for the service."""
        super().heartbeat(timeout, pipeline)
        if self.process.description:
            self.connection.set(key_of("worker", self.name), json.dumps(self.process.description), ex=30)

    def show_life(self) -> None:
        """Sends a heartbeat every two seconds; called more often than that during a job."""
        if time.monotonic() > self._last + 2:
            self._last = time.monotonic()
            job = self.get_current_job()
            if job is not None and self.execution is not None:
                self.maintain_heartbeats(job, self.execution)

    def teardown(self) -> None:
        self.connection.delete(key_of("worker", self.name))
        super().teardown()


def compute_job(id: str, seconds: int, keep: int) -> None:
    """The function that RQ calls in a worker: reads the job from Redis, has it computed, and stores the result."""
    worker = RedisWorker.current
    connection = worker.connection
    stored, upload = connection.hgetall(key_of("job", id)), connection.get(key_of("upload", id))
    if upload is None or not is_visible(stored):
        return  # forgotten meanwhile
    connection.hset(key_of("job", id), mapping={"state": "running", "started": time.time()})

    def tell(progress: Progress) -> None:
        with connection.pipeline() as pipe:
            pipe.hset(key_of("job", id), mapping={"phase": progress.phase, "step": progress.step, "steps": progress.steps})
            pipe.hincrby(key_of("job", id), "version", 1)
            if progress.preview:
                pipe.hset(key_of("pictures", id), "preview", progress.preview)
                pipe.expire(key_of("pictures", id), keep)
                pipe.hincrby(key_of("job", id), "previews", 1)
            pipe.execute()
        worker.show_life()

    def still_here() -> bool:
        worker.show_life()
        return False

    def wish() -> Wish:
        worker.show_life()
        task, wanted = connection.hmget(key_of("job", id), "task", "wish")
        return "drop" if task is None else (wanted or b"go on").decode()

    answer: Done | Failed | None = Failed(503, CRASHED)
    for _ in range(ATTEMPTS):
        try:
            worker.process.start(still_here)
            answer = worker.process.run(json.loads(stored[b"task"]), upload, tell=tell, wish=wish, seconds=seconds)
            break
        except CrashedError:
            log.error("The worker process ended unexpectedly; it is replaced, and its job begins again.")
    if isinstance(answer, Done):
        end_job(connection, id, keep, answer.pictures, state="done", facts=answer.facts)
    elif answer is None:
        end_job(connection, id, keep, state="cancelled")
    else:
        end_job(connection, id, keep, state="failed", problem={"status": answer.status, "detail": answer.detail})


def work(address: str, process: WorkerProcess) -> None:
    """Computes jobs until a signal ends it; the current job is finished first. Raises StyleclipError if the domain cannot be loaded or is
    not that of the other workers, or Redis does not answer, or no longer does in the middle of a job."""
    connection = connected(address)
    try:
        process.start()
        _check_domain(connection, process.description["name"])
        worker = RedisWorker(connection, process)
        with contextlib.suppress(redis.RedisError):
            worker.work(logging_level="WARNING")
    except CrashedError:
        raise StyleclipError("The worker process ends as soon as it starts; what it printed says why.") from None
    finally:
        process.close()
    if not worker.asked_to_end:
        raise StyleclipError("The connection to Redis was lost: start the worker again once Redis answers.")


def _check_domain(connection: redis.Redis, name: str) -> None:
    """Raises StyleclipError if other workers have another domain: a job goes to any of them."""
    others = {one["name"] for one in descriptions(connection)} - {name}
    if others:
        raise StyleclipError(f"The other workers at this Redis have the domain '{min(others)}', this one has '{name}': use the same "
                             "--domain, or another database, such as redis://HOST:6379/1.")
