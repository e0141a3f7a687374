"""The curves of the lips, and the inside of an open mouth."""

import torch

from . import palette
from .anatomy import Anatomy
from .scene import Scene
from .shapes import bell, cover, paint, smoothstep
from .view import View


def lip_curves(a: Anatomy, t: torch.Tensor):
    """Heights of four edges at t in [-1, 1] from corner to corner, in head coordinates.

    Returns (top of the upper lip, top of the opening, bottom of the opening, bottom of the lower lip).
    """
    inside = (1 - t * t).clamp(min=0)
    act = a.act
    middle = a.mouth_y + act.corners * (t * t - 0.40) - 0.006 * bell(t, 0.20)
    above = 0.26 - 0.16 * act.cheek + 0.16 * act.rounding  # the upper lip of a smile stays straight, the lower one sags
    form = inside ** (0.80 - 0.26 * act.rounding)
    top, bottom = middle + above * act.opening * form, middle - (1 - above) * act.opening * form
    bow = 1 + 0.16 * bell(t.abs() - 0.26, 0.20) - 0.20 * bell(t, 0.13)
    return top + a.upper_lip * inside**0.85 * bow, top, bottom, bottom - a.lower_lip * inside**0.62


def mouth_view(scene: Scene) -> View:
    """The window around the mouth."""
    a = scene.a
    return scene.head.view.around((0.0, a.mouth_y - 0.04, 0.85), a.mouth_width + 0.10, 0.26 + a.act.opening * 0.5)


def draw_mouth(scene: Scene) -> None:
    """Draws teeth, tongue and the dark behind them, between lips that have been painted before."""
    a, act = scene.a, scene.a.act
    if act.opening < 0.01:
        return
    view = mouth_view(scene)
    head, canvas = scene.head.cut(view), view.window(scene.canvas)
    x, y = head.x, head.y
    t = (x / a.mouth_width).clamp(-1, 1)
    _, top, bottom, _ = lip_curves(a, t)
    ends = (1 - (x / a.mouth_width).abs()) * a.mouth_width
    opening = cover(torch.minimum(torch.minimum(top - y, y - bottom), ends), view.pixel) * head.alpha
    height = (top - bottom).clamp(min=1e-3)

    paint(canvas, palette.MOUTH, opening)
    tongue = cover(0.60 - torch.sqrt((t / 0.75) ** 2 + ((y - bottom) / act.opening / 0.75) ** 2 + 1e-6), 0.25)
    shine = 0.75 + 0.35 * bell(y - bottom - 0.22 * act.opening, 0.05) - 0.15 * bell(t, 0.06)
    paint(canvas, palette.TONGUE[:, None, None] * shine * 0.8, 0.9 * tongue * opening)
    around_arch = torch.asin((t * 0.95).clamp(-0.99, 0.99))  # teeth stand on an arch
    gaps = bell(torch.sin(around_arch * 6.2 * a.mouth_width / 0.24), 0.16)
    bow = 1 - 0.30 * t * t
    if act.upper_teeth > 0.02:
        edge = top - act.upper_teeth * act.opening * bow * (1 - 0.10 * gaps)
        _paint_teeth(canvas, view, opening, y - edge, (top - y) / height, gaps, t)
    if act.lower_teeth > 0.02:
        edge = bottom + act.lower_teeth * act.opening * bow * (1 - 0.10 * gaps) - 0.006
        _paint_teeth(canvas, view, opening, edge - y, (y - bottom) / height * 0.6, gaps, t)
    lip_shadow = bell(top - y, 0.022) * opening
    paint(canvas, palette.MOUTH * 0.6, 0.45 * lip_shadow)


def _paint_teeth(canvas, view, opening, inside, down, gaps, t):
    """inside = distance to the teeth's edge, down = share of the way from the gums"""
    shade = (1 - 0.16 * gaps) * (1 - 0.50 * t.abs() ** 3) * (0.80 + 0.20 * smoothstep(0.0, 0.4, down))
    paint(canvas, palette.TEETH[:, None, None] * shade, cover(inside, view.pixel) * smoothstep(1.0, 0.84, t.abs()) * opening)
