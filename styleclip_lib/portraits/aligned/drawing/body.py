"""Neck and ears: the skin outside the face."""

import torch

from . import palette
from .light import cast_shadow, lit
from .scene import Scene
from .shapes import bell, cover, paint, smoothstep
from .view import intersect


def draw_neck(scene: Scene) -> None:
    """Draws the neck in the shadow of the chin. It stays upright when the head turns, and continues below every collar."""
    a, light = scene.a, scene.light
    width = a.neck_width
    view = scene.view.box(-1.2, 1.2, -2.6, -0.2)
    canvas = view.window(scene.canvas)
    middle = 0.10 * scene.p.yaw
    x, y = view.x - middle, view.y
    wide = width + 0.02 * smoothstep(-0.9, -1.4, y) + 0.40 * smoothstep(-1.30, -1.75, y) ** 1.5
    side = (x / wide).clamp(-1, 1)
    normal = (side, -0.10 * torch.ones_like(x), (1 - side * side).clamp(min=0.02).sqrt())
    alpha = cover(wide - x.abs(), view.pixel) * cover(-0.2 - y, 0.1)
    shadow = 1 - 0.25 * smoothstep(-1.5, -1.0, y)
    sinew = bell(x.abs() - 0.16 - 0.25 * (-1.2 - y), 0.05) * smoothstep(-1.0, -1.25, y) * (0.06 + 0.10 * a.old)
    rings = 0.22 * a.old * sum(bell(y + low - 0.5 * x * x, 0.025) for low in (1.14, 1.27))
    color = lit(palette.skin(scene.p)[:, None, None] * torch.tensor([1.0, 0.94, 0.92])[:, None, None], normal, light, 0.35,
                shadow=shadow - sinew - rings)
    paint(canvas, color, alpha)
    figure = view.window(scene.figure)
    torch.maximum(figure, alpha, out=figure)
    cast_shadow(canvas, alpha, view.carry(scene.head.alpha, scene.head.view), light, view.pixel, 0.34, 0.09, 0.80)


def draw_ears(scene: Scene) -> None:
    """A shell with a rolled edge, and the hollow inside it."""
    a = scene.a
    tone = palette.skin(scene.p) * torch.tensor([1.0, 0.86, 0.84])
    for side in (-1, 1):
        center = (side * (a.width + 0.005), a.eye_y - 0.10, -0.08)
        view = scene.view.around(center, 0.30, 0.36)
        hit = intersect(view, center, (0.115, a.ear_size, 0.15))
        u, v = (side * hit.x - a.width + 0.02) / 0.115, (hit.y - center[1]) / a.ear_size
        ring = torch.sqrt(u * u + v * v + 1e-6)
        groove = bell(ring - 0.66, 0.12) * smoothstep(-0.55, -0.15, v)  # inside the rolled edge
        bowl = bell(torch.sqrt((u / 0.42) ** 2 + ((v + 0.10) / 0.40) ** 2 + 1e-6), 1.0)
        glow = 1 + 0.25 * bell(ring - 0.9, 0.15)  # light shines through the edge
        color = lit(tone, hit.normal, scene.light, 0.45, shadow=1 - 0.50 * groove - 0.45 * bowl, gloss=0.05)
        color = color * (1 - 0.30 * groove - 0.35 * bowl) * glow
        paint(view.window(scene.canvas), color, hit.alpha)
