"""Jobs through Redis: RQ hands them to workers on any number of machines (`styleclip work`), and what they do comes back the same way.

RQ's messages hold a job's id and nothing else, as JSON, so that no worker unpickles anything. All that is known of a job lies under keys
that expire. Whoever may write to this Redis decides what workers do: it belongs into a network of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter
from typing import Any

import redis
import redis.asyncio
import rq
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer

from ..errors import StyleclipError
from .broker import CRASHED, Broker, Stats, fingerprint, full, new_id, too_many, used_key
from .limits import Limits
from .process import CrashedError, Done, Failed, Progress, Wish, WorkerProcess
from .tasks import Job, Task

PREFIX = "styleclip"
QUEUE = "styleclip"
ALIVE = 10
"""Seconds after which a worker that gives no sign of life counts as dead, and its job goes to another one."""
ATTEMPTS = 3
"""Workers that may die of one job before it counts as failed."""

log = logging.getLogger("styleclip")


def queue_of(connection: redis.Redis) -> rq.Queue:
    """RQ's queue of the jobs."""
    return rq.Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def connected(address: str) -> redis.Redis:
    """A connection to the Redis at an address. Raises StyleclipError if nobody answers there."""
    try:
        connection = redis.Redis.from_url(address, socket_connect_timeout=5, health_check_interval=30)
        connection.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise StyleclipError(f"No Redis answers at the address of --broker ({type(error).__name__}): it looks like redis://HOST:6379/0.") \
            from None
    return connection


# --- what lies in Redis ------------------------------------------------------------------------------------------------------


def _key(kind: str, id: str) -> str:
    return f"{PREFIX}:{kind}:{id}"


def _packed(job: Job) -> dict[str, Any]:
    """A new job as a hash of Redis."""
    return {"task": json.dumps(job.task.to_dict()), "state": job.state, "created": job.created, "version": 0}


def _unpacked(id: str, found: dict[bytes, bytes]) -> Job:
    """The job that a hash describes."""
    read = {name.decode(): value for name, value in found.items()}
    numbers = {name: int(read.get(name, 0)) for name in ("step", "steps", "previews", "version")}
    times = {name: float(read.get(name, 0)) for name in ("created", "started", "ended")}
    return Job(id, Task.from_dict(json.loads(read["task"])), read["state"].decode(), phase=read.get("phase", b"").decode(),
               facts=json.loads(read.get("facts", b"{}")), made=tuple(json.loads(read.get("made", b"[]"))),
               problem=json.loads(read.get("problem", b"null")), **numbers, **times)


class RedisBroker(Broker):
    """Hands jobs to the workers that `styleclip work` has started, wherever they are."""

    PAUSE = 0.1

    def __init__(self, address: str, limits: Limits):
        super().__init__(limits)
        self._connection = connected(address)
        self._redis = redis.asyncio.Redis.from_url(address, socket_connect_timeout=5)
        self._queue = queue_of(self._connection)
        self._tidying: asyncio.Task | None = None

    @property
    def _keep(self) -> int:
        return max(1, int(60 * self.limits.keep_minutes))

    @property
    def _longest(self) -> int:
        """Seconds that a job may lie in Redis before it is over: it waits for all before it, and is computed."""
        return self.limits.job_seconds * (self.limits.queue + ATTEMPTS + 1) + 60

    async def start(self) -> None:
        self._tidying = asyncio.create_task(self._tidy())

    async def close(self) -> None:
        if self._tidying is not None:
            self._tidying.cancel()
        await self._redis.aclose()
        self._connection.close()

    async def submit(self, task: Task, picture: bytes, client: str, key: str = "") -> Job:
        return await asyncio.to_thread(self._submit, task, picture, client, key)

    def _submit(self, task: Task, picture: bytes, client: str, key: str) -> Job:
        mark, known = fingerprint(task, picture) if key else "", _key("key", f"{client} {key}")
        with self._connection.lock(_key("lock", "submit"), timeout=10):
            if key and (found := self._connection.hgetall(known)):
                if found[b"mark"].decode() != mark:
                    raise used_key()
                id = found[b"id"].decode()
                if content := self._connection.hgetall(_key("job", id)):
                    return _unpacked(id, content)
            self._check_room(client)
            job = Job(new_id(), task, created=time.time())
            with self._connection.pipeline() as pipe:
                pipe.hset(_key("job", job.id), mapping=_packed(job))
                pipe.set(_key("upload", job.id), picture)
                pipe.zadd(_key("client", client), {job.id: time.time()})
                if key:
                    pipe.hset(known, mapping={"id": job.id, "mark": mark})
                    pipe.expire(known, self._longest)
                for one in (_key("job", job.id), _key("upload", job.id), _key("client", client)):
                    pipe.expire(one, self._longest)
                pipe.execute()
            self._queue.enqueue_call(compute_job, (job.id, self.limits.job_seconds, self._keep), job_id=job.id, description="a job",
                                     timeout=2 * self.limits.job_seconds + 60, result_ttl=0, failure_ttl=60,
                                     retry=rq.Retry(max=ATTEMPTS - 1))
        return job

    def _check_room(self, client: str) -> None:
        """Raises RefusedError where the queue is full, or a client has too many jobs."""
        if self._queue.count >= self.limits.queue:
            raise full(self.limits)
        own = self._connection.zrange(_key("client", client), 0, -1)
        unfinished = 0
        for id in own:
            state = self._connection.hget(_key("job", id.decode()), "state")
            if state in (b"queued", b"running"):
                unfinished += 1
            else:
                self._connection.zrem(_key("client", client), id)
        if unfinished >= self.limits.client_jobs:
            raise too_many(self.limits)

    async def find(self, id: str) -> Job | None:
        found = await self._redis.hgetall(_key("job", id))
        if b"task" not in found or b"hidden" in found:
            return None
        job = _unpacked(id, found)
        if job.state == "queued":
            job.ahead = await asyncio.to_thread(self._queue.get_job_position, id) or 0
        return job

    async def picture(self, id: str, name: str) -> bytes | None:
        return await self._redis.hget(_key("pictures", id), name)

    async def stop(self, id: str) -> None:
        await asyncio.to_thread(self._end_early, id, "stop")

    async def forget(self, id: str) -> None:
        await asyncio.to_thread(self._end_early, id, "drop")

    def _end_early(self, id: str, wish: Wish) -> None:
        """A job that runs hears of it; one that waits is cancelled. One that is dropped is hidden, and taken away when it is over."""
        state = self._connection.hget(_key("job", id), "state")
        if state == b"queued":
            with contextlib.suppress(NoSuchJobError):
                rq.job.Job.fetch(id, self._connection, JSONSerializer).delete()
            end_job(self._connection, id, self._keep, state="cancelled")
        elif state == b"running":
            self._connection.hset(_key("job", id), mapping={"wish": wish, **({"hidden": 1} if wish == "drop" else {})})
        if wish == "drop" and state != b"running":
            self._connection.delete(*(_key(kind, id) for kind in ("job", "upload", "pictures")))

    async def stats(self) -> Stats:
        return await asyncio.to_thread(self._stats)

    def _stats(self) -> Stats:
        sums = {name: _sums(self._connection.hgetall(_key("stats", name))) for name in ("ended", "seconds", "waited")}
        return Stats(self._queue.count, self._queue.started_job_registry.get_job_count(cleanup=False), len(self._domains()), **sums)

    async def domains(self) -> list[dict[str, Any]]:
        return (await asyncio.to_thread(self._domains))[:1]

    def _domains(self) -> list[dict[str, Any]]:
        """One for each worker that gives signs of life."""
        keys = list(self._connection.scan_iter(_key("worker", "*")))
        return [json.loads(found) for found in (self._connection.mget(keys) if keys else []) if found]

    async def _tidy(self) -> None:
        """Now and then gives the jobs of dead workers to others, and says of those that nobody could compute that they have failed."""
        while True:
            with contextlib.suppress(redis.RedisError):
                await asyncio.to_thread(self._hand_on)
            await asyncio.sleep(2.0)

    def _hand_on(self) -> None:
        self._queue.started_job_registry.cleanup()
        failed = self._queue.failed_job_registry
        for id in failed.get_job_ids(cleanup=False):
            end_job(self._connection, id, self._keep, state="failed", problem={"status": 503, "detail": CRASHED})
            failed.remove(id, delete_job=True)


def _sums(found: dict[bytes, bytes]) -> Counter:
    return Counter({tuple(name.decode().split(" ")): float(value) for name, value in found.items()})


def end_job(connection: redis.Redis, id: str, keep: int, pictures: dict[str, bytes] | None = None, **changes: Any) -> None:
    """A job is over: what came out is kept for so many seconds, and the picture that was uploaded goes at once."""
    found = connection.hgetall(_key("job", id))
    if b"task" not in found or _unpacked(id, found).is_over:
        return
    job, kept = _unpacked(id, found), _key("pictures", id)
    job.state, job.ended = changes["state"], time.time()
    stats = Stats()
    stats.count(job)
    packed = {name: value if isinstance(value, str) else json.dumps(value) for name, value in changes.items()}
    with connection.pipeline() as pipe:
        pipe.delete(_key("upload", id), kept)
        if pictures:
            pipe.hset(kept, mapping=pictures)
            pipe.expire(kept, keep)
        pipe.hset(_key("job", id), mapping={**packed, "made": json.dumps(list(pictures or {})), "ended": job.ended})
        pipe.hincrby(_key("job", id), "version", 1)
        pipe.expire(_key("job", id), keep)
        if b"hidden" in found:
            pipe.delete(_key("job", id), kept)
        for name in ("ended", "seconds", "waited"):
            for what, value in getattr(stats, name).items():
                pipe.hincrbyfloat(_key("stats", name), " ".join(what), float(value))
        pipe.execute()


# --- the worker ---------------------------------------------------------------------------------------------------------------


class RedisWorker(rq.SimpleWorker):
    """RQ's worker with a `WorkerProcess`, which stays from job to job; while that computes, this one gives signs of life."""

    current: RedisWorker | None = None

    def __init__(self, connection: redis.Redis, process: WorkerProcess):
        super().__init__([queue_of(connection)], connection=connection, serializer=JSONSerializer, worker_ttl=20, job_monitoring_interval=2,
                         log_job_description=False, disable_default_exception_handler=True)
        self.process, self._last = process, 0.0
        RedisWorker.current = self

    def get_heartbeat_ttl(self, job: rq.job.Job, working_time: float = 0.0) -> int:
        return ALIVE

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Also tells the service what domain there is."""
        super().heartbeat(timeout, pipeline)
        if self.process.description:
            self.connection.set(_key("worker", self.name), json.dumps(self.process.description), ex=30)

    def show_life(self) -> None:
        """Called often during a job; does something every two seconds."""
        if time.monotonic() > self._last + 2:
            self._last = time.monotonic()
            job = self.get_current_job()
            if job is not None and self.execution is not None:
                self.maintain_heartbeats(job, self.execution)

    def teardown(self) -> None:
        self.connection.delete(_key("worker", self.name))
        super().teardown()


def compute_job(id: str, seconds: int, keep: int) -> None:
    """What RQ calls in a worker: takes the job out of Redis, has it computed, and puts the result back."""
    worker = RedisWorker.current
    connection = worker.connection
    found, upload = connection.hgetall(_key("job", id)), connection.get(_key("upload", id))
    if b"task" not in found or upload is None or b"hidden" in found:
        return  # forgotten meanwhile
    connection.hset(_key("job", id), mapping={"state": "running", "started": time.time()})

    def tell(progress: Progress) -> None:
        with connection.pipeline() as pipe:
            pipe.hset(_key("job", id), mapping={"phase": progress.phase, "step": progress.step, "steps": progress.steps})
            pipe.hincrby(_key("job", id), "version", 1)
            if progress.preview:
                pipe.hset(_key("pictures", id), "preview", progress.preview)
                pipe.expire(_key("pictures", id), keep)
                pipe.hincrby(_key("job", id), "previews", 1)
            pipe.execute()
        worker.show_life()

    def wish() -> Wish:
        worker.show_life()
        return (connection.hget(_key("job", id), "wish") or b"go on").decode()

    try:
        worker.process.start()
        answer = worker.process.run(json.loads(found[b"task"]), upload, tell=tell, wish=wish, seconds=seconds)
    except CrashedError:
        log.error("The worker process ended unexpectedly; it is replaced, and its job has failed.")
        answer = Failed(503, CRASHED)
    if isinstance(answer, Done):
        end_job(connection, id, keep, answer.pictures, state="done", facts=answer.facts)
    elif answer is None:
        end_job(connection, id, keep, state="cancelled")
    else:
        end_job(connection, id, keep, state="failed", problem={"status": answer.status, "detail": answer.detail})


def work(address: str, process: WorkerProcess) -> None:
    """Computes jobs until a signal ends it; the job that is running is finished first. Raises StyleclipError for a domain that cannot be
    loaded, or where no Redis answers."""
    connection = connected(address)
    try:
        process.start()
        RedisWorker(connection, process).work(logging_level="WARNING")
    except CrashedError:
        raise StyleclipError("The worker process ends as soon as it starts; what it printed says why.") from None
    finally:
        process.close()


