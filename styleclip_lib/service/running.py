"""What a running service consists of."""

from __future__ import annotations

from dataclasses import dataclass, field

from .broker import Broker
from .limits import Limits
from .offline import OfflinePage


@dataclass
class Service:
    """The broker, the limits, and who may ask.

    hosts     names under which the service may be asked; "*" among them: under any
    offline   the page that edits in the browser, at /offline/; None: there is none
    draining  no new jobs are taken
    """

    broker: Broker
    limits: Limits = field(default_factory=Limits)
    api_key: str = ""
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1", "::1")
    offline: OfflinePage | None = None
    draining: bool = False

    @property
    def keep_seconds(self) -> float:
        return 60 * self.limits.keep_minutes
