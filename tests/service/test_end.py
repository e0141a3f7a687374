"""How a service ends, and why it does not begin: SIGTERM finishes what was taken; two services cannot have one port."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time

import pytest

from styleclip_lib.cli.main import main

from .conftest import LONGEST, Client, picture


def started(tiny_domain, *options: str) -> tuple[subprocess.Popen, Client]:
    """`styleclip serve` in a process of its own, ready."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    words = ["-m", "styleclip_lib", "serve", "--domain", str(tiny_domain), "--device", "cpu", "--threads", "1", f"--port={port}", *options]
    process = subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    client, end = Client(f"http://127.0.0.1:{port}", None), time.monotonic() + LONGEST
    while True:
        assert process.poll() is None and time.monotonic() < end, process.stdout.read()
        try:
            if client.get("/readyz").status_code == 200:
                return process, client
        except OSError:
            pass
        time.sleep(0.2)


LONG = {"text": "a smiling face", "steps": "80", "early_exit": "1", "inversion_steps": "5"}


@pytest.mark.full
def test_sigterm_finishes_the_jobs_that_were_taken(tiny_domain):
    process, client = started(tiny_domain)
    try:
        jobs = [client.post("/v1/edits", files=picture(), data=LONG).json() for _ in range(2)]
        process.send_signal(signal.SIGTERM)
        end = time.monotonic() + LONGEST
        while client.get("/readyz").status_code == 200:
            assert time.monotonic() < end
        refused = client.post("/v1/edits", files=picture(), data=LONG)
        assert refused.status_code == 503 and "Retry-After" in refused.headers
        assert [client.ended(job)["state"] for job in jobs] == ["done", "done"]
        assert process.wait(LONGEST) == 0
        assert "SIGTERM" in process.stdout.read()
    finally:
        process.kill()


@pytest.mark.slow
def test_what_cannot_be_served_is_reported_in_a_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        for options, message in ((["--port", str(port)], "choose another --port"), (["--domain", str(tmp_path)], "no domain"),
                              (["--queue", "-1"], "queue must be"), (["--workers", "0"], "--workers must lie")):
            done = subprocess.run([sys.executable, "-m", "styleclip_lib", "serve", *options], capture_output=True, text=True, check=False)
            assert done.returncode == 2 and done.stderr.count("\n") == 1 and message in done.stderr, (options, done.stderr)


@pytest.mark.parametrize("key", ["s\xe9same", "open sesame", " "])
def test_a_key_that_no_client_can_send_is_refused(monkeypatch, capsys, key):
    monkeypatch.setenv("STYLECLIP_API_KEY", key)
    assert main(["serve", "--port", "0"]) == 2
    assert "STYLECLIP_API_KEY travels in a header" in capsys.readouterr().err
