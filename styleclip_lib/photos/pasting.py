"""Pasting an edited face back into the photograph that it was cropped from."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from ..errors import StyleclipError
from ..framing import quad_side
from ..images import ImageSource, open_picture, open_upright
from .alignment import taken_quad

GREY = ("1", "L", "LA", "La", "I", "I;16", "I;16L", "I;16B", "F")
TRANSPARENT = ("RGBA", "LA", "PA", "RGBa", "La")
WITH_PROFILE = ("L", "LA", "P", "RGB", "RGBA")
"""Modes of Pillow. A colour profile holds for the result too where the numbers keep their meaning."""

LUMA = np.array([[0.299], [0.587], [0.114]], dtype=np.float32)
"""How much red, green and blue count in a grey, as Pillow has it."""

ROUNDNESS = 4
"""Where the mask is equally strong, |u|⁴ + |v|⁴ is constant: a square with round corners."""


def paste_back(photograph: ImageSource, edited: torch.Tensor, quad: np.ndarray, feather: float = 0.3) -> Image.Image:
    """The photograph, upright and as large as it was, with the edited face in the square that the face was cropped from.

    The inverse of the alignment, with a soft mask: opaque in the middle of the square, and transparent towards its edges. Pixels outside
    keep their exact values. A grey photograph stays grey, and transparency and colour profile are kept; other modes (palette, CMYK,
    16 bits) become 8 bits as in ``load_image``.

    edited   [1, 3, R, R] in [-1, 1], the edited crop
    quad     [4, 2], as ``loading.find_quad`` and ``alignment.face_quad`` give it, in the upright photograph's pixels
    feather  width of the soft edge, in halves of the square's side, above 0 to 1

    Raises StyleclipError for something other than a picture, and for a wrong shape or number.
    """
    if edited.ndim != 4 or edited.shape[:2] != (1, 3) or edited.shape[2] != edited.shape[3]:
        raise StyleclipError(f"The edited face must be [1, 3, R, R], not {list(edited.shape)}.")
    if np.shape(quad) != (4, 2):
        raise StyleclipError(f"The square is four corners, [4, 2], not {list(np.shape(quad))}; find_quad(picture) gives it.")
    if not 0 < feather <= 1:
        raise StyleclipError(f"feather must be more than 0 and at most 1, not {feather}.")
    picture = open_upright(photograph)
    clear = picture.mode in TRANSPARENT or "transparency" in picture.info
    pixels = np.array(picture.convert("RGBA").convert("RGB") if clear else open_picture(picture))
    taken = taken_quad(picture.size, np.asarray(quad, dtype=np.float64), edited.shape[-1])
    left, top = np.clip(np.floor(taken.min(0)), 0, picture.size).astype(int)
    right, bottom = np.clip(np.ceil(taken.max(0)) + 1, 0, picture.size).astype(int)
    if left < right and top < bottom:
        x, y = np.arange(left, right), np.arange(top, bottom)[:, None]
        u, v = _places(taken, x, y)
        share = soft_mask(u, v, feather)[..., None]
        before, face = pixels[top:bottom, left:right], _looked_up(edited, u, v, quad_side(taken))
        if picture.mode in GREY:
            face = face @ LUMA
        after = (before + share * (face - before)).round().astype(np.uint8)
        pixels[top:bottom, left:right] = np.where(share > 0, after, before)
    result = Image.fromarray(pixels)
    if picture.mode in GREY:
        result = result.getchannel(0)
    if clear:
        result.putalpha(picture.convert("RGBA").getchannel("A"))
    if picture.mode in WITH_PROFILE and "icc_profile" in picture.info:
        result.info["icc_profile"] = picture.info["icc_profile"]
    return result


def soft_mask(u: np.ndarray, v: np.ndarray, feather: float) -> np.ndarray:
    """How much the face counts at places of its square, (-1, -1) to (1, 1): 1 in the middle, 0 at the edge, smoothly in between."""
    distance = (u**ROUNDNESS + v**ROUNDNESS) ** (1 / ROUNDNESS)
    t = np.clip((1 - distance) / feather, 0, 1)
    return t * t * (3 - 2 * t)


def _places(quad: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where in a square the photograph's pixels at x [W] and y [H, 1] lie: u and v [H, W], -1 and 1 at the square's edges."""
    across, down = (quad[3] - quad[0]) / 2, (quad[1] - quad[0]) / 2
    (a, b), (c, d) = np.linalg.inv(np.stack([across, down], axis=1))
    x, y = x - quad[:, 0].mean(), y - quad[:, 1].mean()
    return (a * x + b * y).astype(np.float32), (c * x + d * y).astype(np.float32)


def _looked_up(edited: torch.Tensor, u: np.ndarray, v: np.ndarray, side: float) -> np.ndarray:
    """The face at places of its square, [H, W, 3] from 0 to 255; made smaller first where it is larger than the square."""
    face = edited.detach().float().cpu().clamp(-1, 1)
    smaller = max(1, round(side))
    if smaller < face.shape[-1]:
        face = F.interpolate(face, size=(smaller, smaller), mode="bicubic", antialias=True, align_corners=False)
    grid = torch.from_numpy(np.stack([u, v], axis=-1))[None]
    warped = F.grid_sample(face, grid, mode="bicubic", padding_mode="border", align_corners=False)[0]
    return ((warped.clamp(-1, 1) + 1) * 127.5).permute(1, 2, 0).numpy()
