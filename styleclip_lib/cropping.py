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

MAX_TRANSFORM = 4096
"""No picture is drawn larger than this before it is reduced to the size asked for."""


def crop_face(
    picture: Image.Image, landmarks: np.ndarray, size: int, framing: float = 1.0, supersample: int = 4
) -> Image.Image:
    """The aligned face, ``size`` x ``size`` pixels, RGB.

    landmarks [68, 2]: x, y in pixels of the picture. framing: side of the square, in sides of FFHQ's.
    supersample: the square is first drawn this many times larger (at most ``MAX_TRANSFORM`` pixels), then reduced.
    """
    quad = face_quad(landmarks, framing)
    picture, quad = surroundings(picture, quad, size)
    side = max(size, min(size * supersample, MAX_TRANSFORM))
    corners = tuple(float(v) for v in (quad + 0.5).ravel())
    face = picture.transform((side, side), Image.Transform.QUAD, corners, Image.Resampling.BILINEAR)
    return face if side == size else face.resize((size, size), Image.Resampling.LANCZOS)


def face_quad(landmarks: np.ndarray, framing: float = 1.0) -> np.ndarray:
    """The square's corners [4, 2]: top left, bottom left, bottom right, top right, in the picture's pixels.

    With e the vector from eye to eye and m the one from the eyes to the mouth, x points along e and at a right angle
    to m, as long as the larger of 2 |e| and 1.8 |m|; y is x turned by 90°; the middle is a tenth of m below the eyes.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    left, right = points[36:42].mean(0), points[42:48].mean(0)
    eyes, mouth = (left + right) / 2, (points[48] + points[54]) / 2
    eye_to_eye, eye_to_mouth = right - left, mouth - eyes
    along = eye_to_eye + np.array([eye_to_mouth[1], -eye_to_mouth[0]])
    reach = framing * max(2.0 * np.hypot(*eye_to_eye), 1.8 * np.hypot(*eye_to_mouth))
    x = along / np.hypot(*along) * reach
    y = np.array([-x[1], x[0]])
    middle = eyes + 0.1 * eye_to_mouth
    return np.stack([middle - x - y, middle - x + y, middle + x + y, middle + x - y])


def quad_side(quad: np.ndarray) -> float:
    """The length of the square's side."""
    return float(np.hypot(*(quad[3] - quad[0])))


def surroundings(picture: Image.Image, quad: np.ndarray, size: int) -> tuple[Image.Image, np.ndarray]:
    """The part of the picture that the square needs, shrunk, cut and continued, and the square in that part."""
    shrink = math.floor(quad_side(quad) / size * 0.5)
    if shrink > 1:
        smaller = tuple(max(1, round(side / shrink)) for side in picture.size)
        picture, quad = picture.resize(smaller, Image.Resampling.LANCZOS), quad / shrink

    side = quad_side(quad)
    border = max(round(side * 0.1), 3)
    low, high = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
    box = (*np.maximum(low - border, 0).tolist(), *np.minimum(high + border, picture.size).tolist())
    picture, quad = picture.crop(box), quad - box[:2]

    low, high = np.floor(quad.min(0)).astype(int), np.ceil(quad.max(0)).astype(int)
    pad = np.maximum([*(border - low), *(high - picture.size + border)], 0)  # left, top, right, bottom
    if pad.max() <= border - 4:
        return picture, quad
    pad = np.maximum(pad, round(side * 0.3))
    return _continued(picture, pad.tolist(), 0.02 * side), quad + pad[:2]


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
    pixels += (gaussian_blur(pixels, sigma) - pixels) * np.clip(3 * outside + 1, 0, 1)
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
