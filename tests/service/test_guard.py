"""Limits of requests: size, time, key, host, origin. With a stand-in for the worker."""

from __future__ import annotations

import json
import socket
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from styleclip_lib.service import server
from styleclip_lib.service.limits import Limits
from styleclip_lib.service.local_broker import LocalBroker
from styleclip_lib.service.running import Service

from .conftest import LONGEST, QUICK, StandIn, at_once, picture, serving, standing_in, until_told

pytestmark = pytest.mark.slow

UPLOAD = b"POST /v1/edits HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"


@pytest.fixture(scope="module")
def client():
    with standing_in(at_once, megabytes=1, request_seconds=1, client_jobs=100) as client:
        yield client


def raw(client, content: bytes, seconds: float = LONGEST) -> bytes:
    """What the server answers to these bytes, until it closes the connection."""
    host, port = client.address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=seconds) as line:
        line.sendall(content)
        answer = b""
        while part := line.recv(65536):
            answer += part
        return answer


def test_more_bytes_than_allowed_are_refused(client):
    answer = client.post("/v1/edits", files={"image": b"0" * 1_100_000}, data=QUICK)
    assert answer.status_code == 413 and answer.json()["detail"] == "This is larger than 1 MB: send a smaller picture."


def test_more_bytes_than_were_announced_are_refused_as_they_come():
    begin = b'--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'
    head = UPLOAD + b"Transfer-Encoding: chunked\r\n\r\n" + f"{len(begin):x}\r\n".encode() + begin + b"\r\n"
    with standing_in(at_once, megabytes=1) as client:
        answer = raw(client, head + (b"10000\r\n" + b"0" * 65536 + b"\r\n") * 20)
    assert answer.startswith(b"HTTP/1.1 413") and b"larger than 1 MB" in answer, answer


def test_an_upload_that_does_not_arrive_is_given_up(client):
    answer = raw(client, UPLOAD + b"Content-Length: 5000\r\n\r\n--x")
    assert answer.startswith(b"HTTP/1.1 408") and b"did not arrive within 1 seconds" in answer
    assert client.get("/healthz").status_code == 200


def test_headers_that_do_not_arrive_are_given_up(client, monkeypatch):
    monkeypatch.setattr(server, "HEADER_SECONDS", 0.3)
    for content in (b"", b"GET /hea", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "):
        assert raw(client, content) == b""
    answer = raw(client, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + b"GET /he")
    assert answer.startswith(b"HTTP/1.1 200")


def test_so_many_uploads_at_once():
    with standing_in(at_once, uploads=2, client_jobs=10_000) as client:
        host, port = client.address.removeprefix("http://").split(":")
        lines = [socket.create_connection((host, int(port))) for _ in range(2)]
        for line in lines:
            line.sendall(UPLOAD + b"Content-Length: 5000\r\n\r\n--x")
        refused = until(client, 503)
        assert "Retry-After" in refused.headers and refused.json()["detail"].startswith("2 uploads are already in progress")
        for line in lines:
            line.close()
        until(client, 202)  # those that went away count no more


def test_clients_that_wait_for_a_result_upload_no_more():
    with standing_in(until_told, uploads=1) as client, ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(client.post, "/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"})
        end = time.monotonic() + LONGEST
        while "styleclip_jobs_running 1.0" not in client.get("/metrics").text:
            assert time.monotonic() < end
        (running,) = client.service.broker._entries
        other = client.post("/v1/edits", files=picture(), data=QUICK)
        assert other.status_code == 202 and client.delete(other.headers["Location"]).status_code == 204
        assert client.post(f"/v1/edits/{running}/stop").status_code == 200
        assert waiting.result().status_code == 200


def until(client, status: int):
    """The first answer with this status to an upload that is sent again and again."""
    end = time.monotonic() + 25  # shorter than an upload may take
    while (answer := client.post("/v1/edits", files=picture(), data=QUICK)).status_code != status:
        assert time.monotonic() < end, answer.text
    return answer


def test_a_page_of_another_site_is_refused(client):
    for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = client.post("/v1/edits", files=picture(), data=QUICK, headers=headers)
        assert answer.status_code == 403 and "another site" in answer.json()["detail"]
    assert client.post("/v1/edits", files=picture(), data=QUICK, headers={"Origin": client.address}).status_code == 202
    assert "Access-Control-Allow-Origin" not in client.get("/v1/domains", headers={"Origin": "https://elsewhere.example"}).headers


def test_another_name_is_refused(client):
    for host in ("evil.example", "localhost.evil.example", "", "[::1", "evil.example:8000"):
        assert client.get("/healthz", headers={"Host": host}).status_code in (400, 421)
    for host in ("localhost", "localhost:8000", "127.0.0.1:1", "[::1]:8000", "LOCALHOST"):
        assert client.get("/healthz", headers={"Host": host}).status_code == 200


def test_every_answer_has_the_headers_that_keep_browsers_careful(client):
    for path in ("/", "/v1/domains", "/nothing", "/static/app.js"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["Content-Security-Policy"] and headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/v1/domains").headers["Cache-Control"] == "no-store"
    assert "server" not in client.get("/").headers


def test_errors_are_problems_in_json(client):
    for method, path, status in (("GET", "/nothing", 404), ("PUT", "/v1/edits", 405), ("GET", "/v1/edits/unknown", 404),
                                 ("DELETE", "/v1/edits/unknown", 404), ("GET", "/static/../app.py", 404),
                                 ("GET", "/static/%2e%2e/app.py", 404), ("GET", f"/v1/edits/{'x' * 100}", 422),
                                 ("GET", "/v1/edits/unknown/picture?format=exe", 422)):
        answer = client.request(method, path)
        assert answer.status_code == status, path
        assert answer.headers["Content-Type"] == "application/problem+json" and answer.json()["detail"].endswith("."), path


def test_what_nobody_expected_is_a_problem_without_its_message(client, monkeypatch, caplog):
    words = "a smiling face of /root/secret.png"

    async def fail(id):
        raise ValueError(words)

    monkeypatch.setattr(client.service.broker, "find", fail)
    answer = client.get("/v1/edits/unknown")
    assert answer.status_code == 500 and answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "An unexpected error occurred (ValueError). The server's log says where."
    end = time.monotonic() + LONGEST
    while "test_guard.py" not in caplog.text:  # which is written after the answer
        assert time.monotonic() < end
        time.sleep(0.01)
    assert "secret" not in caplog.text


def test_more_connections_than_allowed_are_refused_in_a_sentence():
    with standing_in(at_once, connections=2) as client:
        host, port = client.address.removeprefix("http://").split(":")
        lines = [socket.create_connection((host, int(port))) for _ in range(2)]
        answer = client.get("/healthz")
        assert answer.status_code == 503 and answer.headers["Retry-After"] == "2"
        assert answer.json()["detail"].startswith("2 connections are already open")
        for line in lines:
            line.close()
        end = time.monotonic() + LONGEST
        while client.get("/healthz").status_code != 200:
            assert time.monotonic() < end


def test_with_a_key_only_the_page_is_open():
    limits = Limits()
    with serving(Service(LocalBroker([StandIn(at_once)], limits), limits, api_key="sesame")) as client:
        assert [client.get(path).status_code for path in ("/", "/static/app.js", "/healthz", "/openapi.json")] == [200] * 4
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic sesame"}, {"Authorization": "Bearer sesam\xe9"}):
            answer = client.get("/v1/domains", headers={name: value.encode("latin-1") for name, value in headers.items()})
            assert answer.status_code == 401 and answer.headers["WWW-Authenticate"] == "Bearer"
        assert client.get("/metrics").status_code == 401
        assert client.get("/v1/domains", headers={"Authorization": "Bearer sesame"}).status_code == 200
        schema = client.get("/openapi.json").json()
        assert schema["security"] == [{"key": []}] and "401" in schema["paths"]["/v1/edits"]["post"]["responses"]


def test_a_client_that_does_not_take_its_answer_is_left():
    def large(task, tell, wish):
        done = at_once(task, tell, wish)
        done.pictures = {"picture": b"0" * 30_000_000}
        return done

    with standing_in(large, request_seconds=1) as client:
        job = client.ended(client.post("/v1/samples", files={"seed": (None, "1")}).json())
        host, port = client.address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as line:
            line.sendall(f"GET {job['links']['picture']} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            time.sleep(2.5)
            line.settimeout(20)
            taken = 0
            with suppress(ConnectionResetError):
                while part := line.recv(1 << 20):
                    taken += len(part)
            assert taken < 30_000_000


def test_events_go_on_for_clients_that_come_late():
    with standing_in(at_once) as client:
        job = client.ended(client.post("/v1/samples", files={"seed": (None, "1")}).json())
        lines = client.get(job["links"]["events"]).text.split("\n")
        assert lines[1] == "event: end" and json.loads(lines[2].removeprefix("data: "))["state"] == "done"
        assert threading.active_count() < 50


def test_a_large_upload_is_not_written_to_disk(monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with standing_in(at_once) as client:
        answer = client.post("/v1/edits", files={"image": b"0" * 3_000_000}, data=QUICK)
        assert answer.status_code == 202, answer.text
