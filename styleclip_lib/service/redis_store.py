"""What lies in Redis: a hash for each job, its pictures, sums for the metrics, and RQ's queue. All but the sums expires.

RQ's messages hold a job's id and nothing else, as JSON, so that no worker unpickles anything. Whoever can write to this Redis controls
what workers do: keep it on a private network.
"""

from __future__ import annotations

import json
import time
from typing import Any

import redis
import rq
from rq.serializers import JSONSerializer

from ..errors import StyleclipError
from .broker import Stats
from .tasks import Job, Task

PREFIX = "styleclip"
QUEUE = "styleclip"


def queue_of(connection: redis.Redis) -> rq.Queue:
    """RQ's queue of the jobs."""
    return rq.Queue(QUEUE, connection=connection, serializer=JSONSerializer)


def connected(address: str) -> redis.Redis:
    """A connection to the Redis at an address. Raises StyleclipError if it does not answer."""
    try:
        connection = redis.Redis.from_url(address, socket_connect_timeout=5, health_check_interval=30)
        connection.ping()
    except (redis.RedisError, ValueError, OSError) as error:
        raise StyleclipError(f"No Redis answers at the address of --broker ({type(error).__name__}): it looks like redis://HOST:6379/0.") \
            from None
    return connection


def key_of(kind: str, id: str) -> str:
    """The key of something: kind is "job", "upload", "pictures", "client", "key", "worker", "stats" or "lock"."""
    return f"{PREFIX}:{kind}:{id}"


def packed(job: Job) -> dict[str, Any]:
    """A new job as a hash of Redis."""
    return {"task": json.dumps(job.task.to_dict()), "state": job.state, "created": job.created, "version": 0}


def is_visible(stored: dict[bytes, bytes]) -> bool:
    """Whether a hash describes a job that nobody has deleted."""
    return b"task" in stored and b"hidden" not in stored


def unpacked(id: str, stored: dict[bytes, bytes]) -> Job:
    """The job that a hash describes."""
    read = {name.decode(): value for name, value in stored.items()}
    numbers = {name: int(read.get(name, 0)) for name in ("step", "steps", "previews", "version")}
    times = {name: float(read.get(name, 0)) for name in ("created", "started", "ended")}
    return Job(id, Task.from_dict(json.loads(read["task"])), read["state"].decode(), phase=read.get("phase", b"").decode(),
               facts=json.loads(read.get("facts", b"{}")), made=tuple(json.loads(read.get("made", b"[]"))),
               problem=json.loads(read.get("problem", b"null")), **numbers, **times)


def descriptions(connection: redis.Redis) -> list[dict[str, Any]]:
    """What each worker that sends heartbeats says of its domain."""
    keys = list(connection.scan_iter(key_of("worker", "*")))
    return [json.loads(stored) for stored in (connection.mget(keys) if keys else []) if stored]


def end_job(connection: redis.Redis, id: str, keep: int, pictures: dict[str, bytes] | None = None, **changes: Any) -> None:
    """Marks a job as over: its results are kept for so many seconds, and the uploaded picture is deleted at once."""
    stored = connection.hgetall(key_of("job", id))
    if b"task" not in stored:
        connection.delete(key_of("job", id))  # forgotten while a worker still wrote how far it was
        return
    job, kept = unpacked(id, stored), key_of("pictures", id)
    if job.is_over:
        return
    job.state, job.ended = changes["state"], time.time()
    stats = Stats()
    stats.count(job)
    written = {name: value if isinstance(value, str) else json.dumps(value) for name, value in changes.items()}
    with connection.pipeline() as pipe:
        pipe.delete(key_of("upload", id), kept)
        if pictures:
            pipe.hset(kept, mapping=pictures)
            pipe.expire(kept, keep)
        pipe.hset(key_of("job", id), mapping={**written, "made": json.dumps(list(pictures or {})), "ended": job.ended})
        pipe.hincrby(key_of("job", id), "version", 1)
        pipe.expire(key_of("job", id), keep)
        if b"hidden" in stored:
            pipe.delete(key_of("job", id), kept)
        for name in ("ended", "seconds", "waited"):
            for what, value in getattr(stats, name).items():
                pipe.hincrbyfloat(key_of("stats", name), " ".join(what), float(value))
        pipe.execute()
