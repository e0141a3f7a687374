"""Pictures that are small as files and large in every other way, made byte by byte."""

from __future__ import annotations

import re
import struct
import zlib

from PIL import Image

from .made import encoded


def png_chunk(kind: bytes, content: bytes = b"") -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def blank_png(width: int, height: int, bits: int = 8, colors: int = 0, *between: bytes) -> bytes:
    """A black PNG, some ten thousand times smaller than what is in it. colors: 0 grey, 2 RGB, 4 grey and 6 RGB with transparency."""
    row = b"\0" + bytes((width * bits * {0: 1, 2: 3, 4: 2, 6: 4}[colors] + 7) // 8)
    at_once, packer, packed = max(1, 1_000_000 // len(row)), zlib.compressobj(1), []
    for start in range(0, height, at_once):
        packed.append(packer.compress(row * min(at_once, height - start)))
    data = b"".join([*packed, packer.flush()])
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, colors, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(between) + png_chunk(b"IDAT", data) + png_chunk(b"IEND")


def many_scans(side: int, scans: int) -> bytes:
    """A progressive JPEG whose last scan comes again and again: a few bytes each, and each goes over the whole picture."""
    whole = encoded(Image.new("L", (side, side)), "JPEG", progressive=True)
    last = [found.start() for found in re.finditer(rb"\xff\xda", whole)][-1]
    return whole[:-2] + whole[last:-2] * scans + whole[-2:]


def many_segments(count: int) -> bytes:
    whole = encoded(Image.new("L", (4, 4)), "JPEG")
    return whole[:2] + b"\xff\xe5\0\2" * count + whole[2:]


def directory(entries: list[tuple[int, int, int, int]], content: bytes = b"") -> bytes:
    """A TIFF's directory: (tag, type, how many numbers, value or where it is); the content begins behind it."""
    packed = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + packed + struct.pack("<I", 0) + content


def many_tiles(side: int) -> bytes:
    """A TIFF in tiles of one pixel, each of which Pillow makes an object for."""
    count, start = side * side, 8 + 2 + 12 * 10 + 4
    usual = [(256, 4, 1, side), (257, 4, 1, side), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 1), (322, 4, 1, 1),
             (323, 4, 1, 1)]  # fmt: skip
    return directory([*usual, (324, 4, count, start), (325, 4, count, start + 4 * count)], struct.pack("<II", 8, 1) * count)


def padded_jpeg(between: bytes) -> bytes:
    """A JPEG with something behind its first two bytes that belongs to nothing."""
    whole = encoded(Image.new("L", (4, 4)), "JPEG")
    return whole[:2] + between + whole[2:]


def photoshop_notes(count: int) -> bytes:
    """A JPEG with so many resources of Photoshop's, all of them empty."""
    most = 5000
    note = b"Photoshop 3.0\0" + (b"8BIM\4\4" + bytes(6)) * most
    return padded_jpeg((b"\xff\xed" + struct.pack(">H", 2 + len(note)) + note) * (count // most))


def padded_gif(between: bytes) -> bytes:
    """A GIF with something before its frame."""
    whole = encoded(Image.new("L", (4, 4)), "GIF")
    at = 13 + (3 << (whole[10] & 7) + 1)
    return whole[:at] + between + whole[at:]


def short_lines(width: int, height: int) -> bytes:
    """A bitmap in run-length code with one pixel in each line; for the others Pillow adds a byte each, in Python."""
    lines = b"\1\0\0\0" * height
    head = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 8, 1, len(lines), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 54 + 1024 + len(lines), 0, 0, 54 + 1024) + head + bytes(1024) + lines


def shared_notes(tags: int, size: int) -> bytes:
    """A directory in which every tag has the same bytes as its value."""
    return directory([(1000 + tag, 7, size, 8 + 6 + 12 * tags) for tag in range(tags)], bytes(size))
