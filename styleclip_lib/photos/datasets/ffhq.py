"""FFHQ's layout: `ffhq-dataset-v2.json`, `images1024x1024`, `thumbnails128x128`, `in-the-wild-images` (Karras et al. 2019)."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import msgspec
from msgspec import Struct

from ...errors import StyleclipError
from .manifest import Part, read_bytes
from .sources import Entry, Source, is_picture

INDEX = "ffhq-dataset-v2.json"
WILD, ALIGNED = "in-the-wild-images", ("images1024x1024", "images256x256", "images512x512", "thumbnails128x128")

PARTS: dict[str, Part] = {"training": "train", "validation": "validation"}

MOST_BYTES, MOST_OBJECTS = 600_000_000, 1_000_000
"""Of the index. The real one has 256 million bytes, and 70,000 items with five objects each."""

POINTS, LONGEST = 68, 10_000
"""The landmarks of a face, and the most bytes in which the index may write them."""


class _Wild(Struct):
    file_path: str = ""
    face_landmarks: msgspec.Raw = msgspec.Raw(b"[]")


class _Item(Struct):
    category: str = ""
    in_the_wild: _Wild = msgspec.field(default_factory=_Wild)


def read_ffhq(folder: Path, files: list[str]) -> Source | None:
    """The pictures of a folder in this layout; None for another one. Raises StyleclipError for an index that cannot be read.

    Aligned pictures are taken where there are any, else those in the wild with the index's landmarks.
    """
    aligned = next((name for name in ALIGNED if any(name in PurePosixPath(path).parts for path in files)), None)
    wild = any(WILD in PurePosixPath(path).parts for path in files)
    index = next((path for path in files if PurePosixPath(path).name == INDEX), None)
    if aligned is None and not (wild and index):
        return None
    items = {} if index is None else _read(folder / index)
    parts: dict[str, Part | None] = {number: PARTS.get(item.category) for number, item in items.items()}
    chosen, entries = aligned or WILD, []
    for path in files:
        where, number = PurePosixPath(path), PurePosixPath(path).stem.lstrip("0") or "0"
        if chosen not in where.parts or not is_picture(path):
            continue
        if aligned:
            entries.append(Entry(path, parts.get(number), aligned=True))
        elif len(points := _points(items.get(number, _Item()), folder / (index or INDEX))) == POINTS:
            entries.append(Entry(path, parts.get(number), landmarks=points))
        else:
            entries.append(Entry(path, refused=("unlisted", f"{INDEX} has no landmarks for it")))
    taken = {entry.path for entry in entries}
    others = [path for path in files if path not in taken and path != index]
    notes = [f"The pictures of '{chosen}' are taken, {len(others)} other files are not."] if others else []
    return Source(folder, "ffhq", entries, notes=notes)


def _points(item: _Item, path: Path) -> tuple[tuple[float, float], ...]:
    """The landmarks of an item. They are read one item at a time: as objects of Python's all of them take ten times the file's size."""
    written = item.in_the_wild.face_landmarks
    try:
        if len(memoryview(written)) > LONGEST:
            raise ValueError("the landmarks of a picture are too many")
        return msgspec.json.decode(written, type=tuple[tuple[float, float], ...])
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise _refusal(path, error) from error


def _read(path: Path) -> dict[str, _Item]:
    content = read_bytes(path, MOST_BYTES)
    try:
        if len(content) > MOST_BYTES or content.count(b"{") > MOST_OBJECTS:
            raise ValueError("it is too large")
        return msgspec.json.decode(content, type=dict[str, _Item])
    except (msgspec.MsgspecError, RecursionError, ValueError) as error:
        raise _refusal(path, error) from error


def _refusal(path: Path, error: Exception) -> StyleclipError:
    return StyleclipError(f"'{path}' is not FFHQ's index ({error}): get a whole copy of it, or take it away.")
