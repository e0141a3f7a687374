"""``styleclip work``: one worker of a service, on this machine or another, that gets its jobs through Redis."""

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
    """Compute the jobs that `styleclip serve --broker` hands out. It runs until Ctrl-C or SIGTERM, and finishes its job first.
    Start as many as there are cores, on as many machines as there are."""

    broker: Annotated[str, tyro.conf.arg(metavar="redis://...")]
    """the Redis of the service"""
    threads: int = 0
    """threads of this worker; 0: the cores that there are"""
    domain: Domain = "portraits"
    """whose faces: the name of a domain, or a folder with one"""
    device: Device = "auto"
    """what computes"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "work", arguments)
    check_extra()
    if not 0 <= settings.threads <= 1024:
        raise StyleclipError("--threads must lie between 0 and 1024.")

    from ..service.process import WorkerProcess
    from ..service.redis_worker import work

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")
    print("Waiting for jobs; Ctrl-C ends it.", flush=True)
    work(settings.broker, WorkerProcess(settings.domain, settings.device, threads_of(settings.threads, 1)))
    return 0
