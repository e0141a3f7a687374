"""Saving animations."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ..errors import StyleclipError
from ..paths import written_whole
from .grids import image_grid
from .saving import check_picture_path
from .tensors import Pictures, to_pils

ANIMATION_EXTENSIONS = (".gif", ".png", ".webp", ".mp4")


def save_animation(frames: Pictures, path: str | os.PathLike[str], fps: float = 12) -> Path:
    """Writes frames as an animation, completely or not at all: .gif, .png (animated PNG) and .webp loop, .mp4 is H.264.

    ``frames`` is [T, 3, H, W] in [-1, 1] or a list of pictures of the same size; ``fps`` is the number of frames per second, 1 to 50.
    Raises StyleclipError for no frames, frames of different sizes, another extension, or an ``fps`` out of range.
    """
    path = check_picture_path(path, ANIMATION_EXTENSIONS)
    pictures = to_pils(frames)
    if not pictures:
        raise StyleclipError("There is no frame to make an animation of: give at least one picture.")
    if len({frame.size for frame in pictures}) > 1:
        raise StyleclipError("The frames of an animation must all have one size: resize them first.")
    if not 1 <= fps <= 50:
        raise StyleclipError(f"fps must lie between 1 and 50 frames a second, not {fps}.")
    with written_whole(path) as partial:
        if path.suffix.lower() == ".mp4":
            _write_mp4(pictures, partial, fps)
        else:
            if path.suffix.lower() == ".gif":
                pictures = _with_one_palette(pictures)
            pictures[0].save(partial, save_all=True, append_images=pictures[1:], duration=round(1000 / fps), loop=0)
    return path


def _with_one_palette(pictures: list[Image.Image], colours: int = 128) -> list[Image.Image]:
    """The frames of a GIF with one small palette for all, so that nothing flickers and the file stays small."""
    sheet = image_grid(pictures[:: math.ceil(len(pictures) / 16)])
    palette = sheet.quantize(colours, method=Image.Quantize.MEDIANCUT)
    return [frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in pictures]


def _write_mp4(pictures: list[Image.Image], path: Path, fps: float) -> None:
    """Writes H.264 in the pixel format that every browser plays, which needs even sides: an odd one loses a pixel."""
    import imageio.v2 as imageio  # here, because only animations in MP4 need it

    width, height = (side - side % 2 for side in pictures[0].size)
    settings: dict[str, Any] = {"fps": fps, "codec": "libx264", "macro_block_size": 2, "pixelformat": "yuv420p"}
    writer: Any
    with imageio.get_writer(path, format="FFMPEG", **settings) as writer:
        for frame in pictures:
            writer.append_data(np.asarray(frame.crop((0, 0, width, height))))
