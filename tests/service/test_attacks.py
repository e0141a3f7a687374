"""Bad inputs, load, and whatever the OpenAPI allows, against a real worker on the tiny domain."""

from __future__ import annotations

import io
import random
import struct
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from statistics import quantiles

import psutil
import pytest
import requests
from PIL import Image

from .conftest import QUICK, at_once, picture, png, standing_in

TEXT = {"text": "a smiling face", "method": "directions", "inversion_steps": "1"}


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that unpacks to a picture of this size."""
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


def jpeg_cut_off() -> bytes:
    file = io.BytesIO()
    Image.effect_noise((200, 200), 80).convert("RGB").save(file, "JPEG")
    return file.getvalue()[:2000]


PICTURES = {
    "nothing": b"", "a word": b"hello", "zeros": b"\0" * 5000, "a bomb": bomb(60_000, 60_000), "a long bomb": bomb(100_000, 1),
    "cut off": png()[:60], "a JPEG cut off": jpeg_cut_off(), "PDF": b"%PDF-1.7\n" + b"0" * 500, "PostScript": b"%!PS-Adobe-3.0\nquit\n",
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "HTML": b"<html><script>alert(1)</script></html>",
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0" + b"0" * 100, "a ZIP file": b"PK\x03\x04" + b"0" * 200,
    "a pickle": b"\x80\x04cos\nsystem\n(S'id'\ntR.",
    "an ELF file": b"\x7fELF" + b"\0" * 200, "GIF without a picture": b"GIF89a" + b"\0" * 7, "TIFF of nothing": b"II*\0\x08\0\0\0\0\0",
    "WebP of nothing": b"RIFF\x10\0\0\0WEBPVP8 \0\0\0\0", "BMP of nothing": b"BM" + b"\0" * 60, "a picture without a face": png(64),
}  # fmt: skip

SMILE = {"text": "a smiling face"}

FORMS = [
    {}, {"text": ""}, {"text": " "}, {"text": "\0"}, {"text": "x" * 1001}, {"text": "qwertyuiop asdfghjkl"}, {"text": "a face" * 200},
    {**SMILE, "neutral": ""}, {**SMILE, "neutral": "zzzz"}, {**SMILE, "method": ""},
    {**SMILE, "method": "'; DROP TABLE jobs; --"}, {**SMILE, "steps": "0"},
    {**SMILE, "steps": "-5"}, {**SMILE, "steps": "1e9"}, {**SMILE, "steps": "Infinity"},
    {**SMILE, "steps": "[1]"}, {**SMILE, "steps": '{"a": 1}'}, {**SMILE, "strength": "11"},
    {**SMILE, "strength": "strong"}, {**SMILE, "seed": "-1"}, {**SMILE, "seed": "1.5"},
    {**SMILE, "face": "99999"}, {**SMILE, "face": "biggest"}, {**SMILE, "align": "left"},
    {**SMILE, "inversion_steps": "100000"}, {**SMILE, "tune_steps": "-1"},
    {**SMILE, "paste_back": "perhaps"}, {**SMILE, "paste_back": "true", "align": "never"},
    {**SMILE, "recipe": "["}, {**SMILE, "recipe": "null"}, {**SMILE, "recipe": "[]"},
    {**SMILE, "recipe": '{"method": "optimization", "steps": -1}'}, {**SMILE, "nonsense": "1"},
    {**SMILE, "__class__": "x"}, {**SMILE, "method": "directions", "beta": "2"},
    {**SMILE, "method": "directions", "changes": "no list"},
    {**SMILE, "method": "mapper", "mapper": "../../etc/passwd"}, {**SMILE, "method": "mapper", "levels": "[7]"},
    {"method": "channel", "layer": "b9.conv7"}, {"method": "channel", "layer": "b8.conv1", "number": "100000"},
    {"method": "channel", "layer": "b8.conv1", "sigmas": "NaN"},
]  # fmt: skip


def is_one_sentence(answer: requests.Response) -> bool:
    detail = answer.json()["detail"]
    return (answer.headers["Content-Type"] == "application/problem+json" and 0 < len(detail) <= 1000 and "\n" not in detail
            and not any(word in detail for word in ("Traceback", ".py", "/home", "/root", "/work", "site-packages", "0x")))


@pytest.mark.slow
def test_sixty_bad_inputs_are_each_refused_in_a_sentence(client):
    assert len(PICTURES) + len(FORMS) >= 60
    for name, content in PICTURES.items():
        for path, form in (("/v1/edits", TEXT), ("/v1/faces", {})):
            answer = client.post(path, files={"image": (name, content)}, data=form, headers={"Prefer": "wait"})
            assert 400 <= answer.status_code < 500 and is_one_sentence(answer), (name, path, answer.status_code, answer.text)
    for form in FORMS:
        words = {name: (None, value) for name, value in form.items()}
        answer = client.post("/v1/edits", files={**picture(), **words}, headers={"Prefer": "wait"})
        assert 400 <= answer.status_code < 500 and is_one_sentence(answer), (form, answer.status_code, answer.text)
    assert client.post("/v1/edits", files=picture(), data=TEXT, headers={"Prefer": "wait"}).status_code == 200


def test_requests_that_are_no_forms_are_refused_in_a_sentence(client):
    kinds = ("application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/form-data; boundary=x",
             "multipart/form-data; boundary=" + "x" * 500, "application/x-www-form-urlencoded", "", "multipart/mixed; boundary=x")
    bodies = (b"", b"{}", b"--x", b"--x\r\n\r\nnothing\r\n--x--", b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
              b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na hat\r\n' * 80 + b"--x--", b"\xff" * 1000)
    for kind in kinds:
        for body in bodies:
            answer = client.post("/v1/edits", data=body, headers={"Content-Type": kind})
            assert answer.status_code in (400, 422) and is_one_sentence(answer), (kind, body[:60], answer.status_code, answer.text)


def hostile(client, number: int) -> requests.Response:
    """One of several bad requests."""
    kind = number % 4
    if kind == 0:
        content = list(PICTURES.values())[number % len(PICTURES)]
        return client.post("/v1/edits", files={"image": content}, data=TEXT, headers={"Prefer": "wait"})
    if kind == 1:
        return client.post("/v1/edits", files=picture(), data={**TEXT, "steps": "many"})
    if kind == 2:
        return client.get(f"/v1/edits/{'x' * (number % 70)}")
    return client.post("/v1/samples", data=b"0" * 1000, headers={"Content-Type": "multipart/form-data; boundary=x"})


def mixed(client, number: int) -> int:
    """One request of a mixture, a tenth of which is hostile. -> its status, of a job that outlasts the wait that of its result"""
    if number % 10 == 0:
        answer = hostile(client, number)
    elif number % 3 == 0:
        answer = client.post("/v1/edits", files=picture(), data=TEXT, headers={"Prefer": "wait"})
    elif number % 3 == 1:
        answer = client.post("/v1/samples", files={"seed": (None, str(number))}, headers={"Prefer": "wait"})
    else:
        answer = client.get(random.Random(number).choice(["/", "/v1/domains", "/metrics", "/healthz", "/openapi.json"]))
    if answer.status_code == 202:
        job = client.ended(answer.json())
        return 200 if job["state"] == "done" else job["problem"]["status"]
    return answer.status_code


@pytest.mark.full
def test_two_hundred_mixed_requests_at_sixteen_at_once(client):
    with ThreadPoolExecutor(16) as pool:
        statuses = list(pool.map(lambda number: mixed(client, number), range(200)))
    assert not [status for status in statuses if status >= 500 and status != 503], statuses
    assert statuses.count(200) > 120
    assert client.get("/readyz").status_code == 200


def cpu_of_requests(client, count: int) -> list[float]:
    """Seconds of this process, which holds server and client, for each request that is computed at once."""
    spent = []
    for _ in range(count):
        begun = time.process_time()
        assert client.post("/v1/edits", files=picture(), data=QUICK, headers={"Prefer": "wait"}).status_code == 200
        spent.append(time.process_time() - begun)
    return spent


@pytest.mark.full
def test_the_overhead_is_small_and_memory_stays_flat_over_a_thousand_requests():
    with standing_in(at_once, keep_minutes=0.05) as client:
        process = psutil.Process()
        spent = cpu_of_requests(client, 300)
        before = process.memory_info().rss
        spent += cpu_of_requests(client, 1000)
        after = process.memory_info().rss
    print(f"p95 {quantiles(spent, n=20)[-1]:.4f} s, memory {before / 1e6:.1f} -> {after / 1e6:.1f} MB")
    assert quantiles(spent, n=20)[-1] < 0.15
    assert 0.9 < after / before < 1.1


@pytest.mark.full
def test_the_worker_keeps_its_memory_over_a_thousand_jobs(client):
    worker = psutil.Process(client.service.broker._workers[0]._process.pid)
    ask = {"seed": (None, "1")}
    for _ in range(100):
        client.post("/v1/samples", files=ask, headers={"Prefer": "wait"})
    before = worker.memory_info().rss
    for _ in range(900):
        assert client.post("/v1/samples", files=ask, headers={"Prefer": "wait"}).status_code == 200
    assert 0.9 < worker.memory_info().rss / before < 1.1
