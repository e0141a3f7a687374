"""FFHQ's crop: a turned square around eyes and mouth, cut out of a picture with as little loss as possible.

The steps are those of Karras et al. 2019, appendix C: choose the square from the landmarks; shrink a large picture;
cut away what is far from the face; where the square leaves the picture, continue it by reflection and blur what was
made up; turn the square upright. Everything else in this field (e4e, StyleCLIP) expects faces cropped like this.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from ..framing import quad_side

MAX_TRANSFORM = 4096
"""No picture is drawn larger than this before it is reduced to the size asked for."""

BLURRED = 1 / 3
"""Where a picture is continued, the blur begins inside it, at this share of the continuation's width."""


def crop_quad(picture: Image.Image, quad: np.ndarray, size: int, supersample: int = 4) -> Image.Image:
    """What lies in a square of an RGB picture, as ``face_quad`` gives it, upright, ``size`` x ``size`` pixels.

    supersample: the square is first drawn this many times larger (at most ``MAX_TRANSFORM`` pixels), then reduced.
    """
    picture, quad = surroundings(picture, quad, size)
    side = max(size, min(size * supersample, MAX_TRANSFORM))
    corners = tuple(float(v) for v in (quad + 0.5).ravel())
    face = picture.transform((side, side), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    return face if side == size else face.resize((size, size), Image.Resampling.LANCZOS)


def taken_quad(picture_size: tuple[int, int], quad: np.ndarray, size: int) -> np.ndarray:
    """What ``crop_quad`` really takes, in the picture's pixels: where it shrinks a large picture it rounds, a part of the crop's pixels."""
    shrink, smaller = _shrinking(picture_size, quad, size)
    return (quad / shrink + 0.5) * (np.array(picture_size) / smaller) - 0.5


def surroundings(picture: Image.Image, quad: np.ndarray, size: int) -> tuple[Image.Image, np.ndarray]:
    """The part of the picture that the square needs, shrunk, cut and continued, and the square in that part."""
    shrink, smaller = _shrinking(picture.size, quad, size)
    if shrink > 1:
        picture, quad = picture.resize(smaller, Image.Resampling.LANCZOS), quad / shrink

    pad, border = _padding(picture.size, quad)
    low, high = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
    box = (*np.maximum(low - border, 0).tolist(), *np.minimum(high + border, picture.size).tolist())
    picture, quad = picture.crop(box), quad - box[:2]
    if not pad.any():
        return picture, quad
    return _continued(picture, pad.tolist(), 0.02 * quad_side(quad)), quad + pad[:2]


def _shrinking(picture_size: tuple[int, int], quad: np.ndarray, size: int) -> tuple[int, tuple[int, int]]:
    """By how much a picture is shrunk before the square is cut out, 1 or more, and its size then."""
    shrink = max(1, math.floor(quad_side(quad) / size * 0.5))
    width, height = picture_size
    return shrink, (max(1, round(width / shrink)), max(1, round(height / shrink)))


def _padding(picture_size: tuple[int, int], quad: np.ndarray) -> tuple[np.ndarray, int]:
    """How far the picture is continued to the left, top, right and bottom (zeros if the square lies well inside), and how much of it is
    kept around the square."""
    side = quad_side(quad)
    border = max(round(side * 0.1), 3)
    low, high = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
    pad = np.maximum([*(border - low), *(high - picture_size + border)], 0)
    if pad.max() <= border - 4:
        return np.zeros(4, dtype=int), border
    return np.maximum(pad, round(side * 0.3)), border


def _continued(picture: Image.Image, pad: list[int], sigma: float) -> Image.Image:
    """Reflects the picture outwards; with the distance from it, blur and then one colour take over.

    pad: how far to the left, top, right and bottom. sigma of the blur in pixels.
    """
    left, top, right, bottom = pad
    pixels = np.asarray(picture, dtype=np.float32)
    pixels = np.pad(pixels, ((top, bottom), (left, right), (0, 0)), "reflect")
    height, width = pixels.shape[:2]
    x, y = np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)[:, None]
    beside = 1 - np.minimum(x / left, (width - 1 - x) / right)
    above = 1 - np.minimum(y / top, (height - 1 - y) / bottom)
    outside = np.maximum(beside, above)[..., None]  # 1 at the outer edge, 0 where the picture begins
    pixels += (gaussian_blur(pixels, sigma) - pixels) * np.clip(outside / BLURRED + 1, 0, 1)
    pixels += (np.median(pixels, axis=(0, 1)) - pixels) * np.clip(outside, 0, 1)
    return Image.fromarray(pixels.round().clip(0, 255).astype(np.uint8))


def gaussian_blur(pixels: np.ndarray, sigma: float) -> np.ndarray:
    """Blurs [H, W, C] by a Gaussian that is cut off at 4 sigma; beyond its edges the picture is mirrored."""
    radius = int(4 * sigma + 0.5)
    weights = torch.exp(-0.5 * (torch.arange(-radius, radius + 1, dtype=torch.float64) / sigma) ** 2)
    weights = (weights / weights.sum()).float().view(1, 1, -1)
    blurred = pixels
    for axis in (0, 1):
        ends = [(radius, radius) if k == axis else (0, 0) for k in range(3)]
        lines = np.moveaxis(np.pad(blurred, ends, "symmetric"), axis, 2)
        shape = lines.shape[:2]
        lines = F.conv1d(torch.from_numpy(np.ascontiguousarray(lines)).flatten(0, 1)[:, None], weights)
        blurred = np.moveaxis(lines.view(*shape, -1).numpy(), 2, axis)
    return blurred
