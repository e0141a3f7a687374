"""One file from one address, from a server that behaves and from one that does not."""

import socket
import threading

import pytest
import requests
import urllib3

from styleclip_lib.weights.readers import transfer as transfers
from styleclip_lib.weights.readers.transfer import Page, TransferError, transfer
from tests.file_server import CONFIRM, QUOTA, serving

CONTENT = bytes(range(256)) * 400
SIZE = len(CONTENT)


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfers, "PAUSE", 0.0)
    monkeypatch.setattr(transfers, "CHUNK", 500)
    with serving() as server:
        server.files["file.pt"] = CONTENT
        yield server


@pytest.fixture
def part(tmp_path):
    return tmp_path / "file.pt.part"


def get(server, part, mischief="", size=SIZE):
    server.mischief["file.pt"] = mischief
    transfer(server.url("file.pt"), part, size, progress=False)
    return part.read_bytes()


@pytest.mark.parametrize("size", [None, SIZE])
@pytest.mark.parametrize("mischief", ["", "slow", "redirect", "confirm", "no ranges"])
def test_the_file_arrives(server, part, mischief, size):
    assert get(server, part, mischief, size) == CONTENT


@pytest.mark.parametrize("size", [None, SIZE])
def test_a_connection_that_breaks_off_is_taken_up_again(server, part, size):
    assert get(server, part, "break 30000", size) == CONTENT
    assert server.requests == [("file.pt", start) for start in (None, 30000, 60000, 90000)]


@pytest.mark.parametrize("mischief", ["", "redirect", "confirm"])
def test_what_is_there_is_not_asked_for_again(server, part, mischief):
    part.write_bytes(CONTENT[:70001])
    assert get(server, part, mischief) == CONTENT
    assert {first for _, first in server.requests} == {70001}


def test_a_whole_part_needs_no_server(part):
    part.write_bytes(CONTENT)
    transfer("http://127.0.0.1:9/file.pt", part, SIZE)
    assert part.read_bytes() == CONTENT


@pytest.mark.parametrize("size", [None, SIZE])
def test_a_server_that_cannot_begin_in_the_middle_sends_everything(server, part, size):
    part.write_bytes(b"x" * 500)
    assert get(server, part, "no ranges", size) == CONTENT


@pytest.mark.parametrize("size", [None, SIZE])
def test_a_part_that_is_longer_than_the_file_is_thrown_away(server, part, size):
    part.write_bytes(CONTENT + b"more")
    assert get(server, part, "", size) == CONTENT


REFUSED = [
    ("break 500 always", "broke off again and again, with 500 bytes here"),
    ("404", "answers 404 Not Found"),
    ("500", "answers 500"),
    ("403", "answers 403 Forbidden"),
    ("quota", "quota is used up"),
    ("quota 403", "quota is used up"),
    ("login", r'a web page came instead of the file \("Sign in"\)'),
    ("hidden page", r'a web page came instead of the file \("Sign in"\)'),
    ("short", "offers 102,390 bytes, but the file has 102,400"),
    ("long", "offers 102,410 bytes, but the file has 102,400"),
    ("more", "offers 102,401 bytes"),
    ("circle", "redirects in a circle"),
]


@pytest.mark.parametrize(("mischief", "message"), REFUSED)
def test_why_there_is_no_file(server, part, mischief, message):
    with pytest.raises(TransferError, match=message):
        get(server, part, mischief)


@pytest.mark.parametrize("mischief", ["404", "500", "403", "quota", "quota 403", "login", "circle"])
def test_a_refusal_leaves_what_had_arrived(server, part, mischief):
    part.write_bytes(CONTENT[:1000])
    with pytest.raises(TransferError):
        get(server, part, mischief)
    assert part.read_bytes() == CONTENT[:1000]


def test_a_file_that_has_another_length_by_now_is_refused(server, part):
    part.write_bytes(CONTENT[:1000])
    server.files["file.pt"] += b"!"
    with pytest.raises(TransferError, match="offers 102,401 bytes, but the file has 102,400"):
        get(server, part)
    assert part.read_bytes() == CONTENT[:1000]


def test_a_part_of_another_place_is_refused(server, part):
    part.write_bytes(CONTENT[:1000])
    with pytest.raises(TransferError, match="another part of the file"):
        get(server, part, "other range")


@pytest.mark.parametrize(("mischief", "size"), [("long", None), ("break 500 always", None)])
def test_a_file_that_ends_before_its_announced_length_is_not_whole(server, part, mischief, size):
    with pytest.raises(TransferError):
        get(server, part, mischief, size)


def test_a_server_that_stops_sending_is_given_up(server, part, monkeypatch):
    monkeypatch.setattr(transfers, "TIMEOUT", (0.5, 0.2))
    with pytest.raises(TransferError, match="broke off again and again"):
        get(server, part, "stall", None)
    assert 0 < part.stat().st_size < len(CONTENT)


def test_a_server_that_sends_a_byte_now_and_then_is_given_up(server, part, monkeypatch):
    monkeypatch.setattr(transfers, "WINDOW", 0.3)
    with pytest.raises(TransferError, match=r"sends too slowly, [0-9]+ bytes in"):
        get(server, part, "drip")


def test_a_server_that_breaks_off_after_each_byte_is_given_up(server, part):
    with pytest.raises(TransferError, match="broke off again and again, with 3 bytes here"):
        get(server, part, "crumbs")


def test_a_server_whose_answer_never_ends_is_given_up(server, part, monkeypatch):
    monkeypatch.setattr(transfers, "ANSWER", 0.5)
    with pytest.raises(TransferError, match=r"no answer within 0\.5 seconds"):
        get(server, part, "drip head")


@pytest.mark.parametrize(("size", "most"), [(None, 300_000), (SIZE, SIZE)])
def test_a_file_without_end_is_cut_off(server, part, monkeypatch, size, most):
    monkeypatch.setattr(transfers, "MOST_UNKNOWN", 300_000)
    with pytest.raises(TransferError, match=f"sends more than {most:,} bytes"):
        get(server, part, "endless", size)
    assert part.stat().st_size <= most


@pytest.mark.parametrize("error", [urllib3.exceptions.LocationParseError("a"), urllib3.exceptions.HeaderParsingError([], b""),
                                   requests.exceptions.InvalidURL("a"), UnicodeError("label too long"), ValueError("a")])  # fmt: skip
def test_whatever_a_request_raises_is_reported(error, part, monkeypatch):
    def get(*arguments, **settings):
        raise error

    monkeypatch.setattr(requests, "get", get)
    with pytest.raises(TransferError, match=rf"cannot be asked \({type(error).__name__}\)"):
        transfer("http://127.0.0.1:9/file.pt", part)


def test_a_server_that_never_answers(monkeypatch, part):
    monkeypatch.setattr(transfers, "TIMEOUT", (0.2, 0.2))
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TransferError, match="no answer within"):
        transfer(f"http://127.0.0.1:{silent.getsockname()[1]}/file.pt", part)


@pytest.mark.parametrize(("url", "message"), [
    ("http://127.0.0.1:9/file.pt", "no connection"),
    ("http://nowhere.invalid/file.pt", "no connection"),
    ("file.pt", "cannot be asked"),
    ("ftp://127.0.0.1/file.pt", "cannot be asked"),
    ("http://[::1/file.pt", "cannot be asked"),
    ("http://[fe80::1%25lo]:9/file.pt", "no connection|cannot be asked"),
    ("http://127.0.0.1:99999/file.pt", "cannot be asked|no connection"),
    (f"http://{'a' * 300}.invalid/file.pt", "cannot be asked|no connection"),
    ("http://a..b/file.pt", "cannot be asked|no connection"),
    ("http://\u202e.invalid\0/file.pt", "cannot be asked|no connection"),
])
def test_no_network(url, message, part):
    with pytest.raises(TransferError, match=message):
        transfer(url, part)
    assert not part.exists()


def test_a_proxy_of_the_environment_is_used(server, part, monkeypatch):
    monkeypatch.setenv("http_proxy", server.address)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    transfer("http://weights.invalid/file.pt", part, progress=False)
    assert part.read_bytes() == CONTENT
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with pytest.raises(TransferError, match="proxy"):
        transfer("http://weights.invalid/other.pt", part.with_name("other.part"), progress=False)


def test_the_progress_is_shown(server, part, capsys):
    part.write_bytes(CONTENT[:51200])
    transfer(server.url("file.pt"), part, SIZE)
    shown = capsys.readouterr().err
    assert "file.pt" in shown and "50%" in shown and "100%" in shown


def test_two_downloads_at_once(server, tmp_path):
    parts = [tmp_path / name for name in ("a.part", "b.part")]
    server.mischief["file.pt"] = "break 30000"
    workers = [threading.Thread(target=transfer, args=(server.url("file.pt"), part, None, False)) for part in parts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert all(part.read_bytes() == CONTENT for part in parts)


def test_a_button_is_followed_only_on_the_host_that_showed_it():
    page = Page(CONFIRM.format(name="x").replace('"/confirmed"', '"https://elsewhere.invalid/confirmed"').encode())
    assert page.confirmation("https://drive.usercontent.google.com/download?id=x") is None
    assert page.confirmation("https://elsewhere.invalid/a") == "https://elsewhere.invalid/confirmed?id=x&confirm=t"
    assert Page(QUOTA.encode()).confirmation("https://drive.google.com/") is None


@pytest.mark.parametrize("content", [b"", b"<", b"\xff\xfe<html", b"<title>" + b"a" * 5000, b"<form id='download-form'>", b"<![CDATA["])
def test_a_broken_page_is_still_explained(content):
    page = Page(content)
    assert len(page.reason()) < 200 and page.confirmation("https://a.invalid/") is None
