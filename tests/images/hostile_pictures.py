"""Pictures as strangers upload them, by what is wrong with them.

REFUSED  name -> (the bytes of a file, what is said of it)
LARGE    the same, of files that are valid, and as large as a picture may be: no face is in them
ODD      name -> the bytes of a file that is read, whatever stands on its margin
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageCms

from .bombs import blank_png, directory, many_scans, many_segments, many_tiles, padded_gif, padded_jpeg, png_chunk, short_lines
from .made import encoded, postscript


def noise(side: int = 64) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (side, side, 3), dtype=np.uint8))


def frames(kind: str) -> bytes:
    """An animation whose first frame shows nothing."""
    return encoded(Image.new("RGB", (64, 64)), kind, save_all=True, append_images=[noise()], duration=50)


def wide_canvas() -> bytes:
    """A GIF of a few bytes that says of itself that it is 65,535 pixels wide and high."""
    whole = bytearray(encoded(Image.new("L", (4, 4)), "GIF"))
    struct.pack_into("<HH", whole, 6, 65_535, 65_535)
    return bytes(whole)


REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "PostScript.jpg": (lambda: postscript("canary"), "PostScript"),
    "PostScript behind lines.png": (lambda: b"\n\n" + postscript("canary"), "PostScript"),
    "column.png": (lambda: blank_png(1, 60_000_000), "too large"),
    "square.png": (lambda: blank_png(20_000, 20_000), "too large"),
    "canvas.gif": (wide_canvas, "too large"),
    "scans.jpg": (lambda: many_scans(2000, 90_000), "more scans"),
    "segments.jpg": (lambda: many_segments(2_000_000), "more parts"),
    "zeros.jpg": (lambda: padded_jpeg(bytes(10_000_000)), "more parts"),
    "marks.jpg": (lambda: padded_jpeg(b"\xff" * 10_000_000), "more parts"),
    "chunks.png": (lambda: blank_png(4, 4, 8, 0, png_chunk(b"teSt") * 500_000), "more parts"),
    "tiles.tif": (lambda: many_tiles(1500), "more parts"),
    "tiles in another order.tif": (lambda: b"II\0*" + many_tiles(1500)[4:], "more parts"),
    "comments.gif": (lambda: padded_gif(b"!\xfe" + b"\1a" * 5_000_000 + b"\0"), "more parts|more notes"),
    "zeros.gif": (lambda: padded_gif(bytes(10_000_000)), "more parts"),
    "short lines.bmp": (lambda: short_lines(32_767, 1980), "run-length code"),
    "cut off.jpg": (lambda: encoded(noise(), "JPEG")[:1500], "damaged or cut off|not a picture"),
    "cut off.png": (lambda: encoded(noise())[:5000], "damaged or cut off"),
    "cut off.webp": (lambda: encoded(noise(), "WEBP")[:1000], "damaged or cut off|not a picture"),
    "notes of many megabytes.png": (
        lambda: blank_png(4, 4, 8, 0, png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(100_000_000)))), "not a picture"),
    "a profile of many megabytes.png": (
        lambda: blank_png(4, 4, 8, 2, png_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(100_000_000)))), "not a picture"),
    "nothing.png": (lambda: b"", "empty|not a picture"),
}  # fmt: skip

LARGE: dict[str, tuple[Callable[[], bytes], str]] = {
    "grey of 16 bits.png": (lambda: blank_png(8000, 8000, 16, 0), "No face"),
    "colours of 16 bits.png": (lambda: blank_png(8000, 8000, 16, 2), "No face"),
    "transparent, of 16 bits.png": (lambda: blank_png(8000, 8000, 16, 6), "No face"),
    "progressive.jpg": (lambda: encoded(Image.new("RGB", (8000, 8000)), "JPEG", progressive=True), "No face"),
    "bitmap.gif": (lambda: encoded(Image.new("L", (8000, 8000)), "GIF"), "No face"),
    "a long side.png": (lambda: blank_png(32_767, 1900, 8, 2), "No face"),
}

ODD: dict[str, Callable[[], bytes]] = {
    "animated.gif": lambda: frames("GIF"),
    "animated.webp": lambda: frames("WEBP"),
    "animated.png": lambda: frames("PNG"),
    "a profile that is none.jpg": lambda: encoded(noise(), "JPEG", icc_profile=b"\xff" * 70_000),
    "a profile of another kind.jpg": lambda: encoded(
        noise(), "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()),
    "a profile that is none.tif": lambda: encoded(noise(), "TIFF", tiffinfo={34675: b"\0" * 9}),
    "notes of a camera that are none.jpg": lambda: encoded(noise(), "JPEG", exif=b"Exif\0\0II*\0" + b"\xff" * 60_000),
    "notes that lead to themselves.jpg": lambda: encoded(noise(), "JPEG", exif=b"Exif\0\0" + directory([(34665, 4, 1, 8), (330, 4, 1, 8)])),
    "a turn that is none.jpg": lambda: encoded(noise(), "JPEG", exif=b"Exif\0\0" + directory([(274, 3, 1, 77)])),
}  # fmt: skip
