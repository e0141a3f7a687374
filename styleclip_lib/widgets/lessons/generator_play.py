"""Playing with a generator: seed, truncation, style mixing and noise. Plain Python; the sliders are elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image

from ...errors import StyleclipError
from ...images import image_grid
from ...models import Models

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
