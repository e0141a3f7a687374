"""How much one client, one job and one service may take."""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class Limits(Settings):
    """What is refused, and when things end."""

    queue: int = setting(32, "jobs that wait; more are refused with 503", low=0, high=100_000)
    client_jobs: int = setting(8, "waiting or running jobs of one client; more are refused with 429", low=1, high=100_000)
    megabytes: int = setting(20, "of one upload", low=1, high=400)
    uploads: int = setting(16, "concurrent uploads; more are refused with 503", low=1, high=10_000)
    job_seconds: int = setting(300, "of one job; it is then stopped, with the best result so far", low=1, high=86_400)
    request_seconds: int = setting(30, "in which a request has to arrive and a response to be taken", low=1, high=3600)
    wait_seconds: int = setting(300, "that a client may wait for a result with Prefer: wait", low=1, high=86_400)
    keep_minutes: float = setting(15.0, "after which pictures and results are gone", low=0.01, high=1440)
    keep_megabytes: int = setting(512, "of stored results; the oldest are deleted first", low=1, high=1_000_000)
    drain_seconds: int = setting(60, "for which jobs may go on after SIGTERM", low=0, high=86_400)
    connections: int = setting(256, "at once; more are refused with 503", low=1, high=100_000)
