"""Files into the cache: whole and right, or not at all."""

import hashlib
import os
import shutil
import subprocess
import sys
from collections import namedtuple
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock

from styleclip_lib.errors import StyleclipError
from styleclip_lib.weights.downloads.download import expected_sha256, fetch, fetch_all
from styleclip_lib.weights.downloads.registry import Source
from styleclip_lib.weights.readers import transfer as transfers
from tests.file_server import serving

CONTENT = b"weights " * 20_000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setattr(transfers, "PAUSE", 0.0)
    monkeypatch.setattr(transfers, "CHUNK", 1000)
    with serving() as server:
        server.files |= {"file.pt": CONTENT, "mirror.pt": CONTENT}
        yield server


@pytest.fixture
def source(server):
    urls = (server.url("file.pt"), server.url("mirror.pt"))
    return Source("file.pt", "Somebody", urls, len(CONTENT), SHA256, "MIT", "any use")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "deep" / "cache"


def names(folder) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"file.pt.lock"}


def test_a_file_is_fetched_once(server, source, cache):
    for _ in range(2):
        assert fetch(source, cache, progress=False).read_bytes() == CONTENT
    assert server.requests == [("file.pt", None)] and names(cache) == {"file.pt"}


def test_what_is_in_the_cache_needs_no_server(source, cache):
    cache.mkdir(parents=True)
    (cache / "file.pt").write_bytes(CONTENT)
    assert fetch(replace(source, urls=("http://127.0.0.1:9/",)), cache) == cache / "file.pt"
    assert expected_sha256(source, cache) == SHA256 and names(cache) == {"file.pt"}


@pytest.mark.parametrize("mischief", ["404", "500", "quota", "quota 403", "login", "hidden page", "long", "short", "break 10 always"])
def test_a_mirror_helps_out(server, source, cache, mischief):
    server.mischief["file.pt"] = mischief
    assert fetch(source, cache, progress=False).read_bytes() == CONTENT
    assert server.requests[-1][0] == "mirror.pt" and names(cache) == {"file.pt"}


def test_a_mirror_goes_on_where_the_first_address_stopped(server, source, cache):
    server.mischief["file.pt"] = "break 50000 always"
    assert fetch(source, cache, progress=False).read_bytes() == CONTENT
    assert server.requests[-1] == ("mirror.pt", 50000)


def test_halves_of_two_addresses_are_not_joined_where_no_sha256_could_tell(server, source, cache):
    server.mischief["file.pt"] = "break 50000 always"
    assert fetch(replace(source, sha256=None), cache, progress=False).read_bytes() == CONTENT
    assert server.requests[-1] == ("mirror.pt", None)


def test_a_wrong_file_is_kept_aside_and_the_mirror_asked(server, source, cache):
    server.files["file.pt"] = CONTENT[::-1]
    assert fetch(source, cache, progress=False).read_bytes() == CONTENT
    assert (cache / "file.pt.rejected").read_bytes() == CONTENT[::-1]
    assert server.requests == [("file.pt", None), ("mirror.pt", None)], "nothing of the wrong file went into the right one"


def test_nothing_but_wrong_files(server, source, cache):
    server.files |= {"file.pt": CONTENT[::-1], "mirror.pt": CONTENT[::-1]}
    with pytest.raises(StyleclipError) as error:
        fetch(source, cache, progress=False)
    message = str(error.value)
    assert message.count("SHA-256 is wrong, it was kept as file.pt.rejected") == 2 and "\n" not in message
    assert names(cache) == {"file.pt.rejected"}


def test_a_wrong_file_in_the_cache_is_kept_aside_and_replaced(server, source, cache):
    cache.mkdir(parents=True)
    (cache / "file.pt").write_bytes(b"something else")
    assert fetch(source, cache, progress=False).read_bytes() == CONTENT
    assert (cache / "file.pt.rejected").read_bytes() == b"something else"


def test_the_message_without_a_network_says_where_to_put_the_file(source, cache):
    urls = ("http://127.0.0.1:9/file.pt", "http://nowhere.invalid/file.pt")
    with pytest.raises(StyleclipError) as error:
        fetch(replace(source, urls=urls), cache)
    message = str(error.value)
    assert message.startswith("file.pt could not be downloaded (127.0.0.1: no connection; nowhere.invalid: no connection)")
    assert f"download {urls[0]} in another way and put it at {cache / 'file.pt'}." in message and "\n" not in message


def test_an_interrupted_download_goes_on_next_time(server, source, cache):
    source = replace(source, urls=source.urls[:1])
    server.mischief["file.pt"] = "break 70000 always"
    with pytest.raises(StyleclipError, match=r"70,000 bytes here.*goes on where it stopped"):
        fetch(source, cache, progress=False)
    assert names(cache) == {"file.pt.part"}
    server.mischief.clear()
    assert fetch(source, cache, progress=False).read_bytes() == CONTENT
    assert server.requests[-1] == ("file.pt", 70000) and names(cache) == {"file.pt"}


def test_without_a_published_sha256_the_first_download_counts(server, source, cache):
    unknown = replace(source, sha256=None)
    assert expected_sha256(unknown, cache) is None
    path = fetch(unknown, cache, progress=False)
    assert expected_sha256(unknown, cache) == SHA256 and (cache / "file.pt.sha256").read_text() == SHA256 + "\n"
    path.write_bytes(CONTENT[:-1] + b"x")
    assert fetch(unknown, cache, progress=False).read_bytes() == CONTENT, "changed here: fetched again"
    path.unlink()
    server.files |= {"file.pt": CONTENT[::-1], "mirror.pt": CONTENT[::-1]}
    with pytest.raises(StyleclipError, match="SHA-256 is wrong"):
        fetch(unknown, cache, progress=False)


def test_a_full_disk_is_reported_before_anything_is_downloaded(server, source, cache, monkeypatch, capsys):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 10**12 - 10**6, 10**6))
    with pytest.raises(StyleclipError, match=r"disk is too full: 200\.2 MB are needed in .*1\.0 MB are free.*STYLECLIP_CACHE"):
        fetch_all([source], cache)
    assert server.requests == [] and capsys.readouterr().out == ""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**12, 0, 300 * 10**6))
    with pytest.raises(StyleclipError, match=r"1200\.2 MB are needed"):
        fetch_all([source], cache, room=10**9)
    fetch_all([source], cache, progress=False)
    assert (cache / "file.pt").is_file()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_disk_that_fills_up_meanwhile(source, cache):
    cache.mkdir(parents=True)
    (cache / "file.pt.part").symlink_to("/dev/full")
    with pytest.raises(StyleclipError, match=r"file\.pt cannot be kept in .*: No space left on device"):
        fetch(source, cache, progress=False)


def test_a_cache_that_cannot_be_made(source, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StyleclipError, match=r"cannot be made.*STYLECLIP_CACHE"):
        fetch(source, tmp_path / "file" / "cache")


def test_what_will_be_downloaded_is_listed_first(server, source, cache, capsys):
    other = replace(source, name="other.pt", urls=(server.url("mirror.pt"),), bytes=None, licence="a licence", permits="research")
    fetch_all([source, other], cache, progress=False)
    message = capsys.readouterr().out.splitlines()
    assert message[0] == f"To download, once, to {cache}:"
    assert [line.split() for line in message[1:]] == [
        ["file.pt", "0.2", "MB", "Somebody"], ["MIT:", "any", "use"],
        ["other.pt", "unknown", "Somebody"], ["a", "licence:", "research"], ["together", "0.2", "MB"],
    ]  # fmt: skip
    fetch_all([source, other], cache)
    assert capsys.readouterr().out == ""


def test_only_what_is_missing_is_announced(source, cache, capsys):
    fetch(source, cache, progress=False)
    fetch_all([source, replace(source, name="other.pt")], cache, progress=False)
    message = capsys.readouterr().out
    assert "other.pt" in message and "file.pt" not in message


def test_another_process_is_waited_for(source, cache, capsys):
    cache.mkdir(parents=True)
    with ThreadPoolExecutor() as pool, FileLock(cache / "file.pt.lock"):
        waiting = pool.submit(fetch, source, cache, progress=False)
        with pytest.raises(TimeoutError):
            waiting.result(timeout=0.3)
        (cache / "file.pt").write_bytes(CONTENT)  # as the other process does it
    assert waiting.result() == cache / "file.pt"
    assert "Another process is busy with file.pt" in capsys.readouterr().out


@pytest.mark.slow
def test_two_processes_fetch_a_file_once(server, source, cache):
    server.mischief["file.pt"] = "slow"
    code = ("import sys\nfrom pathlib import Path\nfrom styleclip_lib.weights.downloads.download import Source, fetch\n"
            "path = fetch(Source('file.pt', '', (sys.argv[1],), int(sys.argv[2]), sys.argv[3], '', ''), Path(sys.argv[4]))\n"
            "print(path.stat().st_size)")
    command = [sys.executable, "-c", code, source.urls[0], str(source.bytes), SHA256, str(cache)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                  env={**os.environ, "PYTHONPATH": str(ROOT)}) for _ in range(2)]
    told = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert [text.splitlines()[-1] for text in told] == [str(len(CONTENT))] * 2
    assert server.requests == [("file.pt", None)] and names(cache) == {"file.pt"}
