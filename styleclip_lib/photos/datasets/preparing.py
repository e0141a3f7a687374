"""One picture of a folder: opened, its faces found, each cropped as FFHQ's pictures are and saved, or the reason why not."""

from __future__ import annotations

import hashlib
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image, ImageOps

from ...errors import StyleclipError, plain
from ...framing import face_quad, quad_side
from ...images import MAX_BYTES, open_picture, save_image
from ..alignment import crop_quad
from ..detection import find_faces, find_large_faces
from ..face_points import face_landmarks
from .duplicates import fingerprint
from .manifest import IMAGES, Part, Row, read_bytes
from .sources import Entry

FIVE = (slice(36, 42), slice(42, 48), slice(30, 31), slice(48, 49), slice(54, 55))
"""Left eye, right eye, nose, left and right corner of the mouth among the 68 landmarks."""


@dataclass(frozen=True)
class Making:
    """How pictures are made into a data set.

    folder, out  where the pictures are, and the data set
    size         pixels along a side of the aligned pictures
    align        "auto": a crop around the landmarks that the folder's lists give, else around those found; pictures that are FFHQ's
                 crops as they are. "always": around those found. "never": the largest square in the middle
    faces        "largest" or "all" of a picture's faces
    least        pixels of the source along the crop's side; a smaller face is left out
    held_out     share of the pictures that become the part "validation" where the folder's lists do not say
    format       "png" or "jpg"
    framing      side of the crop in sides of FFHQ's
    domain       folder of the domain whose landmark model reads the faces; None: the portraits'
    """

    folder: Path
    out: Path
    size: int
    align: Literal["auto", "always", "never"] = "auto"
    faces: Literal["largest", "all"] = "largest"
    least: int = 128
    held_out: float = 0.1
    format: Literal["png", "jpg"] = "png"
    framing: float = 1.0
    domain: Path | None = None


class _Left(Exception):
    """A picture or face is left out: a word and a sentence."""


def be_a_worker() -> None:
    """A process of several: Ctrl-C is the first one's business, and one thread is enough for each."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def prepare(making: Making, entry: Entry) -> list[Row]:
    """A row for each face of a picture, or one that says why it was left out. Raises StyleclipError where nothing can be written."""
    row = Row(entry.path)
    try:
        if entry.refused:
            raise _Left(*entry.refused)
        content = _content(making.folder / entry.path, row)
        crops = _crops(making, entry, _picture(content))
    except _Left as left:
        reason, why = left.args
        row.left_out, row.why = reason, plain(why)
        return [row]
    return [_row(making, entry, row, number, len(crops), *face) for number, face in enumerate(crops)]


def _content(path: Path, row: Row) -> bytes:
    """A file's bytes; notes in the row what it was."""
    if os.path.islink(path) and not os.path.exists(path):
        raise _Left("broken link", f"it leads to '{os.readlink(path)}', where there is nothing")
    try:
        facts, content = os.stat(path), read_bytes(path, MAX_BYTES)
    except (StyleclipError, OSError) as error:
        raise _Left("unreadable", str(error)) from None
    row.bytes, row.modified, row.source_sha256 = facts.st_size, facts.st_mtime_ns, hashlib.sha256(content).hexdigest()
    return content


def _picture(content: bytes) -> Image.Image:
    try:
        return open_picture(content)
    except MemoryError:
        raise _Left("too large", "it needs more memory than there is") from None
    except StyleclipError as error:
        why = str(error).replace("The data", "it", 1)
        raise _Left(next((word for word in ("not a picture", "too large") if word in why), "damaged"), why) from None


def _crops(making: Making, entry: Entry, picture: Image.Image) -> list[tuple[Image.Image | _Left, float, int, np.ndarray | None]]:
    """For each face: the crop (or why there is none), the square's side in the picture, how many faces there are, five landmarks."""
    if making.align == "never" or (making.align == "auto" and entry.aligned):
        side = min(picture.size)
        if side < making.least:
            raise _Left("tiny", f"its shorter side has {side} pixels, and {making.least} are asked for")
        return [(ImageOps.fit(picture, (making.size, making.size), Image.Resampling.LANCZOS), side, 1, None)]
    return [_cropped(making, picture, points, faces) for points, faces in _points(making, entry, picture)]


def _points(making: Making, entry: Entry, picture: Image.Image) -> list[tuple[np.ndarray, int]]:
    """The 68 landmarks of each face that is wanted, and how many faces there are."""
    if making.align == "auto" and entry.landmarks is not None:
        return [(_all_points(entry.landmarks, picture), 1)]
    faces = find_large_faces(picture) if making.faces == "largest" else find_faces(picture)
    if not faces:
        raise _Left("no face", f"no face that looks towards the camera was found in {picture.width} x {picture.height} pixels")
    chosen = faces[:1] if making.faces == "largest" else faces
    return [(face_landmarks(picture, face, making.domain), len(faces)) for face in chosen]


def _all_points(given: tuple, picture: Image.Image) -> np.ndarray:
    """68 landmarks of which those are right that choose the square, from 5 or 68."""
    points = np.array(given, dtype=np.float64)
    if len(points) == 5:
        five, points = points, np.zeros((68, 2))
        for where, point in zip(FIVE, five):
            points[where] = point
    features = points[[*range(36, 48), 48, 54]]
    if not (np.isfinite(points).all() and (features > -1).all() and (features < picture.size).all() and np.ptp(features, axis=0).max() > 2):
        raise _Left("wrong landmarks", f"the landmarks in the list do not lie on a face of these {picture.width} x {picture.height} pixels")
    return points


def _cropped(making: Making, picture: Image.Image, points: np.ndarray, faces: int):
    quad = face_quad(points, making.framing)
    side = quad_side(quad)
    five = np.stack([points[where].mean(0) for where in FIVE])
    if side < making.least:
        return (_Left("tiny", f"the face is {side:.0f} pixels wide with its surroundings, and {making.least} are asked for"), side, faces,
                None)
    middle, across = quad.mean(0), (quad[3] - quad[0]) / side
    turn = np.array([[across[0], -across[1]], [across[1], across[0]]])  # picture -> crop, of rows
    return crop_quad(picture, quad, making.size), side, faces, ((five - middle) @ turn / side + 0.5) * making.size - 0.5


def _row(making: Making, entry: Entry, row: Row, number: int, several: int, crop, side, faces, five) -> Row:
    done = Row(row.source, number, row.bytes, row.modified, row.source_sha256, side=round(float(side), 1), faces=max(faces, several))
    if isinstance(crop, _Left):
        done.left_out, done.why = crop.args
        return done
    done.part = entry.part or _part(row.source_sha256, making.held_out)
    done.attributes = None if entry.attributes is None else list(entry.attributes)
    done.landmarks = [] if five is None else [(round(x, 1), round(y, 1)) for x, y in five.tolist()]
    done.fingerprint, done.file = fingerprint(crop), _name(entry.path, number, making.format)
    path = making.out / done.file
    path.parent.mkdir(parents=True, exist_ok=True)
    save_image(crop, path)
    done.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return done


def _part(source_sha256: str | None, held_out: float) -> Part:
    """The part of a picture that no list assigns: by its content, so that it stays the same whatever is added."""
    return "validation" if int((source_sha256 or "0")[:8], 16) < held_out * 2**32 else "train"


def _name(source: str, face: int, format: str) -> str:
    """The file of a face: the source's name and eight digits that make it unlike all others."""
    digits = hashlib.sha256(f"{source}\n{face}".encode("utf-8", "surrogateescape")).hexdigest()
    stem = re.sub(r"[^A-Za-z0-9_-]+", "_", Path(source).stem)[:60] or "picture"
    return f"{IMAGES}/{digits[:2]}/{stem}-{digits[:8]}.{format}"
