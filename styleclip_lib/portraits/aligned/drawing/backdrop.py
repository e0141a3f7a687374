"""The backdrop: a photo studio's paper, lit from the key light's side, with a soft pool of light."""

import torch

from . import palette
from .scene import Scene
from .shapes import bell, smoothstep

REACH = 1.4
"""Head units over which the light changes: about half the side of an aligned picture."""


def draw_backdrop(scene: Scene) -> None:
    """Draws an even colour with a pool of light beside the head, which falls off towards the corners and is slightly warmer in the dark."""
    view, p = scene.view, scene.p
    x, y = view.x / REACH, view.y / REACH
    pool = bell(((x - 0.45 * p.light) ** 2 + (y - 0.10 - 0.15 * p.light_height) ** 2).sqrt(), 1.05)
    floor = smoothstep(-0.2, -1.1, y)
    glow = 0.66 + 0.42 * pool + 0.10 * p.light * x - 0.10 * floor
    color = palette.background(p)[:, None, None]
    dark = color * (color / color.max()) ** 0.35
    share = (glow - 0.55).clamp(0, 0.5) * 2
    canvas = scene.canvas[:3]
    canvas.copy_(torch.lerp(dark.expand_as(canvas), color.expand_as(canvas), share) * glow)
