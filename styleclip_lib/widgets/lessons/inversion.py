"""Lesson 02: a portrait whose factors are known, and its inversion, with sliders."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from PIL import Image

from ...descent import OnStep
from ...images import image_grid
from ...inversion.invert import invert, psnr
from ...models import Models
from ...portraits.drawing.geometry import YAW_MAX
from ...portraits.drawing.render import render
from ...portraits.world.factors import sample
from ..toolkit.controls import button, choice, slider, switch
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing

WORN = {"nothing": {}, "glasses": {"glasses": "glasses"}, "sunglasses": {"glasses": "sunglasses"}, "hat": {"headwear": "hat"},
        "cap": {"headwear": "cap"}}


@dataclass(frozen=True)
class InversionState:
    """What the sliders say.

    person    number of the person that is drawn
    coverage  height of the head as a share of the picture's; 0.49 to 0.64 in training
    yaw       how far the head is turned, in degrees; -32 to 32 in training
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


def found(models: Models, state: InversionState, steps: int = 0, on_step: OnStep | None = None) -> Found:
    """The portrait and its inversion after so many steps, or fewer if on_step ends it; no steps give the encoder's guess at once."""
    picture = target(state, models.generator.img_resolution).to(models.device)
    inversion = invert(models, picture, state.space, steps=steps, on_step=on_step, progress=False)
    return Found(picture, inversion.image, len(inversion.history["loss"]) - 1)


def inversion_sliders(models: Models, state: InversionState | None = None, steps: int = 40, size: int = 192,
                      threaded: bool = True) -> Panel:
    """A panel with sliders for the portrait, which shows the encoder's guess at once, and a button for the steps behind it.

    Stop, which is there while the steps run, keeps the best so far.

    state = where the sliders begin; size = pixels of each of the three pictures.
    """
    state = state or InversionState()
    wide = {"place": {"width": "330px"}}
    controls = {
        "person": slider("person", state.person, 0, 199, 1, "Who is drawn", **wide),
        "coverage": slider("coverage", state.coverage, 0.3, 0.9, 0.01, "Height of the head, as a share; in training: 0.49 to 0.64", **wide),
        "yaw": slider("yaw (degrees)", state.yaw, -80, 80, 1.0, "Turn of the head; in training: -32 to 32", readout_format=".0f", **wide),
        "worn": choice("worn", list(WORN), "What the person wears", value=state.worn, **wide),
        "space": switch(["w", "w+"], "w: one code for all layers; w+: one for each", value=state.space, description="space"),
        "steps": slider("steps", steps, 1, 200, 1, "Steps of the optimisation behind the guess", **wide),
        "invert": button("Invert", lambda: pressed(), "Go on from the guess; takes seconds", button_style="primary"),
    }

    def current() -> InversionState:
        return InversionState(**{name: controls[name].value for name in ("person", "coverage", "yaw", "worn", "space")})

    def guess() -> Drawing:
        start = found(models, current())
        return start.draw(size), f"{start} (the encoder's guess)"

    def invert_now() -> Drawing:
        steps = controls["steps"].value
        with panel.running(steps) as on_step:
            start, end = found(models, current()), found(models, current(), steps, on_step)
        return end.draw(size), f"{end}, where the encoder's guess had {start}"

    panel = Panel(controls, [("person", "worn"), ("coverage", "yaw"), ("space",), ("steps", "invert")], guess, threaded, busy=("invert",))

    def pressed() -> None:
        panel.press(invert_now, "Inverting, a few seconds; Stop keeps the best so far ...", kind="invert")

    for name in ("person", "coverage", "yaw", "worn", "space"):
        controls[name].observe(lambda _: panel.request(), names="value")
    return panel.show_first()
