"""Which part of a portrait each pixel shows, known because every layer is painted separately."""

from dataclasses import replace

import torch

from ..camera import ALIGNED, Camera
from ..world.factors import Factors
from .backdrop import draw_backdrop
from .clothes import draw_clothes
from .hair import draw_hair, draw_hair_behind
from .headwear import draw_headwear
from .render import LAYERS, scene_of

PARTS = ("background", "hair", "hat", "clothes", "skin")
"""The parts. Skin is everything else: face, neck, ears, and what is worn on the face."""

_PART = {draw_backdrop: "background", draw_hair_behind: "hair", draw_hair: "hair", draw_headwear: "hat", draw_clothes: "clothes"}


@torch.no_grad()
def parts(factors: Factors, size: int = 256, camera: Camera = ALIGNED) -> torch.Tensor:
    """How much of every pixel of `render(factors, size, camera)` shows each of `PARTS`.

    factors of length N, size = pixels along each side  ->  float32 [N, 5, size, size] in [0, 1], sum 1
    """
    return torch.stack([_parts(factors.portrait(i), size, camera) for i in range(len(factors))])


def _parts(p, size: int, camera: Camera) -> torch.Tensor:
    """Paints layer by layer. The canvas's fourth channel is 1 before each layer; afterwards it is 1 minus the layer's coverage."""
    scene = scene_of(p, size, camera)
    scene = replace(scene, canvas=torch.zeros(4, size, size))
    shown = torch.zeros(len(PARTS), size, size)
    shown[0] = 1  # the backdrop fills the whole canvas
    for layer in LAYERS:
        bare = scene.canvas[3]
        bare.fill_(1)
        layer(scene)
        shown *= bare
        shown[PARTS.index(_PART.get(layer, "skin"))] += 1 - bare
    return shown
