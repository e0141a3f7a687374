"""Lesson 01: seed, truncation, style mixing and noise, with sliders."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image

from ...errors import StyleclipError
from ...images import image_grid
from ...models import Models
from ..toolkit.controls import button, slider, switch
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing

NOISE_MODES = ("const", "random", "none")
PSI = "0 is the average face, 1 the full variety, below 0 the opposite"


@dataclass(frozen=True)
class GeneratorState:
    """What the sliders say.

    seed          draws z of face A
    psi           truncation, for both faces
    second_seed   draws z of face B
    mixing_layer  layers from this one on take their w from B: 0 takes all, num_ws (or None) takes none
    noise_mode    "const", "random" or "none"
    """

    seed: int = 0
    psi: float = 0.7
    second_seed: int = 1
    mixing_layer: int | None = None
    noise_mode: str = "const"


@torch.no_grad()
def draw(models: Models, state: GeneratorState, size: int = 256) -> Image.Image:
    """Face A, the mixture (Karras et al. 2019, section 3.1) and face B side by side, `size` pixels each.

    Raises StyleclipError for an unknown noise mode or a layer that is not there.
    """
    num_ws = models.generator.num_ws
    cut = num_ws if state.mixing_layer is None else state.mixing_layer
    if not 0 <= cut <= num_ws:
        raise StyleclipError(f"The mixing layer is {cut}; it must lie between 0 and {num_ws}.")
    a, b = (models.sample(seed, state.psi) for seed in (state.seed, state.second_seed))
    mixture = torch.cat([a[:, :cut], b[:, cut:]], dim=1)
    images = models.generator.synthesis(torch.cat([a, mixture, b]), noise_mode=state.noise_mode)
    labels = [f"A: seed {state.seed}", _described(cut, num_ws), f"B: seed {state.second_seed}"]
    return image_grid(images, columns=3, labels=labels, size=size)


def _described(cut: int, num_ws: int) -> str:
    if cut in (0, num_ws):
        return "all layers of A" if cut else "all layers of B"
    return f"layers 0-{cut - 1} of A, {cut}-{num_ws - 1} of B"


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
