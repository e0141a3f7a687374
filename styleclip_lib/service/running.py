"""The state of a running service."""

from __future__ import annotations

from dataclasses import dataclass, field

from .broker import Broker
from .limits import Limits
from .offline import OfflinePage


@dataclass
class Service:
    """The broker, the limits, and who may use the service.

    hosts     host names under which the service answers; with "*" among them, any
    offline   the page that edits in the browser, at /offline/, if there is one
    draining  whether new jobs are refused
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
