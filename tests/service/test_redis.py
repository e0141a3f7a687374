"""Jobs through a real Redis: three workers, one of which dies in the middle of its job."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace

import psutil
import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.service.limits import Limits
from styleclip_lib.service.process import Progress
from styleclip_lib.service.redis_broker import RedisBroker
from styleclip_lib.service.redis_store import connected, end_job, key_of, packed, queue_of
from styleclip_lib.service.redis_worker import RedisWorker, compute_job, work
from styleclip_lib.service.running import Service
from styleclip_lib.service.tasks import Job, SampleTask

from .conftest import LONGEST, QUICK, Client, picture, serving

pytestmark = [pytest.mark.full, pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server here")]


@contextmanager
def redis_server(folder) -> Iterator[tuple[str, subprocess.Popen]]:
    """(the address of a Redis of our own that writes nothing to disk, its process)"""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
                              cwd=folder, stdout=subprocess.DEVNULL)
    try:
        end = time.monotonic() + LONGEST
        while subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False).stdout.strip() != b"PONG":
            assert server.poll() is None and time.monotonic() < end
            time.sleep(0.1)
        yield f"redis://127.0.0.1:{port}/0", server
    finally:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> Iterator[str]:
    with redis_server(tmp_path_factory.mktemp("redis")) as (address, _):
        yield address


@contextmanager
def worker(address: str, domain) -> Iterator[subprocess.Popen]:
    words = ["-m", "styleclip_lib", "work", "--broker", address, "--domain", str(domain), "--device", "cpu", "--threads", "1"]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextmanager
def farm(address: str, domain, workers: int) -> Iterator[tuple[Client, list[subprocess.Popen]]]:
    """A service with so many workers, all of them ready."""
    limits = Limits(client_jobs=100, job_seconds=120)
    with ExitStack() as stack:
        processes = [stack.enter_context(worker(address, domain)) for _ in range(workers)]
        client = stack.enter_context(serving(Service(RedisBroker(address, limits), limits)))
        end = time.monotonic() + LONGEST
        while f"styleclip_workers {workers:.1f}" not in client.get("/metrics").text:
            assert time.monotonic() < end and all(one.poll() is None for one in processes)
            time.sleep(0.3)
        yield client, processes


def test_three_workers_share_the_jobs_and_a_killed_one_loses_none(address, tiny_domain):
    with farm(address, tiny_domain, 3) as (client, processes):
        long = {"text": "a smiling face", "steps": "60", "early_exit": "1", "inversion_steps": "20"}
        jobs = [client.post("/v1/edits", files=picture(shade=shade), data=long).json() for shade in range(9)]
        end = time.monotonic() + LONGEST
        while sum(client.get(job["links"]["self"]).json()["state"] == "running" for job in jobs) < 3:
            assert time.monotonic() < end
            time.sleep(0.05)
        os.kill(processes[0].pid, signal.SIGKILL)
        over = [client.ended(job) for job in jobs]
        assert [job["state"] for job in over] == ["done"] * 9
        assert all(client.get(job["links"]["picture"]).status_code == 200 for job in over)

        job = client.post("/v1/edits", files=picture(), data=long).json()
        while client.get(job["links"]["self"]).json()["step"] < 10:
            time.sleep(0.05)
        for process in processes[1:]:  # the process that computes for a worker is lost, as where memory runs out; the worker replaces it
            max(psutil.Process(process.pid).children(), key=lambda one: one.memory_info().rss).kill()
        assert client.ended(job)["state"] == "done"

        again = client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait", "Idempotency-Key": "one"})
        same = client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait", "Idempotency-Key": "one"})
        assert again.headers["Location"] == same.headers["Location"] and again.content == same.content
        assert client.post("/v1/edits", files=picture(), data={**QUICK, "text": "a sad face"},
                           headers={"Idempotency-Key": "one"}).status_code == 422

        job = client.post("/v1/edits", files=picture(), data={**long, "steps": "900"}).json()
        while client.get(job["links"]["self"]).json()["step"] < 25:
            time.sleep(0.05)
        assert client.get(job["links"]["self"]).json()["previews"] and client.get(job["links"]["self"] + "/preview").status_code == 200
        client.post(job["links"]["self"] + "/stop")
        stopped = client.ended(job)
        assert stopped["state"] == "done" and stopped["result"]["recipe"]["recipe"]["stop_after"] < 900
        assert client.delete(job["links"]["self"]).status_code == 204
        assert client.get(job["links"]["self"]).status_code == 404
        bad = client.post("/v1/edits", files={"image": b"no picture"}, data=QUICK, headers={"Prefer": "wait"})
        assert bad.status_code == 422 and "not a picture" in bad.json()["detail"]


def test_a_key_leads_to_no_job_that_was_deleted_or_has_crashed(address):
    limits, form = Limits(client_jobs=100), {"seed": (None, "1")}
    with serving(Service(RedisBroker(address, limits), limits)) as client:
        def ask() -> str:
            return client.post("/v1/samples", files=form, headers={"Idempotency-Key": "again"}).json()["id"]

        connection = connected(address)
        first = ask()
        assert ask() == first
        connection.hset(key_of("job", first), mapping={"state": "running", "hidden": 1})  # deleted while it ran
        second = ask()
        assert second != first and client.get(f"/v1/samples/{second}").status_code == 200
        end_job(connection, second, 60, state="failed", problem={"status": 503, "detail": "It crashed."})
        third = ask()
        assert third not in (first, second)
        connection.delete(key_of("job", first), *(key_of(kind, id) for kind in ("job", "upload") for id in (second, third)))
        queue_of(connection).empty()


def test_without_redis_requests_are_refused_and_the_end_is_not_delayed(tmp_path):
    limits = Limits()
    with redis_server(tmp_path) as (address, process), serving(Service(RedisBroker(address, limits), limits)) as client:
        form = {"seed": (None, "1")}
        job = client.post("/v1/samples", files=form)
        assert job.status_code == 202
        process.kill()
        process.wait()
        for method, path in (("GET", job.headers["Location"]), ("POST", "/v1/samples"), ("DELETE", job.headers["Location"]),
                             ("GET", "/metrics"), ("GET", "/readyz")):
            answer = client.request(method, path, files=form if method == "POST" else None)
            assert answer.status_code == 503 and answer.headers["Retry-After"], path
            assert answer.headers["Content-Type"] == "application/problem+json" and answer.json()["detail"], path
        assert client.get("/healthz").status_code == 200
        client.service.draining = True


def test_a_worker_that_loses_redis_in_a_job_says_so(tmp_path):
    process = SimpleNamespace(start=lambda abandoned=None: None, close=lambda: None, description={"name": "tiny"})
    with redis_server(tmp_path) as (address, server):
        def run(task, upload, *, tell, wish, seconds):
            server.kill()
            server.wait()
            tell(Progress("drawing", 0, 1))

        process.run = run
        connection = connected(address)
        connection.hset(key_of("job", "one"), mapping=packed(Job("one", SampleTask())))
        connection.set(key_of("upload", "one"), b"")
        queue_of(connection).enqueue_call(compute_job, ("one", 60, 60), job_id="one")
        with pytest.raises(StyleclipError, match="connection to Redis was lost"):
            work(address, process)


def test_a_worker_with_another_domain_is_refused(address):
    connected(address).set(key_of("worker", "one"), json.dumps({"name": "portraits"}), ex=30)
    process = SimpleNamespace(start=lambda abandoned=None: None, close=lambda: None, description={"name": "tiny"})
    with pytest.raises(StyleclipError, match="have the domain 'portraits', this one has 'tiny'"):
        work(address, process)
    connected(address).delete(key_of("worker", "one"))


def test_a_job_that_is_forgotten_as_it_begins_leaves_nothing(address, monkeypatch):
    """Everything of a job goes between two looks of its worker: the worker hears of it, and what it wrote since is taken away."""
    connection, heard = connected(address), []
    connection.hset(key_of("job", "one"), mapping=packed(Job("one", SampleTask())))
    connection.set(key_of("upload", "one"), b"")

    def compute(task, upload, *, tell, wish, seconds):
        heard.append(wish())
        connection.delete(key_of("job", "one"), key_of("upload", "one"))
        tell(Progress("drawing", 0, 1))
        heard.append(wish())

    process = SimpleNamespace(start=lambda abandoned: None, run=compute)
    monkeypatch.setattr(RedisWorker, "current", SimpleNamespace(connection=connection, process=process, show_life=lambda: None))
    compute_job("one", 60, 60)
    assert heard == ["go on", "drop"] and not connection.exists(key_of("job", "one"))


def test_no_redis_is_reported_in_a_sentence():
    words = [sys.executable, "-m", "styleclip_lib", "serve", "--broker", "redis://127.0.0.1:1/0"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and "No Redis answers" in done.stderr
