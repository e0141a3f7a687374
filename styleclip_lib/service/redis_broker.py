"""The broker that hands jobs to the workers of other processes and machines (`styleclip work`), through Redis."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from typing import Any

import redis
import redis.asyncio
import rq
from rq.exceptions import NoSuchJobError
from rq.serializers import JSONSerializer

from .broker import CRASHED, Broker, Stats, begins_anew, fingerprint, full, new_id, too_many, used_key
from .limits import Limits
from .process import Wish
from .redis_store import connected, descriptions, end_job, is_visible, key_of, packed, queue_of, unpacked
from .redis_worker import ATTEMPTS, compute_job
from .tasks import Job, Task

START_SECONDS = 120
"""For a replaced process to load its models, and for a stopped job to return its result."""


class RedisBroker(Broker):
    """Hands jobs to the workers that `styleclip work` has started, on any machine."""

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
        """Seconds that an unfinished job may stay in Redis: it waits for all jobs before it, and is computed."""
        return self.limits.job_seconds * (self.limits.queue + 1) + ATTEMPTS * self._timeout

    @property
    def _timeout(self) -> int:
        """Seconds after which RQ gives up on a job, even if its worker sends heartbeats."""
        return ATTEMPTS * (self.limits.job_seconds + START_SECONDS)

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
        mark, known = fingerprint(task, picture) if key else "", key_of("key", f"{client} {key}")
        with self._connection.lock(key_of("lock", "submit"), timeout=10):
            if key and (stored := self._connection.hgetall(known)) and (earlier := self._visible(stored[b"id"].decode())):
                if stored[b"mark"].decode() != mark:
                    raise used_key()
                if not begins_anew(earlier):
                    return earlier
            self._check_room(client)
            job = Job(new_id(), task, created=time.time())
            with self._connection.pipeline() as pipe:
                pipe.hset(key_of("job", job.id), mapping=packed(job))
                pipe.set(key_of("upload", job.id), picture)
                pipe.zadd(key_of("client", client), {job.id: time.time()})
                if key:
                    pipe.hset(known, mapping={"id": job.id, "mark": mark})
                    pipe.expire(known, self._longest)
                for one in (key_of("job", job.id), key_of("upload", job.id), key_of("client", client)):
                    pipe.expire(one, self._longest)
                pipe.execute()
            self._queue.enqueue_call(compute_job, (job.id, self.limits.job_seconds, self._keep), job_id=job.id, description="a job",
                                     timeout=self._timeout, result_ttl=0, failure_ttl=60,
                                     retry=rq.Retry(max=ATTEMPTS - 1))
        return job

    def _visible(self, id: str) -> Job | None:
        content = self._connection.hgetall(key_of("job", id))
        return unpacked(id, content) if is_visible(content) else None

    def _check_room(self, client: str) -> None:
        """Raises RefusedError if the queue is full, or the client has too many jobs."""
        if self._queue.count >= self.limits.queue:
            raise full(self.limits)
        own = self._connection.zrange(key_of("client", client), 0, -1)
        unfinished = 0
        for id in own:
            state = self._connection.hget(key_of("job", id.decode()), "state")
            if state in (b"queued", b"running"):
                unfinished += 1
            else:
                self._connection.zrem(key_of("client", client), id)
        if unfinished >= self.limits.client_jobs:
            raise too_many(self.limits)

    async def find(self, id: str) -> Job | None:
        stored = await self._redis.hgetall(key_of("job", id))
        if not is_visible(stored):
            return None
        job = unpacked(id, stored)
        if job.state == "queued":
            job.ahead = await asyncio.to_thread(self._queue.get_job_position, id) or 0
        return job

    async def picture(self, id: str, name: str) -> bytes | None:
        return await self._redis.hget(key_of("pictures", id), name)

    async def stop(self, id: str) -> None:
        await asyncio.to_thread(self._end_early, id, "stop")

    async def forget(self, id: str) -> None:
        await asyncio.to_thread(self._end_early, id, "drop")

    def _end_early(self, id: str, wish: Wish) -> None:
        """Tells the worker of a running job; cancels a waiting one. A dropped job is hidden, and deleted when it is over."""
        state = self._connection.hget(key_of("job", id), "state")
        if state == b"queued":
            with contextlib.suppress(NoSuchJobError):
                rq.job.Job.fetch(id, self._connection, JSONSerializer).delete()
            end_job(self._connection, id, self._keep, state="cancelled")
        elif state == b"running":
            self._connection.hset(key_of("job", id), mapping={"wish": wish, **({"hidden": 1} if wish == "drop" else {})})
        if wish == "drop" and state != b"running":
            self._connection.delete(*(key_of(kind, id) for kind in ("job", "upload", "pictures")))

    async def stats(self) -> Stats:
        return await asyncio.to_thread(self._stats)

    def _stats(self) -> Stats:
        sums = {name: _sums(self._connection.hgetall(key_of("stats", name))) for name in ("ended", "seconds", "waited")}
        running = self._queue.started_job_registry.get_job_count(cleanup=False)
        return Stats(self._queue.count, running, len(descriptions(self._connection)), **sums)

    async def domains(self) -> list[dict[str, Any]]:
        return (await asyncio.to_thread(descriptions, self._connection))[:1]

    async def _tidy(self) -> None:
        """Every two seconds hands the jobs of dead workers to others, and marks those that none could compute as failed."""
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


def _sums(stored: dict[bytes, bytes]) -> Counter:
    return Counter({tuple(name.decode().split(" ")): float(value) for name, value in stored.items()})
