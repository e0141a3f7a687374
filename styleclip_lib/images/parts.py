"""What a picture file is made of, counted before Pillow sees it: a small file may be made so that a decoder works on it for hours.

Pillow's decoders go through every part of a file in Python, and decode a JPEG once for each scan in it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

MOST_PARTS = 100_000
"""Chunks of a PNG, segments of a JPEG, tiles or strips of a TIFF. A PNG of 65 megapixels in pieces of 8 kB has 25,000."""

MOST_SCANS = 50
"""Of a JPEG. A progressive one has about ten."""

SHORT, ORIENTATION = 3, 274
WIDTHS = {1: 1, 2: 1, SHORT: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a number in a TIFF's directory, by its type."""

BYTES = (1, 2, 6, 7)
"""The types of which Pillow makes no numbers of Python's."""

MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
END, SCAN, ALONE = 0xD9, 0xDA, (0x01, 0xD8)
"""Of a JPEG's markers: the end, a scan, and those besides these that have no length."""


class Overloaded(ValueError):
    """What is odd about a file, as the second half of a sentence: "it has more ... than any picture"."""


def check_parts(content: bytes) -> None:
    """Raises Overloaded for a PNG, JPEG or TIFF of more parts than a picture has. What is merely broken is left to the decoder."""
    try:
        if content.startswith(b"\x89PNG"):
            _count(_chunks(content), MOST_PARTS)
        elif content.startswith(b"\xff\xd8"):
            markers = _count(_markers(content), MOST_PARTS)
            if markers.count(SCAN) > MOST_SCANS:
                raise Overloaded("it has more scans than any picture")
        elif content[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            entries = list(_entries(content))
            numbers = sum(count for _, kind, count, _ in entries if kind not in BYTES)
            if numbers > MOST_PARTS or sum(count * WIDTHS.get(kind, 0) for _, kind, count, _ in entries) > len(content):
                raise Overloaded("it has more parts than any picture")
    except struct.error:
        pass


def orientation(exif: bytes) -> int:
    """How the camera was held, 1 to 8, from the notes that it wrote; 1, which is upright, also where they are broken or say nothing."""
    notes = exif.removeprefix(b"Exif\0\0")
    try:
        values = [struct.unpack_from(_order(notes) + "H", value)[0] for tag, kind, count, value in _entries(notes)
                  if (tag, kind, count) == (ORIENTATION, SHORT, 1)]
    except struct.error:
        return 1
    return values[0] if values and 1 <= values[0] <= 8 else 1


def _count(parts: Iterator[int], most: int) -> list[int]:
    """The parts, at most so many."""
    counted = []
    for part in parts:
        counted.append(part)
        if len(counted) > most:
            raise Overloaded("it has more parts than any picture")
    return counted


def _chunks(content: bytes) -> Iterator[int]:
    """The sizes of a PNG's chunks."""
    at = 8
    while at + 8 <= len(content):
        (size,) = struct.unpack_from(">I", content, at)
        at += size + 12
        yield size


def _markers(content: bytes) -> Iterator[int]:
    """A JPEG's markers, up to its end: a camera may have appended a video."""
    at = 2
    while (match := MARKER.search(content, at)) and (marker := match[1][0]) != END:
        yield marker
        at = match.end()
        if marker not in ALONE:
            at += max(2, *struct.unpack_from(">H", content, at))


def _order(content: bytes) -> str:
    return ">" if content.startswith(b"MM") else "<"


def _entries(content: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """The first directory of a TIFF, or of a camera's notes: tag, type, how many numbers, and the four or eight bytes of the value or
    of where it is. Raises struct.error where it is cut off."""
    order = _order(content)
    big = struct.unpack_from(order + "H", content, 2) == (43,)
    first, number, entry, size = (8, "Q", "HHQ8s", 20) if big else (4, "H", "HHI4s", 12)
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), content, first)
    (count,) = struct.unpack_from(order + number, content, at)
    at += struct.calcsize(order + number)
    for place in range(min(count, MOST_PARTS)):
        yield struct.unpack_from(order + entry, content, at + place * size)
