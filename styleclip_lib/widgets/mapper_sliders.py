"""Controls for `mapper_play`."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets

from ..editing.latent_mapper import LatentMapper
from ..errors import StyleclipError
from ..models import Models
from ..networks.mapper import LEVELS
from .mapper_play import MapperState, draw
from .panel import Panel
from .stage import Drawing


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
    wide = {"layout": ipywidgets.Layout(width="330px"), "style": {"description_width": "70px"}}
    controls = {
        "name": ipywidgets.Dropdown(options=list(mappers), value=state.name, description="mapper", **wide),
        "seed": ipywidgets.IntSlider(state.seed, 0, max(999, state.seed), description="face", **wide),
        "strength": ipywidgets.FloatSlider(state.strength, min=-1, max=2, step=0.1, description="strength", **wide),
        **{level: ipywidgets.Checkbox(getattr(state, level), description=level, indent=False,
                                      layout=ipywidgets.Layout(width="90px")) for level in LEVELS},
    }  # fmt: skip

    def current() -> Drawing:
        return draw(models, mappers, MapperState(**{name: control.value for name, control in controls.items()}), size)

    panel = Panel(controls, [("name", "seed"), ("strength", *LEVELS)], current, threaded)
    for control in controls.values():
        control.observe(lambda _: panel.request(), names="value")
    return panel.show_first()
