"""Pictures in and out: files, bytes and PIL images on one side, tensors on the other.

Inside the library a picture is float32 [B, 3, H, W], RGB, in [-1, 1]. At the border it is a ``PIL.Image``.
"""

from __future__ import annotations

import io
import math
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont, ImageOps

from .errors import StyleclipError
from .paths import check_destination, open_regular, written_whole

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
"""The formats that are read, whatever a file is called. Pillow knows many more, and hands PostScript to another program that runs it."""

UNREAD = {b"%!PS": "PostScript", b"\xc5\xd0\xd3\xc6": "PostScript", b"%PDF": "PDF", b"8BPS": "Photoshop's", b"<svg": "SVG",
          b"ftyphei": "HEIC, an iPhone's", b"ftyphev": "HEIC, an iPhone's", b"ftypmif1": "HEIC, an iPhone's", b"ftypavif": "AVIF"}
"""How other formats begin, so that a message can name them."""

MAX_MEGAPIXELS = 65
"""Larger pictures are refused before they are decoded: 65 megapixels are 780 MB as a tensor. Cameras of 64 megapixels make 64.2."""

MAX_SIDE = 32_767
"""Pixels. A panorama has fewer, and what is longer is no picture that has a face in it."""

MAX_BYTES = 400_000_000
"""Of a file: 65 megapixels of three colours with 16 bits each, not compressed."""

STRIP = 1_000_000
"""Pixels that are converted at once, so that a conversion needs no room for the whole picture."""

PICTURE_EXTENSIONS = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff")

MOVIE_EXTENSIONS = (".gif", ".png", ".webp", ".mp4")

ImageSource = str | os.PathLike[str] | bytes | BinaryIO | Image.Image
Pictures = torch.Tensor | Image.Image | Sequence[torch.Tensor | Image.Image]


def load_image(source: ImageSource) -> torch.Tensor:
    """A picture as the library wants it: [1, 3, H, W], float32, RGB, in [-1, 1].

    ``source`` is a path, the bytes of a file, an open binary file, or a PIL image. The camera's orientation is
    applied, transparency is laid on white, and grey, palette, CMYK and 16-bit pictures become RGB.

    Raises StyleclipError, in one sentence, for everything that is not a whole picture of at most
    ``MAX_MEGAPIXELS`` megapixels.
    """
    return from_pil(open_picture(source))


def open_picture(source: ImageSource) -> Image.Image:
    """The same picture as ``load_image`` gives, as an upright RGB ``PIL.Image``. Raises StyleclipError."""
    return _to_rgb(open_upright(source))


def open_upright(source: ImageSource) -> Image.Image:
    """The same picture in the mode that it has: transparent, grey or whatever. Raises StyleclipError.

    Of a file with several pictures the first; ``info["animated"]`` is true then.
    """
    with warnings.catch_warnings():  # what Pillow has to say is said below, in a sentence
        warnings.simplefilter("ignore")
        if isinstance(source, Image.Image):
            return _upright(_decoded(source, "The picture"))
        name, content = _content(source)
        try:
            image = Image.open(io.BytesIO(content), formats=_formats(content))
        except Image.DecompressionBombError:
            raise StyleclipError(_too_large(name)) from None
        except Exception as error:  # a decoder that meets a broken header raises whatever it stumbled over
            raise StyleclipError(f"{name} is {_kind(content)} that can be read: make a PNG or JPEG file of it.") from error
        animated = _is_animated(image)
        image = _upright(_decoded(image, name))
        if animated:
            image.info["animated"] = True
        return image


def from_pil(image: Image.Image) -> torch.Tensor:
    """PIL image -> [1, 3, H, W] in [-1, 1]: 0 becomes -1, 255 becomes 1."""
    image = _to_rgb(image)
    result = torch.empty(1, 3, image.height, image.width)
    for left, top, right, bottom in _strips(image.size):
        pixels = np.array(image.crop((left, top, right, bottom)), dtype=np.float32)
        result[0, :, top:bottom] = torch.from_numpy(pixels / 127.5 - 1).permute(2, 0, 1)
    return result


def to_pil(image: torch.Tensor) -> Image.Image:
    """[3, H, W] or [1, 3, H, W] in [-1, 1] -> RGB ``PIL.Image``; values outside are clipped.

    Raises StyleclipError for another shape; several pictures at once are a case for ``image_grid``.
    """
    one = image[0] if image.ndim == 4 and image.shape[0] == 1 else image
    if one.ndim != 3 or one.shape[0] != 3:
        raise StyleclipError(
            f"Expected one picture of shape [3, H, W] or [1, 3, H, W], not {list(image.shape)}: "
            "take one of them, or show them all with image_grid."
        )
    pixels = (one.detach().float().cpu().clamp(-1, 1) + 1) * 127.5
    return Image.fromarray(pixels.round().to(torch.uint8).permute(1, 2, 0).numpy())


def to_pils(images: Pictures) -> list[Image.Image]:
    """A batch [B, 3, H, W], one picture, or a list that mixes tensors and PIL images -> list of RGB PIL images."""
    if isinstance(images, Image.Image):
        return [_to_rgb(images)]
    if isinstance(images, torch.Tensor):
        return [to_pil(image) for image in (images if images.ndim == 4 else images[None])]
    return [picture for image in images for picture in to_pils(image)]


def save_image(image: torch.Tensor | Image.Image, path: str | os.PathLike[str]) -> Path:
    """Writes one picture, whole or not at all, and returns its path. The extension chooses the format.

    ``image`` is [3, H, W] or [1, 3, H, W] in [-1, 1], or a PIL image.
    Raises StyleclipError for an extension that is not in ``PICTURE_EXTENSIONS`` or a place that cannot be written.
    """
    path = check_picture_path(path)
    picture = image if isinstance(image, Image.Image) else to_pil(image)
    if path.suffix.lower() in (".jpg", ".jpeg", ".bmp"):
        picture = _to_rgb(picture)
    settings = {"quality": 95} if path.suffix.lower() in (".jpg", ".jpeg", ".webp") else {}
    if "icc_profile" in picture.info:  # without it a phone's colours would look pale
        settings["icc_profile"] = picture.info["icc_profile"]
    with written_whole(path) as partial:
        picture.save(partial, **settings)
    return path


def image_grid(
    images: Pictures, columns: int | None = None, labels: Sequence[str] | None = None, size: int | None = None
) -> Image.Image:
    """Pictures side by side, in rows, as one ``PIL.Image``.

    ``columns`` is by default what makes the grid nearly square (and never more than 8); ``labels``, one for each
    picture, are written below; ``size`` is the longer side of a cell in pixels, by default the largest picture's.
    Raises StyleclipError when there is nothing to show or the labels are not as many as the pictures.
    """
    cells = to_pils(images)
    if not cells:
        raise StyleclipError("There is no picture to put into a grid: give at least one.")
    if labels is not None and len(labels) != len(cells):
        raise StyleclipError(f"{len(cells)} pictures need {len(cells)} labels, not {len(labels)}.")
    side = size or max(max(cell.size) for cell in cells)
    cells = [ImageOps.contain(cell, (side, side), Image.Resampling.LANCZOS) for cell in cells]
    if labels is not None:
        cells = _with_labels(cells, labels)
    columns = min(columns or min(8, math.ceil(math.sqrt(len(cells)))), len(cells))
    width, height = max(cell.width for cell in cells), max(cell.height for cell in cells)
    rows, gap = math.ceil(len(cells) / columns), 2
    sheet = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), "white")
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        left = column * (width + gap) + (width - cell.width) // 2
        sheet.paste(cell, (left, row * (height + gap)))
    return sheet


def save_animation(frames: Pictures, path: str | os.PathLike[str], fps: float = 12) -> Path:
    """Writes frames as a film, whole or not at all: .gif, .png (animated PNG) and .webp loop, .mp4 is H.264.

    ``frames`` is [T, 3, H, W] in [-1, 1] or a list of pictures of one size; ``fps`` is frames a second, 1 to 50.
    Raises StyleclipError for no frames, frames of several sizes, another extension or an impossible ``fps``.
    """
    path = check_picture_path(path, MOVIE_EXTENSIONS)
    film = to_pils(frames)
    if not film:
        raise StyleclipError("There is no frame to make an animation of: give at least one picture.")
    if len({frame.size for frame in film}) > 1:
        raise StyleclipError("The frames of an animation must all have one size: resize them first.")
    if not 1 <= fps <= 50:
        raise StyleclipError(f"fps must lie between 1 and 50 frames a second, not {fps}.")
    with written_whole(path) as partial:
        if path.suffix.lower() == ".mp4":
            _write_mp4(film, partial, fps)
        else:
            if path.suffix.lower() == ".gif":
                film = _with_one_palette(film)
            film[0].save(partial, save_all=True, append_images=film[1:], duration=round(1000 / fps), loop=0)
    return path


def check_picture_path(
    path: str | os.PathLike[str], extensions: Sequence[str] = PICTURE_EXTENSIONS
) -> Path:
    """``check_destination`` plus the extension; raises StyleclipError that lists the ones that work."""
    path = check_destination(path)
    if path.suffix.lower() not in extensions:
        raise StyleclipError(f"Cannot write '{path}': give it one of the extensions {', '.join(extensions)}.")
    return path


def _content(source: str | os.PathLike[str] | bytes | BinaryIO) -> tuple[str, bytes]:
    """(what to call it in a message, the bytes of the file). All are read at once: a file that shrinks meanwhile is cut off, no more."""
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, content = "The data", bytes(source)
    elif hasattr(source, "read"):
        name, content = f"'{getattr(source, 'name', 'the open file')}'", source.read(MAX_BYTES + 1)
    elif isinstance(source, (str, os.PathLike)):
        name = f"'{os.fspath(source)}'"
        with io.BufferedReader(open_regular(source)) as file:
            content = file.read(MAX_BYTES + 1)
    else:
        kind = type(source).__name__
        raise StyleclipError(f"Cannot read a picture from a {kind}: give a path, bytes or a PIL image.")
    if len(content) > MAX_BYTES:
        raise StyleclipError(f"{name} has more than {MAX_BYTES // 10**6} MB: save the picture as PNG or JPEG, and smaller.")
    return name, content


def _formats(content: bytes) -> list[str]:
    """What a file may be: one of ``FORMATS``, and HEIC where the package for it is installed."""
    formats = list(FORMATS)
    if "HEIC" in _kind(content):
        try:
            from pillow_heif import register_heif_opener
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


def _decoded(image: Image.Image, name: str) -> Image.Image:
    """The picture with its pixels read; refuses an enormous one before it does so."""
    width, height = image.size
    if width * height > MAX_MEGAPIXELS * 1e6 or max(width, height) > MAX_SIDE:
        raise StyleclipError(_too_large(name, f" ({width} x {height} pixels)"))
    try:
        with _silent(image.format == "TIFF"):
            image.load()
    except Exception as error:  # as above: decoders of broken files raise all kinds
        raise StyleclipError(f"{name} is damaged or cut off: get a whole copy of it.") from error
    if not isinstance(image.info.get("icc_profile", b""), bytes):
        del image.info["icc_profile"]  # a broken note on the margin
    return image


def _is_animated(image: Image.Image) -> bool:
    """Whether there are more pictures in the file than the first, which is the one that is read."""
    try:
        return bool(getattr(image, "is_animated", False))
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


def _too_large(name: str, size: str = "") -> str:
    return f"{name} is too large{size}: make it smaller than {MAX_MEGAPIXELS} megapixels, and {MAX_SIDE} pixels at its longer side, first."


def _upright(image: Image.Image) -> Image.Image:
    """Applies the orientation that cameras write into EXIF; damaged EXIF data counts as none."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # the picture itself is fine, only its notes are broken
        return image


def _strips(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes (left, top, right, bottom) of at most ``STRIP`` pixels, or one row, that together are a whole picture."""
    width, height = size
    rows = max(1, STRIP // max(1, width))
    return ((0, top, width, min(top + rows, height)) for top in range(0, height, rows))


def _to_rgb(image: Image.Image) -> Image.Image:
    """Any mode -> RGB; transparency on white, 16-bit grey scaled to 8 bits, float grey taken as [0, 1]."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    result = Image.new("RGB", image.size)
    try:
        for box in _strips(image.size):
            result.paste(_strip_to_rgb(image.crop(box)), box)
    except ValueError as error:
        raise StyleclipError(f"Cannot turn a picture of mode {image.mode} into RGB: save it as PNG first.") from error
    if image.mode in ("L", "LA", "P", "PA", "RGB", "RGBA") and "icc_profile" in image.info:
        result.info["icc_profile"] = image.info["icc_profile"]
    return result


def _strip_to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(grey.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        grey = np.nan_to_num(np.asarray(image).clip(0, 1)) * 255
        return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        seen = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("RGB")
    return image.convert("RGB")


def _with_labels(cells: list[Image.Image], labels: Sequence[str]) -> list[Image.Image]:
    """Each cell with its label centred below it; a long label is broken into lines."""
    font = ImageFont.load_default(size=11)
    wrapped = [_wrap(label, cell.width, font) for cell, label in zip(cells, labels)]
    line, lines = 14, max(len(text) for text in wrapped)
    labelled = []
    for cell, text in zip(cells, wrapped):
        sheet = Image.new("RGB", (cell.width, cell.height + line * lines + 3), "white")
        sheet.paste(cell, (0, 0))
        pen = ImageDraw.Draw(sheet)
        for row, words in enumerate(text):
            pen.text((cell.width / 2, cell.height + 2 + row * line), words, fill="black", font=font, anchor="ma")
        labelled.append(sheet)
    return labelled


def _wrap(text: str, width: int, font: ImageFont.FreeTypeFont) -> list[str]:
    """Breaks a text at spaces into lines of at most ``width`` pixels (a single long word may stick out)."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _with_one_palette(film: list[Image.Image], colours: int = 128) -> list[Image.Image]:
    """The frames of a GIF with one small palette for all, so that nothing flickers and the file stays small."""
    seen = image_grid(film[:: math.ceil(len(film) / 16)])
    palette = seen.quantize(colours, method=Image.Quantize.MEDIANCUT)
    return [frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in film]


def _write_mp4(film: list[Image.Image], path: Path, fps: float) -> None:
    """H.264 in the pixel format that every browser plays, which wants even sides: an odd one loses a pixel."""
    import imageio.v2 as imageio  # here, because only films in MP4 need it

    width, height = (side - side % 2 for side in film[0].size)
    settings = {"fps": fps, "codec": "libx264", "macro_block_size": 2, "pixelformat": "yuv420p"}
    with imageio.get_writer(path, format="FFMPEG", **settings) as writer:
        for frame in film:
            writer.append_data(np.asarray(frame.crop((0, 0, width, height))))
