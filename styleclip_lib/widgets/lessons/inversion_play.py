"""Playing with inversion: a portrait whose factors are known, found again in the generator. Plain Python; the sliders are elsewhere."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from PIL import Image

from ...images import image_grid
from ...inversion.invert import invert, psnr
from ...models import Models
from ...portraits.drawing.geometry import YAW_MAX
from ...portraits.drawing.render import render
from ...portraits.world.factors import sample

WORN = {"nothing": {}, "glasses": {"glasses": "glasses"}, "sunglasses": {"glasses": "sunglasses"}, "hat": {"headwear": "hat"},
        "cap": {"headwear": "cap"}}


@dataclass(frozen=True)
class InversionState:
    """What the sliders say.

    person    number of the person that is drawn
    coverage  height of the head as a share of the picture's; the generator has seen 0.49 to 0.64
    yaw       how far the head is turned, in degrees; the generator has seen -32 to 32
    worn      one of `WORN`
    space     "w" or "w+"
    """

    person: int = 0
    coverage: float = 0.58
    yaw: float = 0.0
    worn: str = "nothing"
    space: str = "w+"


@dataclass
class Found:
    """A picture [1, 3, R, R], its inversion, and the steps that were taken (0: the start itself)."""

    target: torch.Tensor
    image: torch.Tensor
    steps: int

    def draw(self, size: int = 192) -> Image.Image:
        """The picture, its inversion and where they differ (white: as far as black from white), `size` pixels each."""
        apart = (self.target - self.image.clamp(-1, 1)).abs() - 1
        name = f"after {self.steps} steps" if self.steps else "the encoder's guess"
        return image_grid([self.target, self.image, apart], columns=3, labels=["the picture", name, "difference"], size=size)

    def __str__(self) -> str:
        return f"PSNR {psnr(self.image, self.target):.1f} dB"


def target(state: InversionState, size: int) -> torch.Tensor:
    """The rendered portrait, [1, 3, size, size] in [-1, 1]."""
    factors = sample(state.person + 1, seed=77)[state.person]
    plain = {"pitch": 0.0, "roll": 0.0, "offset_x": 0.0, "offset_y": 0.0, "glasses": "none", "headwear": "none"}
    turned = {"face_size": coverage_to_face_size(state.coverage), "yaw": yaw_of_degrees(state.yaw)}
    return render(factors.replace(**{**plain, **turned, **WORN[state.worn]}), size)


def coverage_to_face_size(coverage: float) -> float:
    """The factor `face_size` that makes the head so high, in heights of the picture; it may lie outside of [0, 1]."""
    return (coverage - 0.49) / 0.15


def yaw_of_degrees(degrees: float) -> float:
    """The factor `yaw` of a head that is turned so far; beyond 32 degrees it lies outside of [-1, 1]."""
    return math.radians(degrees) / YAW_MAX


def found(models: Models, state: InversionState, steps: int = 0) -> Found:
    """The portrait and its inversion after so many steps; no steps give the encoder's guess at once."""
    picture = target(state, models.generator.img_resolution).to(models.device)
    return Found(picture, invert(models, picture, state.space, steps=steps, progress=False).image, steps)
