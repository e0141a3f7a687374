"""Lesson 05: mappers on any face, with strength and levels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from PIL import Image

from ...editing.mapper import LatentMapper
from ...errors import StyleclipError
from ...evaluation.report import measure_edit
from ...images import image_grid
from ...models import Models
from ...networks.mapper import LEVELS
from ..toolkit.controls import choice, slider, tick
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing

STRENGTH = "1 is the learnt edit, 0 the face itself, below 0 the reverse"


@dataclass(frozen=True)
class MapperState:
    """What the controls say.

    name      which of the mappers
    seed      whose face
    strength  0 is the face itself, 1 what the mapper has learnt
    coarse, medium, fine  whether this level takes part; a level that the mapper has not cannot
    """

    name: str
    seed: int = 0
    strength: float = 1.0
    coarse: bool = True
    medium: bool = True
    fine: bool = True


def draw(models: Models, mappers: Mapping[str, LatentMapper], state: MapperState, size: int = 256) -> tuple[Image.Image, str]:
    """The face before and after side by side, `size` pixels each, and what was measured ("" in a domain without attributes).

    Raises StyleclipError for the name of a mapper that is not there.
    """
    if state.name not in mappers:
        raise StyleclipError(f"There is no mapper '{state.name}' here, only {', '.join(mappers)}.")
    mapper = mappers[state.name]
    acting = [level for level in mapper.levels if level not in LEVELS or getattr(state, level)]
    w_plus = models.sample(state.seed)
    with torch.no_grad():
        before = models.generator.synthesis(w_plus)
    after = mapper.edit(w_plus, state.strength, acting).image
    labels = [f"seed {state.seed}", f"{state.name} ({state.strength:g}: {', '.join(acting) or 'no level'})"]
    text = mapper.recipe.get("text", "")
    report = str(measure_edit(models, before, after, text)) if models.attributes is not None and text else ""
    return image_grid([before, after], columns=2, labels=labels, size=size), report


def mapper_sliders(
    models: Models,
    mappers: Mapping[str, LatentMapper],
    state: MapperState | None = None,
    size: int = 256,
    threaded: bool = True,
) -> Panel:
    """A panel with a mapper to choose, sliders for face and strength, and a box to tick for each level.

    mappers = what to choose from, by the names to show; state = where the controls begin.
    Raises StyleclipError if there is nothing to choose from.
    """
    if not mappers:
        raise StyleclipError("There is no mapper to try: train_mapper(models, text) makes one.")
    state = state or MapperState(next(iter(mappers)))
    wide = {"place": {"width": "330px"}}
    controls = {
        "name": choice("mapper", list(mappers), "Choose a mapper, each of which is trained for one text", value=state.name, **wide),
        "seed": slider("face (seed)", state.seed, 0, max(999, state.seed), 1, "The seed of the face", **wide),
        "strength": slider("strength", state.strength, -1, 2, 0.1, STRENGTH, **wide),
        **{level: tick(level, getattr(state, level), f"Whether the {level} layers take part") for level in LEVELS},
    }

    def current() -> Drawing:
        return draw(models, mappers, MapperState(**{name: control.value for name, control in controls.items()}), size)

    panel = Panel(controls, [("name", "seed"), ("strength", *LEVELS)], current, threaded)
    for control in controls.values():
        control.observe(lambda _: panel.request(), names="value")
    return panel.show_first()
