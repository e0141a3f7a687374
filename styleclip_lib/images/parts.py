"""What a picture file is made of, counted before Pillow sees it: a small file may be made so that a decoder works on it for hours.

Pillow's decoders go through every part of a file in Python, and decode a JPEG once for each scan in it.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import repeat

MOST_PARTS = 100_000
"""Chunks of a PNG, segments of a JPEG and the resources of Photoshop's in them, tiles or strips of a TIFF; and bytes between them that
belong to nothing. A PNG of 65 megapixels in pieces of 8 kB has 25,000."""

MOST_BLOCKS, MOST_NOTES = 2_000_000, 20_000
"""Blocks of a GIF, of up to 255 bytes, and those among them that are no picture's: comments, and how long each frame is shown."""

MOST_RUNS = 10_000_000
"""Pixels of a bitmap in run-length code, which Pillow unpacks in Python."""

MOST_SCANS = 50
"""Of a JPEG. A progressive one has about ten."""

SHORT, ORIENTATION = 3, 274
WIDTHS = {1: 1, 2: 1, SHORT: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of a number in a TIFF's directory, by its type."""

BYTES = (1, 2, 6, 7)
"""The types of which Pillow makes no numbers of Python's."""

TIFFS = (b"II*\0", b"MM\0*", b"MM*\0", b"II\0*", b"MM\0+", b"II+\0")
"""How files begin that Pillow takes for a TIFF."""

GIFS, EXTENSION, FRAME, TRAILER = (b"GIF87a", b"GIF89a"), 0x21, 0x2C, 0x3B

RUN_LENGTH = (1, 2)
"""The codes of a bitmap whose pixels are not simply one after the other."""

MARKER = re.compile(rb"\xff+([\x01-\xcf\xd8-\xfe])")
END, SCAN, ALONE = 0xD9, 0xDA, (0x01, 0xD8)
"""Of a JPEG's markers: the end, a scan, and those besides these that have no length."""


class Overloaded(ValueError):
    """What is odd about a file, as the second half of a sentence: "it has more ... than any picture"."""


def check_parts(content: bytes) -> None:
    """Raises Overloaded for a file of more parts than a picture has. What is merely broken is left to the decoder."""
    try:
        if content.startswith(b"\x89PNG"):
            _count(_chunks(content), MOST_PARTS)
        elif content.startswith(b"\xff\xd8"):
            markers = _count(_markers(content), MOST_PARTS)
            if markers.count(SCAN) > MOST_SCANS:
                raise Overloaded("it has more scans than any picture")
            if content.count(b"8BIM") > MOST_PARTS:
                raise Overloaded("it has more parts than any picture")
        elif content.startswith(GIFS):
            notes = _count(_blocks(content), MOST_BLOCKS).count(EXTENSION)
            if notes > MOST_NOTES:
                raise Overloaded("it has more notes than any picture")
        elif content.startswith(b"BM"):
            width, height, code = struct.unpack_from("<ii4xI", content, 18)
            if code in RUN_LENGTH and abs(width * height) > MOST_RUNS:
                raise Overloaded("it is too large for a bitmap in run-length code")
        elif content[:4] in TIFFS:
            for big in {content[2] == 43, content[3] == 43}:
                _check_entries(content, big)
    except struct.error:
        pass


def orientation(exif: bytes) -> int:
    """How the camera was held, 1 to 8, from the notes that it wrote; 1, which is upright, also where they are broken or say nothing."""
    notes = exif.removeprefix(b"Exif\0\0")
    try:
        values = [struct.unpack_from(_order(notes) + "H", value)[0] for tag, kind, count, value in _entries(notes, big=False)
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
    """A JPEG's markers, up to its end: a camera may have appended a video. Before the first scan also a 0 for each byte between them,
    which Pillow looks at one after the other."""
    at, scanned = 2, False
    while True:
        match = MARKER.search(content, at)
        if not scanned:
            yield from repeat(0, (match.end() - 2 if match else len(content)) - at)
        if match is None or (scanned and match[1][0] == END):
            return
        marker = match[1][0]
        yield marker
        scanned, at = scanned or marker == SCAN, match.end()
        if marker not in (END, *ALONE):
            at += max(2, int.from_bytes(content[at : at + 2], "big"))


def _blocks(content: bytes) -> Iterator[int]:
    """For each block of a GIF what it belongs to: an extension or a frame; 0 for every byte that belongs to nothing."""
    at = 13 + _palette(*content[10:11])
    while at < len(content) and (kind := content[at]) != TRAILER:
        if kind not in (EXTENSION, FRAME):
            at += 1
            yield 0
            continue
        at += 2 if kind == EXTENSION else 11 + _palette(*content[at + 9 : at + 10])
        while at < len(content) and (size := content[at]):
            at += size + 1
            yield kind
        at += 1


def _palette(flags: int = 0) -> int:
    """The bytes of a GIF's palette; 0 where the file is cut off before that."""
    return 3 << (flags & 7) + 1 if flags & 128 else 0


def _check_entries(content: bytes, big: bool) -> None:
    """Raises Overloaded for a TIFF with more numbers in its directory, which may be cut off, than a picture has."""
    entries = []
    with suppress(struct.error):
        entries.extend(_entries(content, big))
    numbers = sum(count for _, kind, count, _ in entries if kind not in BYTES)
    if numbers > MOST_PARTS or sum(count * WIDTHS.get(kind, 0) for _, kind, count, _ in entries) > len(content):
        raise Overloaded("it has more parts than any picture")


def _order(content: bytes) -> str:
    return ">" if content.startswith(b"MM") else "<"


def _entries(content: bytes, big: bool) -> Iterator[tuple[int, int, int, bytes]]:
    """The first directory of a TIFF, big ones have wider numbers, or of a camera's notes: tag, type, how many numbers, and the four or
    eight bytes of the value or of where it is. Raises struct.error where it is cut off."""
    order = _order(content)
    first, number, entry, size = (8, "Q", "HHQ8s", 20) if big else (4, "H", "HHI4s", 12)
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), content, first)
    (count,) = struct.unpack_from(order + number, content, at)
    at += struct.calcsize(order + number)
    for place in range(min(count, MOST_PARTS)):
        yield struct.unpack_from(order + entry, content, at + place * size)
