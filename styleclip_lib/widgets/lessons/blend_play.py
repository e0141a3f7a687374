"""Playing with a blend of faces: a point on a pad gives every corner's face a weight. Plain Python; the pad is elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ...errors import StyleclipError
from ...images import image_grid, to_pils
from ...interpolation import blend
from ...models import Models

REACH = 0.25  # how far the pad goes on beyond its corners
PLACES = {
    2: ((0.0, 0.5), (1.0, 0.5)),
    3: ((0.5, 1.0), (0.0, 0.0), (1.0, 0.0)),
    4: ((0.0, 1.0), (1.0, 1.0), (0.0, 0.0), (1.0, 0.0)),
}
"""Where the corners of a pad lie, for each number of faces: (x, y), with y upwards."""

ACROSS, UP = "The point, from left to right; beyond the corners a face is exaggerated", "The point, from bottom to top"
GREY, DOT, RIM = (205, 205, 205), (214, 39, 40), (255, 255, 255)


@dataclass(frozen=True)
class Corners:
    """The faces at the corners of a pad.

    names   what stands below them
    w_plus  [N, num_ws, w_dim]
    images  [N, 3, R, R] in [-1, 1], as the generator draws them
    z       [N, z_dim] for invented faces (None for inverted ones, which have no z), and the truncation for it
    """

    names: tuple[str, ...]
    w_plus: Tensor
    images: Tensor
    z: Tensor | None = None
    truncation_psi: float = 1.0

    @property
    def spaces(self) -> tuple[str, ...]:
        """Where these faces can be mixed. "pixels" is the cross-fade, for comparison."""
        return ("w+", "pixels") if self.z is None else ("w+", "z", "pixels")


@torch.no_grad()
def corners_of_codes(models: Models, codes: dict[str, Tensor]) -> Corners:
    """Corners from {name: w_plus [1, num_ws, w_dim]}, two to four of them. Raises StyleclipError for another number."""
    _check_number(len(codes))
    w_plus = torch.cat(list(codes.values())).to(models.device)
    return Corners(tuple(codes), w_plus, models.generator.synthesis(w_plus).clamp(-1, 1))


@torch.no_grad()
def corners_of_seeds(models: Models, seeds: Sequence[int], truncation_psi: float = 0.7) -> Corners:
    """Corners that are invented: two to four seeds, as `models.sample` draws them. Raises StyleclipError for another number."""
    _check_number(len(seeds))
    draws = [torch.randn(1, models.generator.z_dim, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    z = torch.cat(draws).to(models.device)
    w_plus = models.generator.mapping(z, truncation_psi)
    images = models.generator.synthesis(w_plus).clamp(-1, 1)
    return Corners(tuple(f"seed {seed}" for seed in seeds), w_plus, images, z, truncation_psi)


def pad_weights(x: float, y: float, corners: int = 4) -> list[float]:
    """The weight of each corner at a point of the pad. They sum to 1 everywhere, and outside the corners some are negative.

    Two corners: the line. Three: barycentric coordinates. Four: bilinear weights (top left, top right, bottom left, bottom
    right), each the product of how near the point is from left to right and from bottom to top.
    """
    _check_number(corners)
    if corners == 2:
        return [1 - x, x]
    if corners == 3:
        return [y, 1 - x - y / 2, x - y / 2]
    return [(1 - x) * y, x * y, (1 - x) * (1 - y), x * (1 - y)]


@torch.no_grad()
def blended(models: Models, corners: Corners, weights: Sequence[float], space: str = "w+") -> Tensor:
    """The picture of a blend, [1, 3, R, R] in [-1, 1]. Raises StyleclipError for a space that these corners do not have."""
    if space not in corners.spaces:
        raise StyleclipError(f"These faces can be mixed in {', '.join(corners.spaces)}, not in '{space}'"
                             + (": inverted faces have no z." if space == "z" else "."))
    if space == "pixels":
        shares = torch.tensor(weights, device=corners.images.device)
        return torch.tensordot(shares, corners.images, dims=1)[None].clamp(-1, 1)
    if space == "z":
        w_plus = models.generator.mapping(blend(corners.z, weights), corners.truncation_psi)
    else:
        w_plus = blend(corners.w_plus, weights)
    return models.generator.synthesis(w_plus).clamp(-1, 1)


def draw(models: Models, corners: Corners, x: float = 0.5, y: float = 0.5, space: str = "w+", size: int = 256) -> Image.Image:
    """The pad with its corners and the point, and beside it the blend at that point, `size` pixels each."""
    weights = pad_weights(x, y, len(corners.names))
    face = to_pils(blended(models, corners, weights, space))[0].resize((size, size), Image.Resampling.BICUBIC)
    return image_grid([pad_map(corners, weights, x, y, size), face], columns=2)


def pad_map(corners: Corners, weights: Sequence[float], x: float, y: float, size: int = 256) -> Image.Image:
    """The pad as a picture: the faces at their places with their weights, lines between them, and the point."""
    sheet = Image.new("RGB", (size, size), "white")
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(size=max(8, size // 22))
    side = size * 5 // 16
    places = [_pixel(*place, size) for place in PLACES[len(corners.names)]]
    order = (0, 1, 3, 2) if len(places) == 4 else tuple(range(len(places)))
    pen.line([places[i] for i in (*order, order[0])], fill=GREY, width=max(1, size // 128))
    for name, weight, picture, (left, top) in zip(corners.names, weights, to_pils(corners.images), places):
        sheet.paste(picture.resize((side, side), Image.Resampling.BICUBIC), (left - side // 2, top - side // 2))
        inward, anchor = (1, "ma") if top < size / 2 else (-1, "md")  # the words of the lower faces stand above them
        words = {"xy": (left, top + inward * (side // 2 + 3)), "text": f"{name} {100 * weight:.0f} %", "font": font, "anchor": anchor}
        pen.rectangle(pen.textbbox(**words), fill="white")
        pen.text(**words, fill="black")
    (left, top), radius = _pixel(x, y, size), max(2, size // 36)
    pen.ellipse((left - radius, top - radius, left + radius, top + radius), fill=DOT, outline=RIM, width=max(1, radius // 3))
    return sheet


def described(corners: Corners, weights: Sequence[float]) -> str:
    """The blend as a sum: "0.25 · anna + 0.75 · felix"; faces without weight are left out."""
    seen = [(name, weight) for name, weight in zip(corners.names, weights) if abs(weight) >= 0.005]
    return " ".join(f"{'-' if weight < 0 else '+'} {abs(weight):.2f} · {name}" for name, weight in seen).removeprefix("+ ")


def _pixel(x: float, y: float, size: int) -> tuple[int, int]:
    """Where a point of the pad lies in its picture; a rim of REACH is kept around the corners."""
    return tuple(round((REACH + place) / (1 + 2 * REACH) * (size - 1)) for place in (x, 1 - y))


def _check_number(corners: int) -> None:
    if corners not in PLACES:
        raise StyleclipError(f"A pad has two, three or four faces at its corners, not {corners}.")
