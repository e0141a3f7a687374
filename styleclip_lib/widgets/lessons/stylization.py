"""Lesson 09: styles on any face, as strong as one likes, in all of the picture or in a part of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from PIL import Image

from ...errors import StyleclipError
from ...evaluation.style_report import measure_style
from ...images import image_grid
from ...models import Models
from ...stylization.fast import FastTransfer
from ...stylization.region import blended
from ..toolkit.controls import choice, slider
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing


@dataclass(frozen=True)
class StyleState:
    """What the controls say.

    name      which of the styles
    seed      whose face
    strength  0 is the face itself, 1 what the network draws
    below     from which height on the face is restyled, 0 being its upper edge and 1 its lower one
    """

    name: str
    seed: int = 0
    strength: float = 1.0
    below: float = 0.0


def draw(models: Models, styles: Mapping[str, FastTransfer], state: StyleState, size: int = 256) -> tuple[Image.Image, str]:
    """The face before and after side by side, `size` pixels each, and what CLIP says of it.

    Raises StyleclipError for the name of a style that is not there.
    """
    if state.name not in styles:
        raise StyleclipError(f"There is no style '{state.name}' here, only {', '.join(styles)}.")
    fast = styles[state.name]
    with torch.no_grad():
        before = models.generator.synthesis(models.sample(state.seed)).clamp(-1, 1)
    mask = torch.full_like(before[:, :1], state.strength)
    mask[..., : round(state.below * before.shape[-2]), :] = 0
    after = blended(before, fast.apply(before), mask)
    report = measure_style(models, before, after, fast.text, fast.recipe.get("source", "a photo"))
    labels = [f"seed {state.seed}", f"{state.name} ({state.strength:g})"]
    return image_grid([before, after], columns=2, labels=labels, size=size), str(report)


def style_sliders(models: Models, styles: Mapping[str, FastTransfer], state: StyleState | None = None, size: int = 256,
                  threaded: bool = True) -> Panel:
    """A panel with a style to choose, and sliders for face, strength and place.

    styles = what to choose from, by the names to show; state = where the controls begin.
    Raises StyleclipError if there is nothing to choose from.
    """
    if not styles:
        raise StyleclipError("There is no style to try: train_style(models, text) makes one.")
    state = state or StyleState(next(iter(styles)))
    wide = {"place": {"width": "330px"}}
    controls = {
        "name": choice("style", list(styles), "Choose a network, each of which is trained for one style", value=state.name, **wide),
        "seed": slider("face (seed)", state.seed, 0, max(999, state.seed), 1, "The seed of the face", **wide),
        "strength": slider("strength", state.strength, 0, 1, 0.05, "0 is the face itself, 1 what the network draws", **wide),
        "below": slider("from above", state.below, 0, 1, 0.05, "From which height on the face is restyled: 0 all of it, 1 nothing", **wide),
    }

    def current() -> Drawing:
        return draw(models, styles, StyleState(**{name: control.value for name, control in controls.items()}), size)

    panel = Panel(controls, [("name", "seed"), ("strength", "below")], current, threaded)
    for control in controls.values():
        control.observe(lambda _: panel.request(), names="value")
    return panel.show_first()
