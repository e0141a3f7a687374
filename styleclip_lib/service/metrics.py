"""What Prometheus reads at /metrics: requests of this process, and jobs of the broker."""

from __future__ import annotations

import time
from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .broker import Stats

TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300)


class Metrics:
    """ASGI middleware that counts requests, by method, route and status; job ids are no part of a label."""

    def __init__(self, app: ASGIApp):
        self.app, self.registry = app, CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("styleclip_requests", "HTTP requests that were answered", labels, registry=self.registry)
        self._seconds = Histogram("styleclip_request_seconds", "from the request to the end of the answer", labels[:2], buckets=BUCKETS,
                                  registry=self.registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status = time.monotonic(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        scope["metrics"] = self
        try:
            await self.app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "DELETE", "OPTIONS") else "other"
            self._requests.labels(method, route, status or "none").inc()
            self._seconds.labels(method, route).observe(time.monotonic() - begun)

    def text(self, stats: Stats) -> bytes:
        """The page that Prometheus reads."""
        jobs = CollectorRegistry()
        jobs.register(_Jobs(stats))
        return generate_latest(self.registry) + generate_latest(jobs)


class _Jobs:
    """What the broker knows, as Prometheus wants it."""

    def __init__(self, stats: Stats):
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("styleclip_jobs_queued", "jobs that wait", self._stats.queued)
        yield GaugeMetricFamily("styleclip_jobs_running", "jobs that are computed", self._stats.running)
        yield GaugeMetricFamily("styleclip_workers", "workers whose models are loaded", self._stats.workers)
        labels = ["task", "method", "state"]
        for name, help, sums in (("styleclip_jobs", "jobs that are over", self._stats.ended),
                                 ("styleclip_job_seconds", "that jobs were computed", self._stats.seconds),
                                 ("styleclip_job_wait_seconds", "that jobs waited", self._stats.waited)):
            family = CounterMetricFamily(name, help, labels=labels)
            for key, value in sorted(sums.items()):
                family.add_metric(key, value)
            yield family
