"""Pictures out of files, bytes and open files, whoever made them: a list of formats, limits, and one sentence for what is none."""

from __future__ import annotations

import io
import logging
import math
import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO, cast

import numpy as np
import torch
from PIL import Image, JpegImagePlugin, TiffImagePlugin

from ..errors import StyleclipError
from ..paths import open_regular
from .modes import to_rgb
from .parts import ORIENTATION, Overloaded, check_parts, orientation
from .tensors import from_pil, to_tensor

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""The formats that are read, whatever a file is called. Pillow knows many more, and hands PostScript to another program that runs it."""

UNREAD = {b"%!PS": "PostScript", b"\xc5\xd0\xd3\xc6": "PostScript", b"%PDF": "PDF", b"8BPS": "Photoshop's", b"<svg": "SVG",
          b"ftyphei": "HEIC, an iPhone's", b"ftyphev": "HEIC, an iPhone's", b"ftypmif1": "HEIC, an iPhone's", b"ftypavif": "AVIF"}
"""How other formats begin, so that a message can name them."""

MAX_MEGAPIXELS = 65
"""Larger pictures are refused before they are decoded: 65 megapixels are 780 MB as a tensor. Cameras of 64 megapixels make 64.2, and
those of 200 save JPEG, which can be decoded at half its size."""

HEAVY_MEGAPIXELS = 50
"""The same for WebP and for a progressive JPEG in CMYK, whose decoders hold the picture several times."""

MAX_SIDE = 32_767
"""Pixels. A panorama has fewer, and what is longer is no picture that has a face in it."""

MAX_BYTES = 400_000_000
"""Of a file: 65 megapixels of three colours with 16 bits each, not compressed."""

TURNS = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
         5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
         8: Image.Transpose.ROTATE_90}  # fmt: skip
"""How a picture is turned upright, by what the camera has noted."""

_UNHEARD = logging.NullHandler()

ImageSource = str | os.PathLike[str] | bytes | BinaryIO | Image.Image


def load_image(source: ImageSource) -> torch.Tensor:
    """Reads a picture as the library needs it: [1, 3, H, W], float32, RGB, in [-1, 1].

    ``source`` is a path, the bytes of a file, an open binary file, or a PIL image. The camera's orientation is applied, transparent
    pictures get a white background, and grey, palette, CMYK and 16-bit pictures become RGB.

    Raises StyleclipError, in one sentence, for anything but a complete picture of at most ``MAX_MEGAPIXELS`` megapixels.
    """
    if isinstance(source, Image.Image):
        return from_pil(open_picture(source))
    pixels = np.asarray(open_picture(source))  # three bytes a pixel, where Pillow, which lets go of them here, has four
    return to_tensor((pixels.shape[1], pixels.shape[0]), lambda box: pixels[box[1] : box[3]])


def open_picture(source: ImageSource) -> Image.Image:
    """The same picture as ``load_image`` gives, as an upright RGB ``PIL.Image``. Raises StyleclipError."""
    return to_rgb(open_upright(source))


def open_upright(source: ImageSource) -> Image.Image:
    """The same picture in the mode that it has: transparent, grey or whatever. Raises StyleclipError.

    Of a file with several pictures the first; ``info["animated"]`` is true then. A photograph in JPEG of more than ``MAX_MEGAPIXELS``
    is read at half its size, and ``info["halved"]`` is true. An upright PIL image is returned as it is.
    """
    with warnings.catch_warnings():  # what Pillow has to say is said below, in a sentence
        warnings.simplefilter("ignore")
        if isinstance(source, Image.Image):
            return _upright(_decoded(source, "The picture"))
        name, content = _content(source)
        image = _opened(name, content)
        animated = _is_animated(image)
        image = _upright(_decoded(image, name))
        if animated:
            image.info["animated"] = True
        return image


def open_animation(source: ImageSource) -> Image.Image:
    """A file with several pictures (.gif, .webp, .png), to be read one after the other. Raises StyleclipError as ``open_upright`` does."""
    name, content = _content(source)
    image = _opened(name, content)
    if not _is_bearable(image):
        raise StyleclipError(_too_large(name, image))
    return image


def _content(source: ImageSource) -> tuple[str, bytes]:
    """(what to call it in a message, the bytes of the file). All are read at once: a file that shrinks meanwhile is cut off, no more."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, content = "The data", bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        name = f"'{os.fspath(source)}'"
        with io.BufferedReader(open_regular(source)) as file:
            content = file.read(MAX_BYTES + 1)
    elif not isinstance(source, Image.Image) and hasattr(source, "read"):
        name, content = f"'{getattr(source, 'name', 'the open file')}'", source.read(MAX_BYTES + 1)
    else:
        kind = type(source).__name__
        raise StyleclipError(f"Cannot read a picture from a {kind}: give a path, bytes or a PIL image.")
    if len(content) > MAX_BYTES:
        raise StyleclipError(f"{name} has more than {MAX_BYTES // 10**6} MB: save the picture as PNG or JPEG, and smaller.")
    return name, content


def _formats(content: bytes) -> list[str]:
    """What a file may be: one of ``FORMATS``, and HEIC where the package for it is installed."""
    formats: list[str] = list(FORMATS)
    if "HEIC" in _kind(content):
        try:
            from pillow_heif import register_heif_opener  # pyright: ignore[reportMissingImports]
        except ImportError:
            return formats
        register_heif_opener(thumbnails=False)
        formats.append("HEIF")
    return formats


def _kind(content: bytes) -> str:
    """What a file is, as far as its beginning tells, for messages: "a PDF file, and no picture"."""
    start = content[:64].lstrip().removeprefix(b"\xef\xbb\xbf")
    known = next((name for magic, name in UNREAD.items() if start.startswith(magic) or start[4:].startswith(magic)), None)
    return "not a picture" if known is None else f"a file in {known} format and not a picture"


def _opened(name: str, content: bytes) -> Image.Image:
    """The picture in a file, not decoded yet."""
    logging.getLogger("PIL").addHandler(_UNHEARD)  # else what Pillow logs of a broken file would stand beside the sentence
    try:
        check_parts(content)
        try:
            return Image.open(io.BytesIO(content), formats=_formats(content))
        except Image.DecompressionBombError:
            if content.startswith(b"\xff\xd8"):  # it may be possible to decode less of it
                return JpegImagePlugin.JpegImageFile(io.BytesIO(content))
            raise
    except Image.DecompressionBombError:
        raise StyleclipError(_too_large(name)) from None
    except Overloaded as error:
        raise StyleclipError(f"{name} is no picture as cameras and programs make them ({error}): save it anew as PNG or JPEG.") from error
    except Exception as error:  # a decoder that meets a broken header raises whatever it stumbled over
        how = ", or pip install pillow-heif" if "HEIC" in _kind(content) and "HEIF" not in _formats(content) else ""
        raise StyleclipError(f"{name} is {_kind(content)} that can be read: make a PNG or JPEG file of it{how}.") from error


def _decoded(image: Image.Image, name: str) -> Image.Image:
    """The picture with its pixels read; refuses an enormous one before it does so."""
    halved = _halve(image)
    if not _is_bearable(image):
        raise StyleclipError(_too_large(name, image))
    try:
        with _silent(image.format == "TIFF"):
            image.load()
    except Exception as error:  # as above: decoders of broken files raise all kinds
        raise StyleclipError(f"{name} is damaged or cut off: get a whole copy of it.") from error
    if halved:
        image.info["halved"] = True
    if not isinstance(image.info.get("icc_profile", b""), bytes):
        del image.info["icc_profile"]  # a broken note on the margin
    return image


def _is_bearable(image: Image.Image, shrink: int = 1) -> bool:
    """Whether a picture, made so many times smaller, is within the limits."""
    width, height = (math.ceil(side / shrink) for side in image.size)
    return width * height <= _megapixels(image) * 1e6 and max(width, height) <= MAX_SIDE


def _megapixels(image: Image.Image) -> int:
    is_heavy = image.format == "WEBP" or (image.mode == "CMYK" and "progressive" in image.info)
    return HEAVY_MEGAPIXELS if is_heavy else MAX_MEGAPIXELS


def _halve(image: Image.Image) -> bool:
    """Has a JPEG that is too large decoded at half its size; whether that helps. A progressive one is in the memory as a whole."""
    halved = image.format in ("JPEG", "MPO") and "progressive" not in image.info and not _is_bearable(image) and _is_bearable(image, 2)
    if halved:
        image.draft(None, (image.width // 2, image.height // 2))
    return halved


def _is_animated(image: Image.Image) -> bool:
    """Whether there are more pictures in the file than the first, which is the one that is read."""
    try:
        return image.format != "MPO" and bool(getattr(image, "is_animated", False))  # what cameras add there is not an animation
    except Exception:  # a second picture that is broken is none
        return False


@contextmanager
def _silent(wanted: bool) -> Iterator[None]:
    """Keeps a library of C from writing to standard error beside Python: libtiff says there what is said in a sentence anyway."""
    if not wanted:
        yield
        return
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _too_large(name: str, image: Image.Image | None = None) -> str:
    size, most = ("", MAX_MEGAPIXELS) if image is None else (f" ({image.width} x {image.height} pixels)", _megapixels(image))
    return f"{name} is too large{size}: make it smaller than {most} megapixels, and {MAX_SIDE} pixels at its longer side, first."


def _upright(image: Image.Image) -> Image.Image:
    """Applies the orientation that cameras write into EXIF; damaged EXIF data counts as none."""
    turn = TURNS.get(cast(int, _orientation(image)))
    if turn is None:
        return image
    upright = image.transpose(turn)
    upright.info.pop("exif", None)
    return upright


def _orientation(image: Image.Image) -> object:
    """What the camera has noted, where the format has such notes: 1 to 8, or anything else in a TIFF."""
    if isinstance(image, TiffImagePlugin.TiffImageFile):
        return image.tag_v2.get(ORIENTATION)
    notes = image.info.get("exif", b"")
    if not notes and isinstance(hexadecimal := image.info.get("Raw profile type exif"), str):  # a PNG of ImageMagick's
        with suppress(ValueError):
            notes = bytes.fromhex("".join(hexadecimal.split()[2:]))
    return orientation(notes) if isinstance(notes, bytes) else None
