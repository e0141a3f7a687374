"""Where the kit's own files lie, how a file is written so that it is never there by half, and how one of somebody else's is opened."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import re
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from .errors import StyleclipError

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+:/|data:\w", re.IGNORECASE)
"""How an address begins, as a text or made a path. (One letter and a colon is a drive.)"""

_LOCAL = re.compile(r"file:/+(?:localhost/)?(?=[^/])(.*)", re.IGNORECASE | re.DOTALL)
"""The address of a file on this machine."""

_FULL = (errno.ENOSPC, errno.EDQUOT)
_LITTLE = 100_000
"""Bytes that are free on a disk that is full."""

_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH

_PACKAGE = Path(__file__).resolve().parent


def user_path(path: str | os.PathLike[str]) -> Path:
    """The path with ``~`` and ``~user`` replaced by their folders, and that of an address of a file on this machine, as file managers
    and browsers hand them out: file:///home/me/a%20face.jpg. Raises StyleclipError for a user that does not exist, and for another
    address, such as https://example.org."""
    if local := _LOCAL.match(str(path)):
        from urllib.request import url2pathname

        return Path(url2pathname(f"/{local[1]}"))
    if _ADDRESS.match(str(path)):
        address = re.sub(r":/(?=[^/])", "://", str(path), count=1)  # a Path has no empty parts
        raise StyleclipError(f"'{address}' is an address, and only files on this machine are read and written: "
                             "download first what should be read, and give the path of that file.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise StyleclipError(f"'{path}' begins with '~', and no user has that name: give the whole path, or choose another name.") from None


def open_regular(path: str | os.PathLike[str]) -> io.FileIO:
    """Opens a file for reading, unbuffered; only a regular one, since a pipe or a device may have no end and never answer.

    What counts is what was opened, not what lay at the path a moment before. Raises StyleclipError.
    """
    path = user_path(path)
    try:
        # without O_NONBLOCK a pipe would wait here until somebody writes into it
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        advice = "patterns are not understood here, give the path of one file" if set("*?") & set(str(path)) else "check the path"
        raise StyleclipError(f"There is no file '{path}': {advice}.") from None
    except (OSError, ValueError) as error:
        if not os.path.isdir(path):  # Windows does not open folders
            raise StyleclipError(f"Cannot open '{path}' ({getattr(error, 'strerror', None) or error}): check the path.") from error
        raise StyleclipError(_folder(path)) from None
    kind = os.fstat(descriptor).st_mode
    if stat.S_ISREG(kind):
        return os.fdopen(descriptor, "rb", buffering=0)
    os.close(descriptor)
    if stat.S_ISDIR(kind):
        raise StyleclipError(_folder(path))
    raise StyleclipError(f"'{path}' is not a file but a pipe or a device: save its content as a file first.")


def sha256(path: Path) -> str:
    """The SHA-256 of a file, read in pieces. Raises StyleclipError as `open_regular` does."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _folder(path: Path) -> str:
    return f"'{path}' is a folder: give the path of one file in it."


def data_folder() -> Path:
    """The folder ``data``, with ``models/`` and ``images/`` in it.

    In this order: the folder named by the environment variable ``STYLECLIP_DATA``; ``data`` beside the package
    (a clone of the repository); ``data`` inside the package (an installed wheel).

    Raises StyleclipError when none of them is there.
    """
    chosen = os.environ.get("STYLECLIP_DATA")
    if chosen:
        folder = user_path(chosen)
        if not folder.is_dir():
            raise StyleclipError(f"STYLECLIP_DATA names '{chosen}', which is not a folder: correct or unset it.")
        return folder
    for folder in (_PACKAGE.parent / "data", _PACKAGE / "data"):
        if (folder / "models").is_dir():
            return folder
    raise StyleclipError(
        "The folder 'data' with the models was not found: work from a clone of the repository, "
        "or set STYLECLIP_DATA to the path of its 'data' folder."
    )


def cache_folder() -> Path:
    """Where downloads and results that took long are kept; it need not exist yet.

    The environment variable ``STYLECLIP_CACHE`` names it; else it is the platform's place for caches
    (``~/.cache/styleclip`` on Linux, ``~/Library/Caches/styleclip`` on macOS). Raises StyleclipError for a user without a home.
    """
    chosen = os.environ.get("STYLECLIP_CACHE")
    folder = user_path(chosen) if chosen else user_cache_path("styleclip", appauthor=False)
    if not chosen and not folder.is_absolute():
        raise StyleclipError("There is no home folder in which a cache could be kept: let STYLECLIP_CACHE name a folder for it.")
    return folder


def writable_cache() -> Path:
    """`cache_folder()`, made if it was missing; called before long work whose result is kept there.

    Raises StyleclipError, which names STYLECLIP_CACHE, where it cannot be made, or belongs to somebody else.
    """
    return writable(cache_folder())


def writable(folder: Path) -> Path:
    """A folder of the cache, made if it was missing. Raises StyleclipError as `writable_cache` does."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        why = "" if os.access(folder, os.W_OK) else "no permission to write in it"
    except OSError as error:
        why = f"it cannot be made: {error.strerror or error}"
    if why:
        raise StyleclipError(f"Nothing can be kept in the cache '{folder}' ({why}): let STYLECLIP_CACHE name another folder.")
    return folder


def check_destination(path: str | os.PathLike[str]) -> Path:
    """The path of a file that is about to be written; called before long work, so that a slip costs nothing.

    Where it is a link, the path that it leads to. Raises StyleclipError when its folder is missing or not writable, and when at the
    path is something that must not be replaced: a folder, a device, a write-protected file.
    """
    path = _followed(user_path(path))
    folder = path.parent
    if not os.path.isdir(folder):
        raise StyleclipError(f"Cannot write '{path}': the folder '{folder}' does not exist, make it first.")
    if os.path.isdir(path):
        raise StyleclipError(f"Cannot write '{path}': that is a folder, add a file name.")
    if os.path.exists(path) and not os.path.isfile(path):
        raise StyleclipError(f"Cannot write '{path}': that is no file but a pipe or a device, choose another name.")
    if os.path.exists(path) and not (os.access(path, os.W_OK) and os.stat(path).st_mode & _WRITABLE):  # root may write everything
        raise StyleclipError(f"Cannot write '{path}': the file there is write-protected, choose another name.")
    if not os.access(folder, os.W_OK):
        raise StyleclipError(f"Cannot write '{path}': no permission to write in '{folder}'.")
    return path


def _followed(path: Path) -> Path:
    """Where a link leads, any other path as it is. Raises StyleclipError where no file can have such a name."""
    try:
        os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return path
    except (OSError, ValueError) as error:
        raise StyleclipError(f"Cannot write '{path}' ({getattr(error, 'strerror', None) or error}): choose another name.") from error
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _beside(path: Path, ending: str = "") -> Path:
    """A hidden name in the same folder that nothing has; never longer than a name may be."""
    return path.with_name(f".{uuid.uuid4().hex[:12]}{ending}")


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hands out a temporary path beside ``path`` and renames it to ``path`` when the block ends well.

    Whatever happens in the block (an error, Ctrl-C, a full disk), ``path`` holds either its old content or all
    of the new one. The temporary name keeps the extension, by which many writers choose their format.
    """
    path = check_destination(path)
    partial = _beside(path, path.suffix)
    try:
        yield partial
        os.replace(partial, path)
    except Exception as error:
        _say_plainly(path, error)
        raise
    finally:
        partial.unlink(missing_ok=True)


def _say_plainly(path: Path, error: Exception) -> None:
    """Raises StyleclipError for an error that comes from the disk. PyTorch and safetensors have errors of their own for a full one."""
    if isinstance(error, StyleclipError):
        return
    number = getattr(error, "errno", None)
    if number in _FULL or (number is None and _is_full(path.parent)):
        raise StyleclipError(f"Cannot write '{path}': the disk is full, make room or write to another one.") from error
    if isinstance(error, OSError):
        raise StyleclipError(f"Cannot write '{path}': {error.strerror or error}.") from error


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LITTLE
    except OSError:  # the folder has gone
        return False


def check_json(path: str | os.PathLike[str] | None) -> None:
    """`check_destination` for a .json file, if one was asked for. Raises StyleclipError, also for another extension."""
    if path is not None and check_destination(path).suffix != ".json":
        raise StyleclipError(f"Cannot write '{path}': give it the extension .json.")


def write_json(path: str | os.PathLike[str], content: Any) -> None:
    """Writes the content as JSON, whole or not at all. Raises StyleclipError if the file cannot be written."""
    with written_whole(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


@contextmanager
def folder_written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hands out a new folder beside ``path`` and renames it to ``path`` when the block ends well; else it is taken away.

    Raises StyleclipError when there is something at ``path`` already (an empty folder is nothing).
    """
    path = _followed(user_path(path).absolute())
    check_new_folder(path)
    partial = _beside(path)
    try:
        partial.mkdir()
        yield partial
        if path.is_dir():
            path.rmdir()
        os.replace(partial, path)
    except Exception as error:
        _say_plainly(path, error)
        raise
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_results_folder(path: str | os.PathLike[str]) -> Path:
    """The path of a folder for results, which may be there or be made; called before long work, so that a slip costs nothing.

    Raises StyleclipError if it can neither be made nor written to.
    """
    path = _followed(user_path(path).absolute())
    there = next(folder for folder in (path, *path.parents) if os.path.exists(folder))
    if not os.path.isdir(there):
        raise StyleclipError(f"Cannot write to '{path}': '{there}' is a file, choose another folder.")
    if not os.access(there, os.W_OK):
        raise StyleclipError(f"Cannot write to '{path}': no permission to write in '{there}'.")
    return path


def check_text(path: str | os.PathLike[str]) -> None:
    """Raises StyleclipError for a path that is not text, as Linux has them: no JSON file can hold it."""
    try:
        os.fspath(path).encode()
    except UnicodeEncodeError:
        raise StyleclipError(f"The name '{path}' is not text in UTF-8: choose another one.") from None


def check_new_folder(path: str | os.PathLike[str]) -> None:
    """Raises StyleclipError unless a folder can be made at ``path``; called before long work, so that a slip costs nothing."""
    path = _followed(user_path(path).absolute())
    check_text(path.name)
    if os.path.exists(path) and not (os.path.isdir(path) and not any(path.iterdir())):
        raise StyleclipError(f"There is something at '{path}' already: choose a new folder, or take that away first.")
    if not os.path.isdir(path.parent):
        raise StyleclipError(f"Cannot write '{path}': the folder '{path.parent}' does not exist, make it first.")
    if not os.access(path.parent, os.W_OK):
        raise StyleclipError(f"Cannot write '{path}': no permission to write in '{path.parent}'.")
