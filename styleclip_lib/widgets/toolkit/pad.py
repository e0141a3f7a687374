"""A pad: a point between two, three or four faces, each with a weight."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets
import torch
from PIL import Image, ImageDraw, ImageFont

from ...errors import StyleclipError
from ...images import to_pils
from .controls import helped

REACH = 0.25  # how far the pad goes on beyond its corners
PLACES = {
    2: ((0.0, 0.5), (1.0, 0.5)),
    3: ((0.5, 1.0), (0.0, 0.0), (1.0, 0.0)),
    4: ((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0)),
}
"""Where the corners of a pad lie, for each number of faces: (x, y), with y upwards."""

GREY, DOT, RIM = (205, 205, 205), (214, 39, 40), (255, 255, 255)


def pad_weights(x: float, y: float, corners: int = 4) -> list[float]:
    """The weight of each corner at a point of the pad. They sum to 1 everywhere, and outside the corners some are negative.

    Two corners: the line. Three: barycentric coordinates. Four: bilinear weights (top left, top right, bottom left, bottom
    right), each the product of how near the point is from left to right and from bottom to top.

    Raises StyleclipError for another number of corners.
    """
    check_corners(corners)
    if corners == 2:
        return [1 - x, x]
    if corners == 3:
        return [y, 1 - x - y / 2, x - y / 2]
    return [(1 - x) * y, x * y, (1 - x) * (1 - y), x * (1 - y)]


def pad_point(weights: Sequence[float]) -> tuple[float, float]:
    """The point of the pad at which the corners have these weights, which sum to 1: the inverse of `pad_weights`.

    Four weights need not belong to a point of a pad; then it is the one with the same sums across and up.
    """
    check_corners(len(weights))
    if len(weights) == 2:
        return weights[1], 0.5
    if len(weights) == 3:
        return weights[2] + weights[0] / 2, weights[0]
    return weights[1] + weights[3], weights[0] + weights[1]


def check_corners(corners: int) -> None:
    """Raises StyleclipError unless a pad can have so many corners."""
    if corners not in PLACES:
        raise StyleclipError(f"A pad has two, three or four faces at its corners, not {corners}.")


def pad_map(names: Sequence[str], images: torch.Tensor, weights: Sequence[float], x: float, y: float, size: int = 256) -> Image.Image:
    """The pad as a picture: the faces at their corners with their weights, lines between them, and the point.

    names = what stands at each face; images [N, 3, R, R] in [-1, 1]; size = pixels of the pad.
    """
    sheet = Image.new("RGB", (size, size), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=max(8, size // 22))
    side = size * 5 // 16
    places = [_pixel(*place, size) for place in PLACES[len(names)]]
    order = (0, 1, 3, 2) if len(places) == 4 else tuple(range(len(places)))
    pen.line([places[i] for i in (*order, order[0])], fill=GREY, width=max(1, size // 128))
    for name, weight, picture, (left, top) in zip(names, weights, to_pils(images), places):
        sheet.paste(picture.resize((side, side), Image.Resampling.BICUBIC), (left - side // 2, top - side // 2))
        inward, anchor = (1, "ma") if top < size / 2 else (-1, "md")  # the words of the lower faces stand above them
        words = {"xy": (left, top + inward * (side // 2 + 3)), "text": f"{name} {100 * weight:.0f} %", "font": font, "anchor": anchor}
        pen.rectangle(pen.textbbox(**words), fill="white")
        pen.text(**words, fill="black")
    (left, top), radius = _pixel(x, y, size), max(2, size // 36)
    pen.ellipse((left - radius, top - radius, left + radius, top + radius), fill=DOT, outline=RIM, width=max(1, radius // 3))
    return sheet


def pad_sliders(size: int, x: float = 0.5, y: float = 0.5, upright: int = 36) -> tuple[ipywidgets.FloatSlider, ipywidgets.FloatSlider]:
    """The slider below a pad and the one beside it, which move its point.

    size = pixels of the pad; x, y = where the point begins; upright = pixels of the width of the one beside it.
    """
    ends = {"min": -REACH, "max": 1 + REACH, "step": 0.01, "readout": False}
    below = ipywidgets.FloatSlider(x, **ends, layout=ipywidgets.Layout(width=f"{size}px", margin=f"0 0 0 {upright}px"))
    beside = ipywidgets.FloatSlider(y, **ends, orientation="vertical", layout=ipywidgets.Layout(width=f"{upright}px", height=f"{size}px"))
    return (helped(below, "The point, from left to right; beyond the corners a face is exaggerated"),
            helped(beside, "The point, from bottom to top"))


def _pixel(x: float, y: float, size: int) -> tuple[int, int]:
    """Where a point of the pad lies in its picture; a rim of REACH is kept around the corners."""
    return tuple(round((REACH + place) / (1 + 2 * REACH) * (size - 1)) for place in (x, 1 - y))
