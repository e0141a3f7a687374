"""Where the kit's own files lie, and how a file is written so that it is never there by half."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from platformdirs import user_cache_path

from .errors import StyleclipError

_PACKAGE = Path(__file__).resolve().parent


def data_folder() -> Path:
    """The folder ``data``, with ``models/`` and ``images/`` in it.

    In this order: the folder named by the environment variable ``STYLECLIP_DATA``; ``data`` beside the package
    (a clone of the repository); ``data`` inside the package (an installed wheel).

    Raises StyleclipError when none of them is there.
    """
    chosen = os.environ.get("STYLECLIP_DATA")
    if chosen:
        folder = Path(chosen).expanduser()
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
    (``~/.cache/styleclip`` on Linux, ``~/Library/Caches/styleclip`` on macOS).
    """
    chosen = os.environ.get("STYLECLIP_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("styleclip", appauthor=False)


def check_destination(path: str | os.PathLike[str]) -> Path:
    """The path of a file that is about to be written; called before long work, so that a slip costs nothing.

    Raises StyleclipError when its folder is missing or not writable, or when the path is itself a folder.
    """
    path = Path(path).expanduser()
    folder = path.parent
    if not folder.is_dir():
        raise StyleclipError(f"Cannot write '{path}': the folder '{folder}' does not exist, make it first.")
    if path.is_dir():
        raise StyleclipError(f"Cannot write '{path}': that is a folder, add a file name.")
    if not os.access(folder, os.W_OK):
        raise StyleclipError(f"Cannot write '{path}': no permission to write in '{folder}'.")
    return path


@contextmanager
def written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hands out a temporary path beside ``path`` and renames it to ``path`` when the block ends well.

    Whatever happens in the block (an error, Ctrl-C, a full disk), ``path`` holds either its old content or all
    of the new one. The temporary name keeps the extension, by which many writers choose their format.
    """
    path = check_destination(path)
    partial = path.with_name(f".{path.stem}-{uuid.uuid4().hex[:8]}{path.suffix}")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        raise StyleclipError(f"Cannot write '{path}': {error.strerror or error}.") from error
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def folder_written_whole(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Hands out a new folder beside ``path`` and renames it to ``path`` when the block ends well; else it is taken away.

    Raises StyleclipError when there is something at ``path`` already (an empty folder is nothing).
    """
    path = Path(path).expanduser().absolute()
    check_new_folder(path)
    partial = path.with_name(f".{path.name}-{uuid.uuid4().hex[:8]}")
    try:
        partial.mkdir()
        yield partial
        if path.is_dir():
            path.rmdir()
        os.replace(partial, path)
    except OSError as error:
        raise StyleclipError(f"Cannot write '{path}': {error.strerror or error}.") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_new_folder(path: str | os.PathLike[str]) -> None:
    """Raises StyleclipError unless a folder can be made at ``path``; called before long work, so that a slip costs nothing."""
    path = Path(path).expanduser().absolute()
    if path.exists() and not (path.is_dir() and not any(path.iterdir())):
        raise StyleclipError(f"There is something at '{path}' already: choose a new folder, or take that away first.")
    if not path.parent.is_dir():
        raise StyleclipError(f"Cannot write '{path}': the folder '{path.parent}' does not exist, make it first.")
    if not os.access(path.parent, os.W_OK):
        raise StyleclipError(f"Cannot write '{path}': no permission to write in '{path.parent}'.")
