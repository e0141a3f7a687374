"""Pictures of every mode become RGB, a strip at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PIL import Image

from ..errors import StyleclipError

STRIP = 200_000
"""Pixels that are converted at once, so that a conversion needs no room for the whole picture."""


def to_rgb(image: Image.Image) -> Image.Image:
    """Any mode -> RGB; transparency on white, 16-bit grey scaled to 8 bits, float grey taken as [0, 1]."""
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    result = Image.new("RGB", image.size)
    try:
        for box in strips(image.size):
            result.paste(_strip_to_rgb(image.crop(box)), box)
    except ValueError as error:
        raise StyleclipError(f"Cannot turn a picture of mode {image.mode} into RGB: save it as PNG first.") from error
    kept = ("animated", "halved", *(("icc_profile",) if image.mode in ("L", "LA", "P", "PA", "RGB", "RGBA") else ()))
    result.info |= {name: image.info[name] for name in kept if name in image.info}
    return result


def strips(size: tuple[int, int]) -> Iterator[tuple[int, int, int, int]]:
    """Boxes (left, top, right, bottom) of at most ``STRIP`` pixels, or one row, that together are a whole picture."""
    width, height = size
    rows = max(1, STRIP // max(1, width))
    return ((0, top, width, min(top + rows, height)) for top in range(0, height, rows))


def _strip_to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        grey = np.asarray(image).astype(np.float64) / 257
        return Image.fromarray(grey.round().clip(0, 255).astype(np.uint8)).convert("RGB")
    if image.mode == "F":
        grey = np.nan_to_num(np.asarray(image).clip(0, 1)) * 255
        return Image.fromarray(grey.round().astype(np.uint8)).convert("RGB")
    if "transparency" in image.info or image.mode in ("RGBA", "LA", "PA", "RGBa", "La"):
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layered.size, "white"), layered).convert("RGB")
    return image.convert("RGB")
