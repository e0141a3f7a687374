"""Sliders for `generator_play`."""

from __future__ import annotations

import ipywidgets

from ..models import Models
from .generator_play import NOISE_MODES, GeneratorState, draw
from .panel import Panel
from .stage import Drawing


def generator_sliders(
    models: Models, state: GeneratorState | None = None, size: int = 224, threaded: bool = True
) -> Panel:
    """A panel with sliders for seed, psi, the mixing layer, the second seed and the noise.

    state = where the sliders begin; size = pixels of each of the three faces.
    """
    state = state or GeneratorState()
    num_ws = models.generator.num_ws
    layer = num_ws if state.mixing_layer is None else state.mixing_layer
    wide = {"layout": ipywidgets.Layout(width="330px"), "style": {"description_width": "90px"}}
    controls = {
        "seed": ipywidgets.IntSlider(state.seed, 0, 999, description="seed A", **wide),
        "second_seed": ipywidgets.IntSlider(state.second_seed, 0, 999, description="seed B", **wide),
        "psi": ipywidgets.FloatSlider(state.psi, min=-1, max=1.5, step=0.05, description="psi", **wide),
        "mixing_layer": ipywidgets.IntSlider(layer, 0, num_ws, description="B from layer", **wide),
        "noise_mode": ipywidgets.ToggleButtons(options=NOISE_MODES, value=state.noise_mode, description="noise"),
        "again": ipywidgets.Button(description="draw again", tooltip="new random noise"),
    }
    controls["noise_mode"].style.button_width = "70px"

    def current() -> Drawing:
        chosen = {name: control.value for name, control in controls.items() if name != "again"}
        return draw(models, GeneratorState(**chosen), size), ""

    rows = [("seed", "second_seed"), ("psi", "mixing_layer"), ("noise_mode", "again")]
    panel = Panel(controls, rows, current, threaded)
    for name, control in controls.items():
        if name == "again":
            control.on_click(lambda _: panel.request())
        else:
            control.observe(lambda _: panel.request(), names="value")
    return panel.show_first()
