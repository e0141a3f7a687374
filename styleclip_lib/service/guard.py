"""What every request passes before the app sees it: size, time, key, origin; and what every answer carries."""

from __future__ import annotations

import asyncio
import hmac
import logging
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..errors import without_message
from .limits import Limits
from .problems import ProblemError, problem

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
                               "img-src 'self' blob: data:; connect-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
                               "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-cache",
}
"""The page loads nothing from elsewhere, is shown in no other one, and hands no address on. WebAssembly is for the offline page.
Files are asked for again, so that after an update no old script meets a new one."""

OPEN = ("/", "/healthz", "/readyz", "/openapi.json")
"""Paths that need no key: the page itself asks for it."""

OPEN_FOLDERS = ("/static/", "/offline/")
"""Their files need none either: browsers load them without one."""

SAFE = ("GET", "HEAD", "OPTIONS")

LINGER_SECONDS = 2.0
"""For which the rest of an upload that is too large is still taken."""

log = logging.getLogger("styleclip")


@dataclass
class Guard:
    """ASGI middleware.

    app     what is behind it
    limits  bytes, seconds, and uploads at once; a client whose upload is here, and who waits for the result, uploads no more
    api_key "" for none
    hosts   names under which the service may be asked, so that no name of another site leads here; "*" among them: any
    """

    app: ASGIApp
    limits: Limits
    api_key: str = ""
    hosts: tuple[str, ...] = ("*",)
    _bodies: set[_Body] = field(default_factory=set)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        answer = _Answer(send, private=scope["path"].startswith("/v1/"))
        if refusal := self._refusal(scope):
            await refusal(scope, receive, answer)
            return
        body = _Body(receive, self.limits)
        if scope["method"] not in SAFE:
            self._bodies.add(body)
        try:
            await self.app(scope, body.receive, answer)
        except Exception as error:  # answered by now, unless half of another answer was sent
            log.error("In a request: %s", without_message(error))
        finally:
            self._bodies.discard(body)

    def _refusal(self, scope: Scope) -> Any:
        """The answer to a request that the app need not see; None for all others."""
        headers = Headers(scope=scope)
        if "*" not in self.hosts and _name(headers.get("host", "")) not in self.hosts:
            return problem(421, "This service does not answer under this host name: --hosts does not list it.")
        if scope["method"] not in SAFE:
            if not _same_site(headers):
                return problem(403, "This request comes from a page of another site, which is not allowed.")
            if sum(not body.whole for body in self._bodies) >= self.limits.uploads:
                return problem(503, f"{self.limits.uploads} uploads are already in progress: try again in a moment.", {"Retry-After": "2"})
        if self.api_key and not (scope["path"] in OPEN or scope["path"].startswith(OPEN_FOLDERS)) and not self._has_key(headers):
            return problem(401, "Send the API key of this service: Authorization: Bearer KEY.", {"WWW-Authenticate": "Bearer"})
        return None

    def _has_key(self, headers: Headers) -> bool:
        scheme, _, key = headers.get("authorization", "").partition(" ")
        return scheme.lower() == "bearer" and hmac.compare_digest(key.strip().encode(), self.api_key.encode())


def _same_site(headers: Headers) -> bool:
    """Whether a request comes from our own page, or from no page at all."""
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return False
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host", "")


def _name(host: str) -> str:
    """A host without its port: "localhost", "127.0.0.1", "::1"."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() and not host.endswith("]") else host
    return name.strip("[]").lower()


class _Body:
    """The request's body, which may not be too large, and has to be here in time: else it is a ProblemError for whoever reads it.

    whole   all of it is here, or its client is gone
    """

    def __init__(self, receive: Receive, limits: Limits):
        self._receive, self._limits, self._left, self.whole = receive, limits, limits.megabytes * 1_000_000, False
        self._end = asyncio.get_running_loop().time() + limits.request_seconds

    async def receive(self) -> Message:
        if self.whole:
            return await self._receive()  # nothing but the client's going comes now
        message = await self._next()
        if self._left < 0:
            self._end = min(self._end, asyncio.get_running_loop().time() + LINGER_SECONDS)
            with suppress(ProblemError):
                while not self.whole and self._left > -self._limits.megabytes * 1_000_000:
                    await self._next()  # to nowhere: a client hears why only once it has sent what it had
            raise ProblemError(413, f"This is larger than {self._limits.megabytes} MB: send a smaller picture.", {"Connection": "close"})
        return message

    async def _next(self) -> Message:
        """The next part of the body, if it comes in time."""
        try:
            message = await asyncio.wait_for(self._receive(), max(0.001, self._end - asyncio.get_running_loop().time()))
        except asyncio.TimeoutError:  # another class than TimeoutError in Python 3.10
            raise ProblemError(408, f"The request did not arrive within {self._limits.request_seconds} seconds.",
                               {"Connection": "close"}) from None
        self._left -= len(message.get("body", b""))
        self.whole = not message.get("more_body", False)
        return message


class _Answer:
    """Sends the answer with the headers of all answers."""

    def __init__(self, send: Send, private: bool):
        self._send, self._private = send, private

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
            if self._private:
                headers["Cache-Control"] = "no-store"
        await self._send(message)
