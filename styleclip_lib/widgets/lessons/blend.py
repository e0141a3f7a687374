"""Lesson 03: faces between faces, by a point on a pad."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import ipywidgets
import torch
from PIL import Image
from torch import Tensor

from ...errors import StyleclipError
from ...images import image_grid, to_pils
from ...interpolation import blend
from ...models import Models
from ..toolkit.controls import button, switch
from ..toolkit.pad import check_corners, pad_map, pad_sliders, pad_weights
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing


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
    check_corners(len(codes))
    w_plus = torch.cat(list(codes.values())).to(models.device)
    return Corners(tuple(codes), w_plus, models.generator.synthesis(w_plus).clamp(-1, 1))


@torch.no_grad()
def corners_of_seeds(models: Models, seeds: Sequence[int], truncation_psi: float = 0.7) -> Corners:
    """Corners that are invented: two to four seeds, as `models.sample` draws them. Raises StyleclipError for another number."""
    check_corners(len(seeds))
    draws = [torch.randn(1, models.generator.z_dim, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    z = torch.cat(draws).to(models.device)
    w_plus = models.generator.mapping(z, truncation_psi)
    images = models.generator.synthesis(w_plus).clamp(-1, 1)
    return Corners(tuple(f"seed {seed}" for seed in seeds), w_plus, images, z, truncation_psi)


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
    return image_grid([pad_map(corners.names, corners.images, weights, x, y, size), face], columns=2)


def described(corners: Corners, weights: Sequence[float]) -> str:
    """The blend as a sum: "0.25 · anna + 0.75 · felix"; faces without weight are left out."""
    visible = [(name, weight) for name, weight in zip(corners.names, weights) if abs(weight) >= 0.005]
    return " ".join(f"{'-' if weight < 0 else '+'} {abs(weight):.2f} · {name}" for name, weight in visible).removeprefix("+ ")


def blend_pad(models: Models, corners: Corners, x: float = 0.5, y: float = 0.5, size: int = 288, threaded: bool = True) -> Panel:
    """A panel with a pad on the left and the blend on the right.

    corners = the faces, from `corners_of_codes` or `corners_of_seeds`; x, y = where the point begins, from 0 to 1 between the
    corners and a quarter beyond; size = pixels of the pad and of the face.
    """
    flat = len(corners.names) == 2
    across, up = pad_sliders(size, x, 0.5 if flat else y)
    up.disabled = flat
    controls = {
        "x": across,
        "y": up,
        "space": switch(corners.spaces, "Where the faces are mixed; pixels is a cross-fade", value="w+", description="mixed in"),
        "centre": button("To the centre", lambda: to_the_centre(), "All faces alike"),
    }

    def current() -> Drawing:
        at = controls["x"].value, controls["y"].value
        return draw(models, corners, *at, controls["space"].value, size), described(corners, pad_weights(*at, len(corners.names)))

    panel = Panel(controls, [("space", "centre")], current, threaded)
    panel.box.children = [panel.box.children[0], ipywidgets.HBox([up, panel.picture]), across, panel.status]

    def to_the_centre() -> None:
        for name in ("x", "y"):
            controls[name].value = 0.5

    for name in ("x", "y", "space"):
        controls[name].observe(lambda _: panel.request(), names="value")
    return panel.show_first()
