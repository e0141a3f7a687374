"""A service in a thread of the tests: with a real worker process on the tiny domain, or with stand-ins that do what a test wants."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import requests
from PIL import Image

pytest.importorskip("fastapi", reason='the extra serve is not installed: pip install --editable ".[serve]"')

from styleclip_lib.service.limits import Limits
from styleclip_lib.service.local_broker import LocalBroker
from styleclip_lib.service.process import Done, Progress, WorkerProcess
from styleclip_lib.service.running import Service
from styleclip_lib.service.server import make_server

LONGEST = 600.0
"""Seconds after which a test gives up; on a machine that does much else, all of it takes long."""


class Client(requests.Session):
    """A client of one service, by paths."""

    def __init__(self, address: str, service: Service):
        super().__init__()
        self.address, self.service = address, service

    def request(self, method, url, **more):
        return super().request(method, self.address + url, **{"timeout": LONGEST, **more})

    def ended(self, job: dict, seconds: float = LONGEST) -> dict:
        """The job once it is over."""
        end = time.monotonic() + seconds
        while job["state"] in ("queued", "running"):
            assert time.monotonic() < end, job
            time.sleep(0.02)
            job = self.get(job["links"]["self"]).json()
        return job


@contextmanager
def serving(service: Service) -> Iterator[Client]:
    """The service on a free port, until the end of the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = make_server(service, "127.0.0.1", port)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.01)
        yield Client(f"http://127.0.0.1:{port}", service)
    finally:
        server.should_exit = True
        thread.join()


class StandIn(WorkerProcess):
    """A worker without a process: each task is done by a function of the test.

    work  gets the task, tell and wish, as `WorkerProcess.run` does, and returns what that returns
    """

    def __init__(self, work: Callable):
        super().__init__("tiny")
        self.work, self.starts = work, 0

    @property
    def is_alive(self) -> bool:
        return bool(self.starts)

    def start(self, abandoned=lambda: False) -> None:
        self.starts += 1
        self.description = {"name": "tiny", "img_resolution": 32, "choices": {}, "readable": True}

    def run(self, task, picture, *, tell, wish, seconds):
        return self.work(task, tell, wish)

    def close(self) -> None:
        self.starts = 0


def at_once(task, tell, wish) -> Done:
    return Done({"done": task}, {"picture": png(), "before": png()})


def until_told(task, tell, wish) -> Done | None:
    """Takes steps until it is told to end."""
    for step in range(10_000):
        tell(Progress("editing", step, 10_000, b"preview"))
        if wish() != "go on":
            return at_once(task, tell, wish) if wish() == "stop" else None
        time.sleep(0.01)
    raise AssertionError("nobody ended it")


@contextmanager
def standing_in(work: Callable, workers: int = 1, **limits) -> Iterator[Client]:
    """A service with stand-ins for its workers."""
    chosen = Limits(**limits)
    with serving(Service(LocalBroker([StandIn(work) for _ in range(workers)], chosen), chosen)) as client:
        yield client


@pytest.fixture(scope="session")
def client(tiny_domain) -> Iterator[Client]:
    """A service with one real worker on the tiny domain."""
    limits = Limits(client_jobs=64)
    with serving(Service(LocalBroker([WorkerProcess(str(tiny_domain), "cpu")], limits), limits)) as client:
        end = time.monotonic() + LONGEST
        while client.get("/readyz").status_code != 200:
            assert time.monotonic() < end
            time.sleep(0.1)
        yield client


def png(size: int = 32, shade: int = 90) -> bytes:
    """A picture of the tiny domain's size."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((size, size)).convert("RGB").point(lambda value: min(255, value + shade)).save(file, "PNG")
    return file.getvalue()


def picture(**more) -> dict:
    """An upload."""
    return {"image": ("picture.png", png(**more), "image/png")}


QUICK = {"text": "a smiling face", "method": "directions", "inversion_steps": "2"}
"""An edit that takes next to no time."""
