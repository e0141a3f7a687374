"""``styleclip serve``: the library over HTTP, and a page for phones."""

from __future__ import annotations

import importlib.util
import logging
import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, make_dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..errors import StyleclipError
from ..service.limits import Limits
from ..threads import cores
from .listening import check_free
from .parsing import Device, Domain, parse

NEEDED = ("fastapi", "uvicorn", "python_multipart", "prometheus_client", "rq")

KEY = "STYLECLIP_API_KEY"
"""The environment variable that holds the API key; on the command line everybody on the machine could read it."""


@dataclass
class Settings:
    """Edit faces over HTTP and on a page for phones, until Ctrl-C. SIGTERM finishes the running jobs first.
    To require an API key, set the environment variable STYLECLIP_API_KEY."""

    host: str = "127.0.0.1"
    """address to listen on; by default only this machine can connect; 0.0.0.0 for everybody"""
    port: int = 8000
    """port to listen on"""
    hosts: Annotated[str, tyro.conf.arg(metavar="NAME,NAME")] = ""
    """further host names and addresses under which browsers may reach the service, besides localhost; * for any"""
    workers: int = 1
    """number of worker processes, each with its own copy of the models; with --broker, start workers with styleclip work instead"""
    threads: int = 0
    """threads of each worker; 0: divide the cores among the workers"""
    broker: Annotated[str, tyro.conf.arg(metavar="redis://...")] = ""
    """the Redis server through which workers on this and other machines get their jobs"""
    offline: Path | None = None
    """folder written by styleclip export; the page offers it to browsers for editing without the server"""
    domain: Domain = "portraits"
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(with_limits(Settings), "serve", arguments)
    check_extra()
    limits = Limits(**{one.name: getattr(settings, one.name) for one in fields(Limits)})
    key = _key()
    _check(settings)

    from ..service.offline import OfflinePage
    from ..service.running import Service
    from ..service.server import make_server

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    hosts = ("localhost", "127.0.0.1", "::1", *({settings.host} - {"0.0.0.0", "::"}), *filter(None, settings.hosts.split(",")))
    offline = OfflinePage.read(settings.offline) if settings.offline is not None else None
    service = Service(_broker(settings, limits), limits, key, hosts, offline)
    shown = "localhost" if settings.host in ("0.0.0.0", "::", "127.0.0.1") else settings.host
    print(f"Open http://{shown}:{settings.port}/ in a browser; Ctrl-C stops the service.", flush=True)
    make_server(service, settings.host, settings.port).run()
    return 0


def with_limits(settings: type) -> type:
    """Settings with an option for each limit."""
    options = [(one.name, Annotated[type(one.default), tyro.conf.arg(help=one.metadata["help"])], one.default) for one in fields(Limits)]
    made = make_dataclass(settings.__name__, options, bases=(settings,))
    made.__doc__ = settings.__doc__
    return made


def check_extra() -> None:
    """Raises StyleclipError if the extra serve is not installed."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise StyleclipError(f"The package '{missing[0]}' is missing: install the extra with pip install --editable \".[serve]\".")


def threads_of(threads: int, workers: int) -> int:
    """Threads for each worker."""
    return threads or max(1, cores() // workers)


def _broker(settings: Settings, limits: Limits):
    if settings.broker:
        from ..service.redis_broker import RedisBroker

        return RedisBroker(settings.broker, limits)
    from ..service.local_broker import LocalBroker
    from ..service.process import WorkerProcess
    from ..weights.domain import lasting_name

    domain = lasting_name(settings.domain)  # reports what is missing before the server runs
    threads = threads_of(settings.threads, settings.workers)
    return LocalBroker([WorkerProcess(domain, settings.device, threads) for _ in range(settings.workers)], limits)


def _key() -> str:
    """The API key, "" for none. Raises StyleclipError for one that clients could not send."""
    key = os.environ.get(KEY, "")
    if not re.fullmatch("[!-~]*", key):
        raise StyleclipError(f"{KEY} travels in a header: let it consist of ASCII letters, digits and punctuation, without spaces.")
    return key


def _check(settings: Settings) -> None:
    if not 1 <= settings.workers <= 256 or not 0 <= settings.threads <= 1024:
        raise StyleclipError("--workers must lie between 1 and 256, and --threads between 0 and 1024.")
    check_free(settings.host, settings.port)
