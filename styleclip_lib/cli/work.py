"""``styleclip work``: a worker of a service, on this machine or another, which gets its jobs through Redis."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from ..errors import StyleclipError
from .parsing import Device, Domain, parse
from .serve import check_extra, threads_of


@dataclass
class Settings:
    """Compute the jobs of `styleclip serve --broker`, until Ctrl-C or SIGTERM; the current job is finished first.
    Start one for each core, on any number of machines."""

    broker: Annotated[str, tyro.conf.arg(metavar="redis://...")]
    """the service's Redis server"""
    threads: int = 0
    """threads of this worker; 0: one for each core"""
    domain: Domain = "portraits"
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "work", arguments)
    check_extra()
    if not 0 <= settings.threads <= 1024:
        raise StyleclipError("--threads must lie between 0 and 1024.")

    from ..service.process import WorkerProcess
    from ..service.redis_worker import work

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    print("Waiting for jobs; Ctrl-C stops the worker.", flush=True)
    work(settings.broker, WorkerProcess(settings.domain, settings.device, threads_of(settings.threads, 1)))
    return 0
