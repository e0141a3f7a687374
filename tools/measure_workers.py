"""How many edits a second do one, two, ... workers of `styleclip work` finish, each with one thread?

    python tools/measure_workers.py [--workers 1,2] [--jobs 40] [--domain portraits]

starts a Redis, a web process and the workers on this machine, and prints for each number of workers what they finish in a second, and
how much of a core's time they are given: where cores are missing, more workers finish no more.
"""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psutil
import requests

from styleclip_lib.service.background import Background

FORM = {"text": (None, "a smiling face"), "method": (None, "directions")}


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how the service scales with its workers.")
    parser.add_argument("--workers", default="1,2", help="numbers of workers, with commas (default: 1,2)")
    parser.add_argument("--jobs", type=int, default=40, help="edits of each measurement (default: 40)")
    parser.add_argument("--domain", default="portraits")
    chosen = parser.parse_args()
    for count in map(int, chosen.workers.split(",")):
        measure(count, chosen.jobs, chosen.domain)
    return 0


def measure(count: int, jobs: int, domain: str) -> None:
    """Prints what so many workers finish."""
    with redis_server() as address, ExitStack() as stack:
        workers = [stack.enter_context(worker(address, domain)) for _ in range(count)]
        service = stack.enter_context(Background(domain, broker=address, client_jobs=10 * jobs, queue=10 * jobs))
        while f"styleclip_workers {count:.1f}" not in requests.get(f"{service.address}/metrics", timeout=60).text:
            time.sleep(0.5)
        finish(service, 2 * count)  # the first edits of a worker take longer
        before, begun = spent(workers), time.monotonic()
        finish(service, jobs)
        seconds, used = time.monotonic() - begun, spent(workers) - before
        print(f"{count} workers: {jobs / seconds:.2f} edits a second on {used / seconds:.2f} cores, {used / jobs:.2f} core seconds each; "
              f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)


def finish(service: Background, jobs: int) -> None:
    """Asks for so many edits of invented faces at once, and waits for all of them."""
    answers = [requests.post(f"{service.address}/v1/edits", files={**FORM, "face_seed": (None, str(seed))}, timeout=60).json()
               for seed in range(jobs)]
    for job in answers:
        while (state := requests.get(service.address + job["links"]["self"], timeout=60).json()["state"]) in ("queued", "running"):
            time.sleep(0.05)
        if state != "done":
            raise SystemExit(f"A job ended as {state}.")


def spent(workers: list[subprocess.Popen]) -> float:
    """Seconds of processors that workers have used, with the processes that compute for them."""
    processes = [psutil.Process(worker.pid) for worker in workers]
    return sum(sum(one.cpu_times()[:2]) for process in processes for one in (process, *process.children()))


@contextmanager
def redis_server() -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        words = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = subprocess.Popen(words, cwd=folder, stdout=subprocess.DEVNULL)
        while subprocess.run(["redis-cli", "-p", str(port), "ping"], capture_output=True, check=False).stdout.strip() != b"PONG":
            time.sleep(0.1)
        try:
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.kill()
            server.wait()


@contextmanager
def worker(address: str, domain: str) -> Iterator[subprocess.Popen]:
    words = [sys.executable, "-m", "styleclip_lib", "work", "--broker", address, "--domain", domain, "--threads", "1"]
    process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    sys.exit(main())
