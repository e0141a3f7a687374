"""Shoulders and clothes."""

import torch

from . import palette
from .light import lit
from .scene import Scene
from .shapes import cover, paint


def draw_clothes(scene: Scene) -> None:
    """A stand-in: shoulders in a plain shirt."""
    view, a = scene.view, scene.a
    x, y = view.x - 0.10 * scene.p.yaw, view.y + 1.33
    width = 1.25 + 0.2 * a.man - 0.2 * a.child
    top = -0.16 * (x.abs() / 0.9) ** 1.6 - 0.9 * (x.abs() - width).clamp(min=0) ** 1.3
    dip = 0.5 * (0.42**2 - x * x).clamp(min=0).sqrt()
    side = (x / (width + 0.3)).clamp(-0.95, 0.95)
    normal = (side, torch.full_like(x, 0.2), (0.96 - side * side).clamp(min=0.02).sqrt())
    paint(scene.canvas, lit(palette.clothes(scene.p), normal, scene.light), cover(torch.minimum(top - y, -dip - y), view.pixel))
