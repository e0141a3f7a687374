"""The web server: uvicorn, with an end to clients that never finish what they say, and to itself that finishes what it has begun."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from .app import create_app
from .problems import problem
from .running import Service

HEADER_SECONDS = 10.0
"""In which the first line and the headers of a request have to be here."""

AFTER = 5.0
"""Seconds after its last job for which a server that is about to end can be asked for the result."""

log = logging.getLogger("styleclip")


class ImpatientProtocol(H11Protocol):
    """Closes connections on which no request arrives, or whose client does not take the answer; uvicorn itself waits for ever."""

    answer_seconds = 30.0
    most_connections = 256
    _headers: asyncio.TimerHandle | None = None
    _answer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        self._look_again()
        if len(self.connections) > self.most_connections:
            self.app = problem(503, f"{self.most_connections} connections are already open: try again in a moment.",
                               {"Retry-After": "2", "Connection": "close"})

    def pause_writing(self) -> None:
        """The client does not keep up: what it has not taken within some seconds is dropped, and the memory is free."""
        super().pause_writing()
        self._answer = self.loop.call_later(self.answer_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        if self._answer is not None:
            self._answer.cancel()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._headers, self._answer):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def _look_again(self) -> None:
        self._headers = self.loop.call_later(HEADER_SECONDS, self._look, self.cycle)

    def _look(self, answered: Any) -> None:
        """Closes the connection if the request that was answered at the last look is still the last one."""
        idle = self.cycle is None or self.cycle.response_complete
        if idle and self.cycle is answered:
            self.transport.close()
        else:
            self._look_again()


class DrainingServer(uvicorn.Server):
    """At the first SIGTERM no job is taken any more, and those that were taken are finished; at the second everything ends."""

    def __init__(self, config: uvicorn.Config, service: Service):
        super().__init__(config)
        self.service = service
        self._drained: asyncio.Task | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig == signal.SIGTERM and not self.service.draining:
            self.service.draining = True
            log.warning("SIGTERM: finishing the jobs that were taken, for %d seconds at most.", self.service.limits.drain_seconds)
            return
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        if self.service.draining and self._drained is None:
            self._drained = asyncio.create_task(self._drain())
        return await super().on_tick(counter)

    async def _drain(self) -> None:
        """Ends the server as soon as nothing is left to do, and the results could be fetched."""
        end, busy = time.monotonic() + self.service.limits.drain_seconds, False
        while time.monotonic() < end:
            try:
                stats = await self.service.broker.stats()
            except Exception:  # a queue that cannot be reached has no results to wait for
                break
            if not stats.queued and not stats.running:
                break
            busy = True
            await asyncio.sleep(0.1)
        await asyncio.sleep(AFTER if busy else 0.0)
        self.should_exit = True


def make_server(service: Service, host: str, port: int) -> DrainingServer:
    """A server, which `run()` starts; it serves until a signal, or `should_exit`, ends it."""
    limits = service.limits
    protocol = type("Protocol", (ImpatientProtocol,), {"answer_seconds": limits.request_seconds, "most_connections": limits.connections})
    return DrainingServer(uvicorn.Config(
        create_app(service), host=host, port=port, http=protocol, ws="none", loop="asyncio", log_level="warning", access_log=False,
        server_header=False, timeout_keep_alive=15, timeout_graceful_shutdown=10, backlog=512,
        lifespan="on"), service)
