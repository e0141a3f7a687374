"""Sliders for `generator_play`."""

from __future__ import annotations

from ...models import Models
from ..toolkit.controls import button, slider, switch
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing
from .generator_play import NOISE_MODES, PSI, GeneratorState, draw


def generator_sliders(
    models: Models, state: GeneratorState | None = None, size: int = 224, threaded: bool = True
) -> Panel:
    """A panel with sliders for seed, psi, the mixing layer, the second seed and the noise.

    state = where the sliders begin; size = pixels of each of the three faces.
    """
    state = state or GeneratorState()
    num_ws = models.generator.num_ws
    layer = num_ws if state.mixing_layer is None else state.mixing_layer
    wide = {"place": {"width": "330px"}}
    controls = {
        "seed": slider("seed A", state.seed, 0, 999, 1, "The same seed gives the same face", **wide),
        "second_seed": slider("seed B", state.second_seed, 0, 999, 1, "The face that gives its layers for mixing", **wide),
        "psi": slider("truncation psi", state.psi, -1, 1.5, 0.05, PSI, **wide),
        "mixing_layer": slider("B from layer", layer, 0, num_ws, 1, "From this layer on, face B decides", **wide),
        "noise_mode": switch(NOISE_MODES, "The noise in the layers: always the same, new each time, or none", value=state.noise_mode,
                             description="noise"),
        "again": button("Draw again", lambda: panel.request(), "With new random noise"),
    }

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
