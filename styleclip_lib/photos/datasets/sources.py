"""What lies in a folder that a data set is made of: plain pictures, CelebA's layout or FFHQ's."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from ...errors import StyleclipError, plain
from ...paths import user_path
from .manifest import Part

EXTENSIONS = (".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".heif", "")
"""Files that are opened; what they are is told by their content. A file without an extension is opened, too."""


@dataclass(frozen=True)
class Entry:
    """A picture that a data set may be made of.

    path        where it is, below the folder, with forward slashes
    part        "train", "validation" or "test" where the folder says so, else None
    attributes  a value for each of the source's attribute names: 1, -1, or 0 for unknown
    landmarks   points (x, y) in the picture's pixels: 5 (eyes, nose, corners of the mouth) or 68; None where a face has to be found
    aligned     whether the picture is a crop as FFHQ's already
    refused     why it cannot be taken, as (reason, sentence), where that is known without opening it
    """

    path: str
    part: Part | None = None
    attributes: tuple[int, ...] | None = None
    landmarks: tuple[tuple[float, float], ...] | None = None
    aligned: bool = False
    refused: tuple[str, str] | None = None


@dataclass(frozen=True)
class Source:
    """A folder's pictures, in the order of their paths.

    layout      "folder", "celeba" or "ffhq"
    attributes  the names of what is known of the pictures
    notes       what a person should be told, a sentence each
    """

    folder: Path
    layout: str
    entries: list[Entry]
    attributes: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)


def find_source(folder: str | os.PathLike[str], without: Path | None = None) -> Source:
    """What is in a folder; `without` is a folder in it that does not count, such as the data set itself.

    Raises StyleclipError for what is no folder, for one without pictures, and for lists in it that cannot be read.
    """
    from .celeba import read_celeba
    from .ffhq import read_ffhq

    folder = user_path(folder)
    if not os.path.exists(folder):
        raise StyleclipError(f"There is no folder '{folder}': check the path.")
    if not os.path.isdir(folder):
        raise StyleclipError(f"'{folder}' is a file: give the path of a folder with pictures, and unpack an archive first.")
    files, notes = listed(folder, without)
    source = read_celeba(folder, files) or read_ffhq(folder, files) or _plain(folder, files)
    if not any(entry.refused is None for entry in source.entries):
        raise StyleclipError(f"There is no picture in '{folder}': give a folder with files such as {', '.join(EXTENSIONS[:4])}.")
    return Source(source.folder, source.layout, sorted(source.entries, key=lambda entry: entry.path), source.attributes,
                  [*source.notes, *notes])


def listed(folder: Path, without: Path | None = None) -> tuple[list[str], list[str]]:
    """The files below a folder, as paths with forward slashes, and notes. Links to folders are not followed, hidden files not listed."""
    files, links, hidden = [], [], 0
    away = None if without is None else os.path.realpath(without)
    for parent, folders, names in os.walk(folder):
        links += [os.path.relpath(os.path.join(parent, name), folder) for name in folders if os.path.islink(os.path.join(parent, name))]
        folders[:] = sorted(name for name in folders
                            if not name.startswith(".") and os.path.realpath(os.path.join(parent, name)) != away)
        hidden += sum(name.startswith(".") for name in names)
        files += [Path(os.path.relpath(os.path.join(parent, name), folder)).as_posix() for name in names if not name.startswith(".")]
    notes = [f"'{plain(link)}' is a link to a folder and was not followed." for link in sorted(links)]
    if hidden:
        notes.append(f"{hidden} hidden files, whose names begin with a dot, do not count.")
    foreign = [file for file in files if not _is_text(file)]
    notes += [f"'{plain(file)}' does not count: its name is not text in UTF-8, rename it." for file in sorted(foreign)]
    return sorted(set(files) - set(foreign)), notes


def _is_text(name: str) -> bool:
    """Whether a file's name can be written into a manifest; Linux knows names of any bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_picture(path: str) -> bool:
    """Whether a file's name is that of a picture."""
    return os.path.splitext(path)[1].lower() in EXTENSIONS


def _plain(folder: Path, files: list[str]) -> Source:
    refused = "not a picture", "its name is not that of a picture"
    return Source(folder, "folder", [Entry(path, refused=None if is_picture(path) else refused) for path in files])
