"""Controls for `mapper_play`."""

from __future__ import annotations

from collections.abc import Mapping

from ...editing.mapper import LatentMapper
from ...errors import StyleclipError
from ...models import Models
from ...networks.mapper import LEVELS
from ..toolkit.controls import choice, slider, tick
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing
from .mapper_play import STRENGTH, MapperState, draw


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
        raise StyleclipError("There is no mapper to play with: train_mapper(models, text) makes one.")
    state = state or MapperState(next(iter(mappers)))
    wide = {"place": {"width": "330px"}}
    controls = {
        "name": choice("mapper", list(mappers), "Which of the networks that have learnt one text each", value=state.name, **wide),
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
