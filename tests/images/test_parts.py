"""Small files of which a decoder would make a lot of work are told by their parts; honest ones pass."""

import struct

import pytest
from PIL import Image

from styleclip_lib.images import parts
from styleclip_lib.images.parts import Overloaded, check_parts, orientation

from .bombs import (
    blank_png,
    directory,
    many_scans,
    many_segments,
    many_tiles,
    padded_gif,
    padded_jpeg,
    photoshop_notes,
    png_chunk,
    shared_notes,
    short_lines,
)
from .made import encoded

BOMBS = {
    "scans": lambda: many_scans(16, 60),
    "segments": lambda: many_segments(101_000),
    "chunks": lambda: blank_png(4, 4, 8, 0, png_chunk(b"teSt") * 101_000),
    "tiles": lambda: many_tiles(300),
    "notes": lambda: shared_notes(20, 2000),
    "tiles behind another order of bytes": lambda: b"II\0*" + many_tiles(300)[4:],
    "tiles in a directory that is cut off": lambda: with_one_entry_less(many_tiles(300)),
    "scans in a file that is cut off": lambda: many_scans(16, 60) + b"\xff\xe0",
    "zeros between a JPEG's segments": lambda: padded_jpeg(bytes(101_000)),
    "marks of no segment": lambda: padded_jpeg(b"\xff\0" * 101_000),
    "the beginning of a mark": lambda: padded_jpeg(b"\xff" * 101_000),
    "zeros behind an end before the picture": lambda: padded_jpeg(b"\xff\xd9" + bytes(101_000)),
    "resources of Photoshop's": lambda: photoshop_notes(105_000),
    "comments of a GIF": lambda: padded_gif(b"!\xfe" + b"\1a" * 21_000 + b"\0"),
    "comments of a GIF that is cut off": lambda: padded_gif(b"!\xfe" + b"\1a" * 21_000)[:42_000],
    "zeros before a GIF's frame": lambda: padded_gif(bytes(2_001_000)),
    "a bitmap of short lines": lambda: short_lines(32_767, 400),
}


def with_one_entry_less(tiff: bytes) -> bytes:
    """A TIFF that ends with its directory, which claims one entry more than there is; Pillow takes those that are there."""
    count = struct.unpack_from("<H", tiff, 8)[0]
    body, place = tiff[10 + 12 * count + 4 :], 8 + len(tiff[10 + 12 * count + 4 :])
    moved = bytearray(tiff[10 : 10 + 12 * count])
    for entry in range(count):
        tag, _, _, value = struct.unpack_from("<HHII", moved, 12 * entry)
        if tag in (324, 325):
            struct.pack_into("<I", moved, 12 * entry + 8, value - (14 + 12 * count) + 8)
    return b"II*\0" + struct.pack("<I", place) + body + struct.pack("<H", count + 1) + bytes(moved)


@pytest.mark.parametrize("name", BOMBS)
def test_more_parts_than_any_picture(name):
    with pytest.raises(Overloaded, match=r"more (parts|scans|notes) than any picture|run-length code"):
        check_parts(BOMBS[name]())


@pytest.mark.parametrize("settings", [("PNG",), ("JPEG",), ("TIFF",), ("WEBP",), ("GIF",), ("BMP",)])
def test_honest_pictures_pass_whole_and_cut_off(settings):
    content = encoded(Image.effect_noise((90, 70), 60), *settings)
    for end in (len(content), 60, 10, 3, 0):
        check_parts(content[:end])


def test_a_progressive_picture_and_one_with_a_video_behind_it_pass():
    progressive = encoded(Image.effect_noise((90, 70), 60), "JPEG", progressive=True)
    check_parts(progressive)
    check_parts(progressive + b"\xff\xda\0\2" * 500)


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("noted", [1, 6, 8])
def test_orientation(noted, order):
    start = b"II*\0" if order == "<" else b"MM\0*"
    entry = struct.pack(order + "HHIHH", parts.ORIENTATION, 3, 1, noted, 0)
    notes = start + struct.pack(order + "IH", 8, 1) + entry
    assert orientation(notes) == orientation(b"Exif\0\0" + notes) == noted


@pytest.mark.parametrize("notes", [b"", b"II", b"Exif\0\0", bytes(30), directory([(274, 3, 1, 9)]), directory([(274, 4, 1, 6)]),
                                   directory([(274, 3, 2, 6)]), directory([(274, 3, 1, 6)])[:14]])  # fmt: skip
def test_notes_that_say_nothing_mean_upright(notes):
    assert orientation(notes) == 1
