"""Finding the data folder, and writing a file whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import quote

import pytest

from styleclip_lib import paths
from styleclip_lib.errors import StyleclipError
from styleclip_lib.paths import (
    cache_folder,
    check_destination,
    check_new_folder,
    check_results_folder,
    data_folder,
    folder_written_whole,
    open_regular,
    user_path,
    writable_cache,
    written_whole,
)


def test_a_clone_uses_its_own_data(monkeypatch):
    monkeypatch.delenv("STYLECLIP_DATA", raising=False)
    assert data_folder() == Path(__file__).resolve().parent.parent / "data"


def test_the_environment_variable_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLECLIP_DATA", str(tmp_path))
    assert data_folder() == tmp_path


def test_a_wrong_environment_variable_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLECLIP_DATA", str(tmp_path / "none"))
    with pytest.raises(StyleclipError, match="STYLECLIP_DATA names"):
        data_folder()


def test_the_cache_is_where_the_environment_says_or_where_this_system_keeps_caches(monkeypatch, tmp_path):
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "cache"))
    assert cache_folder() == tmp_path / "cache" and not cache_folder().exists()
    monkeypatch.setenv("STYLECLIP_CACHE", "~/elsewhere")
    assert cache_folder() == Path.home() / "elsewhere"
    for unset in ("", None):
        if unset is None:
            monkeypatch.delenv("STYLECLIP_CACHE")
        else:
            monkeypatch.setenv("STYLECLIP_CACHE", unset)
        assert cache_folder().is_absolute() and "styleclip" in cache_folder().parts


def test_an_installed_wheel_has_its_data_inside_and_without_any_the_message_helps(monkeypatch, tmp_path):
    monkeypatch.delenv("STYLECLIP_DATA", raising=False)
    monkeypatch.setattr(paths, "_PACKAGE", tmp_path / "site" / "styleclip_lib")
    with pytest.raises(StyleclipError, match="clone of the repository, or set STYLECLIP_DATA"):
        data_folder()
    (tmp_path / "site" / "styleclip_lib" / "data" / "models").mkdir(parents=True)
    assert data_folder() == tmp_path / "site" / "styleclip_lib" / "data"


def test_written_whole_keeps_the_extension_and_replaces(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old")
    with written_whole(path) as partial:
        assert partial.suffix == ".json" and partial.parent == tmp_path and partial != path
        partial.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


def test_an_error_in_the_block_leaves_no_trace(tmp_path):
    with pytest.raises(ZeroDivisionError), written_whole(tmp_path / "a.txt") as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_destination_is_checked_before_the_work(tmp_path):
    assert check_destination(tmp_path / "a.png") == tmp_path / "a.png"
    for wrong in (tmp_path / "none" / "a.png", tmp_path):
        with pytest.raises(StyleclipError, match="Cannot write"):
            check_destination(wrong)


@pytest.mark.parametrize("empty_before", [False, True])
def test_a_folder_appears_when_it_is_whole(tmp_path, empty_before):
    if empty_before:
        (tmp_path / "made").mkdir()
    with folder_written_whole(tmp_path / "made") as partial:
        (partial / "a.txt").write_text("a")
        assert not (tmp_path / "made" / "a.txt").exists()
    assert (tmp_path / "made" / "a.txt").read_text() == "a" and list(tmp_path.iterdir()) == [tmp_path / "made"]


def test_an_error_leaves_no_folder(tmp_path):
    with pytest.raises(ZeroDivisionError), folder_written_whole(tmp_path / "made") as partial:
        (partial / "a.txt").write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []


def test_a_new_folder_is_checked_before_the_work(tmp_path):
    check_new_folder(tmp_path / "made")
    (tmp_path / "file").write_text("a")
    for wrong in (tmp_path / "none" / "made", tmp_path, tmp_path / "file"):
        with pytest.raises(StyleclipError, match=r"does not exist, make it first|something at .* already"):
            check_new_folder(wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_folder_for_results_is_checked_before_the_work(tmp_path):
    (tmp_path / "file").write_text("x")
    assert check_results_folder(tmp_path) == tmp_path and check_results_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    for name, said in (("file", "is a file"), ("file/a", "is a file"), ("a" * 300, "too long")):
        with pytest.raises(StyleclipError, match=said):
            check_results_folder(tmp_path / name)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_an_unknown_home_is_reported():
    assert user_path("~/a.png") == Path.home() / "a.png" and user_path("/a/~b.png") == Path("/a/~b.png")
    for read in (user_path, open_regular, check_destination, check_new_folder):
        with pytest.raises(StyleclipError, match="begins with '~', and no user has that name: give the whole path"):
            read("~nosuchuser/a.png")


def test_a_user_without_a_home_is_asked_for_a_cache(monkeypatch):
    monkeypatch.setattr(paths, "user_cache_path", lambda *names, **settings: Path("~/.cache/styleclip"))
    monkeypatch.delenv("STYLECLIP_CACHE", raising=False)
    with pytest.raises(StyleclipError, match="let STYLECLIP_CACHE name a folder"):
        cache_folder()


@pytest.mark.parametrize("length", [300, 5000])
def test_a_name_that_is_too_long_is_reported_before_the_work(length, tmp_path):
    for check in (check_destination, check_new_folder, open_regular):
        with pytest.raises(StyleclipError, match=r"too long|There is no file") as error:
            check(tmp_path / ("a" * length))
        assert len(str(error.value)) < 1000


def test_the_longest_name_that_is_possible_can_be_written(tmp_path):
    path = tmp_path / ("a" * 251 + ".txt")
    with written_whole(path) as partial:
        partial.write_text("whole")
    with folder_written_whole(tmp_path / ("b" * 255)):
        pass
    assert path.read_text() == "whole" and len(list(tmp_path.iterdir())) == 2


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path):
    (tmp_path / "target.txt").write_text("old")
    (tmp_path / "link.txt").symlink_to(tmp_path / "target.txt")
    with written_whole(tmp_path / "link.txt") as partial:
        partial.write_text("new")
    assert (tmp_path / "link.txt").is_symlink() and (tmp_path / "target.txt").read_text() == "new"


def test_what_is_no_file_or_write_protected_is_not_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "mine.png").write_text("precious")
    (tmp_path / "mine.png").chmod(0o444)
    with pytest.raises(StyleclipError, match="a pipe or a device"):
        check_destination(tmp_path / "pipe.png")
    with pytest.raises(StyleclipError, match="write-protected"):
        check_destination(tmp_path / "mine.png")


@pytest.mark.parametrize("address", ["https://example.org/a.png", "HTTP://example.org/a.png", "ftp://example.org/a.png", "s3://a/b.png",
                                     "data:image/png;base64,AAAA"])
def test_an_address_is_no_path(address):
    """Whether it is to be read or written, as a text or already made a path."""
    for act in (user_path, open_regular, check_destination, check_new_folder, check_results_folder):
        for path in (address, Path(address)):
            with pytest.raises(StyleclipError, match=f"{address[:4]}.* is an address"):
                act(path)


@pytest.mark.parametrize("address", ["file://{}", "FILE://localhost{}", "file:{}"])
def test_the_address_of_a_file_on_this_machine_is_its_path(address, tmp_path):
    path = tmp_path / "a face, größer.png"
    for given in (address.format(quote(str(path))), Path(address.format(quote(str(path))))):
        assert user_path(given) == path and check_destination(given) == path


@pytest.mark.parametrize("path", ["C:/a.png", "a.png", "a:b.png", "data.png", "a/https:/b.png"])
def test_what_only_looks_like_an_address(path):
    assert user_path(path) == Path(path)


@pytest.mark.parametrize("name", ["*.jpg", "face?.png"])
def test_a_pattern_is_reported_as_one(name, tmp_path):
    with pytest.raises(StyleclipError, match="patterns are not understood here"):
        open_regular(tmp_path / name)
    (tmp_path / name).write_bytes(b"a")
    open_regular(tmp_path / name).close()


@pytest.mark.parametrize(("error", "free", "says"), [
    (OSError(errno.ENOSPC, "No space left on device"), 10**9, "the disk is full, make room"),
    (RuntimeError("PytorchStreamWriter failed writing file data/0"), 0, "the disk is full, make room"),
    (OSError("encoder error -2 when writing image file"), 0, "the disk is full, make room"),
    (OSError(errno.EIO, "Input/output error"), 0, "Input/output error"),
])  # fmt: skip
def test_a_full_disk_is_named(error, free, says, tmp_path, monkeypatch):
    """Whoever notices it: PyTorch and Pillow have errors of their own."""
    monkeypatch.setattr(paths.shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    for write in (written_whole, folder_written_whole):
        with pytest.raises(StyleclipError, match=says), write(tmp_path / "out"):
            raise error
        assert not list(tmp_path.iterdir())


def test_an_error_that_is_not_the_disks_stays_what_it_is(tmp_path):
    with pytest.raises(ZeroDivisionError), written_whole(tmp_path / "out"):
        raise ZeroDivisionError


def test_a_cache_that_cannot_be_written_is_named_with_the_way_out(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(StyleclipError, match=r"cannot be made.*let STYLECLIP_CACHE name another folder"):
        writable_cache()
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path))
    assert writable_cache() == tmp_path
    monkeypatch.setattr(paths.os, "access", lambda folder, how: False)  # somebody else's; root may write everything
    with pytest.raises(StyleclipError, match=r"no permission.*let STYLECLIP_CACHE name another folder"):
        writable_cache()


def test_only_regular_files_are_opened(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"abc")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    (tmp_path / "round").symlink_to(tmp_path / "round")
    with open_regular(tmp_path / "a.bin") as file:
        assert file.read() == b"abc"
    wrong = {"pipe": "a pipe or a device", "link": "a pipe or a device", "round": "Cannot open", "none": "There is no file",
             "a.bin/b": "Cannot open", "": "is a folder", "a\0b": "Cannot open"}  # fmt: skip
    for name, message in wrong.items():
        with pytest.raises(StyleclipError, match=message) as error:
            open_regular(f"{tmp_path}/{name}")
        assert "\n" not in str(error.value)
    for address in ("https://example.org/a.png", Path("https://example.org/a.png")):
        with pytest.raises(StyleclipError, match=r"'https://example\.org/a\.png' is an address"):
            open_regular(address)
