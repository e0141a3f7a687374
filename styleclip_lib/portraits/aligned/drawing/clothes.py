"""Shoulders and clothes: a knitted sweater with a round neck, a T-shirt with a V-neck, or a shirt with collar and buttons.

The shoulders stay upright and follow the turning head only slightly.
"""

import math
from dataclasses import dataclass

import torch

from . import palette
from .light import cast_shadow, lit
from .relief import tilted
from .scene import Scene
from .shapes import bell, cover, lerp, paint, ramp, smoothstep
from .view import View

SHOULDER = -1.30
"""Height of the base of the neck."""


@dataclass
class Body:
    """The torso in its window: x from its centre, y from the base of the neck, distance inside its outline, normal, and half the width of
    the neckline."""

    view: View
    x: torch.Tensor
    y: torch.Tensor
    inside: torch.Tensor
    normal: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    neck: float


def draw_clothes(scene: Scene) -> None:
    """Draws the garment that the factor `collar` selects."""
    collar = scene.p.collar
    body = _body(scene)
    if collar < 1 / 3:
        _sweater(scene, body)
    elif collar < 2 / 3:
        _v_neck(scene, body)
    else:
        _shirt(scene, body)
    figure = body.view.window(scene.figure)
    torch.maximum(figure, cover(body.inside, body.view.pixel), out=figure)


def _body(scene: Scene) -> Body:
    a, p = scene.a, scene.p
    view = scene.view.box(-6.0, 6.0, -15.0, SHOULDER + 0.40)
    x, y = view.x - 0.10 * p.yaw, view.y - SHOULDER - 0.13 * a.child
    width = 1.22 + 0.20 * a.man * (1 - a.child) + 0.12 * p.weight - 0.36 * a.child
    side = x.abs()
    neck = a.neck_width + 0.035
    slope = 0.30 * (side - neck * 0.8).clamp(min=0) ** 1.25 + 1.6 * (side - width + 0.30).clamp(min=0) ** 2
    inside = (0.075 - slope - y) * 0.93
    # round shoulders: near the outline the surface turns upwards and to the sides
    across = (x / (width + 0.25)).clamp(-0.97, 0.97)
    up = 0.80 * smoothstep(0.34, 0.0, inside) - 0.10
    normal = (0.85 * across, up, (1.25 - across * across - up * up).clamp(min=0.03).sqrt())
    length = (normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2).sqrt()
    return Body(view, x, y, inside, tuple(n / length for n in normal), neck)


def _folds(body: Body, amount: float):
    """Soft folds that run from the neck to the armpits, a relief in head units."""
    x, y = body.x.abs(), body.y
    amount = amount * smoothstep(-1.4, -0.7, y)
    wide = 0.020 * torch.sin(7.0 * x + 11.0 * y + 1.0) * smoothstep(0.35, 0.9, x)
    return amount * (wide + 0.012 * torch.sin(15.0 * x - 6.0 * y) * smoothstep(0.2, 0.6, x))


def _cloth(scene, body, color, relief, mask, shadow=1.0, gloss=0.0):
    normal = tilted(body.normal, relief, body.view.pixel, 0.8)
    color = color[:, None, None] if color.dim() == 1 else color
    paint(body.view.window(scene.canvas), lit(color, normal, scene.light, 0.35, shadow=shadow, gloss=gloss, sharpness=10.0), mask)


def _under_chin(body):
    """The shadow of the head."""
    return 1 - 0.30 * bell(body.x, 0.55) * smoothstep(-0.45, 0.05, body.y)


def _sweater(scene: Scene, body: Body) -> None:
    """A knitted sweater: rows of small V-shaped stitches, and a ribbed neckband."""
    view, x, y = body.view, body.x, body.y
    fade = ramp(0.030, 0.012, view.pixel)  # stitches finer than a pixel are not drawn
    color = palette.clothes(scene.p)
    dip = 0.16 - 0.30 * (1 - (x / body.neck).clamp(-1, 1) ** 2).sqrt() + 0.3 * (x.abs() - body.neck).clamp(min=0)
    below = dip - y  # approximate distance below the neckline
    band = cover(0.085 - below, view.pixel)
    column = x * 17.0
    v = y * 13.0 + 0.9 * (2 * (column - column.floor()) - 1).abs()
    knit = 0.5 + 0.5 * torch.sin(6.283 * v)
    rib = 0.5 + 0.5 * torch.sin(75.0 * torch.atan2(x, 0.55 - y))
    stitch = lerp(knit, rib, band) * fade
    relief = _folds(body, 1.0) + 0.007 * stitch + 0.030 * band * bell(below - 0.042, 0.035)
    tone = color[:, None, None] * (0.90 + 0.09 * stitch - 0.22 * bell(below - 0.095, 0.014))
    mask = cover(torch.minimum(body.inside, below), view.pixel)
    _neck_shadow(scene, body, mask)
    _cloth(scene, body, tone, relief, mask, _under_chin(body))


def _v_neck(scene: Scene, body: Body) -> None:
    """A jersey T-shirt with a V-neck and a narrow band."""
    view, x, y = body.view, body.x, body.y
    color = palette.clothes(scene.p)
    below = (0.10 - 0.62 * (1 - x.abs() / (body.neck + 0.02)).clamp(min=0) - y) * 0.72
    band = cover(0.045 - below, view.pixel)
    relief = _folds(body, 1.3) + 0.018 * band * bell(below - 0.022, 0.022)
    tone = color[:, None, None] * (0.93 + 0.07 * band - 0.20 * bell(below - 0.052, 0.010))
    mask = cover(torch.minimum(body.inside, below), view.pixel)
    _neck_shadow(scene, body, mask)
    _cloth(scene, body, tone, relief, mask, _under_chin(body))


def _shirt(scene: Scene, body: Body) -> None:
    """A woven shirt: two collar wings, a placket with buttons, fine stripes."""
    view, x, y = body.view, body.x, body.y
    side = x.abs()
    fade = ramp(0.030, 0.012, view.pixel)
    color = palette.clothes(scene.p)
    opening = (0.10 - 0.26 * (1 - side / (body.neck * 0.80)).clamp(min=0) - y) * 0.8
    weave = fade * torch.sin(130 * x) * torch.sin(130 * y)
    placket = cover(0.075 - side, view.pixel) * smoothstep(-0.14, -0.18, y)
    seam = bell(side - 0.075, 0.008 + 0.3 * view.pixel) * smoothstep(-0.14, -0.18, y)
    relief = _folds(body, 1.1) + 0.010 * placket
    tone = color[:, None, None] * (0.92 + 0.04 * weave - 0.30 * seam)
    mask = cover(torch.minimum(body.inside, opening), view.pixel)
    _neck_shadow(scene, body, mask)
    _cloth(scene, body, tone, relief, mask, _under_chin(body))
    for k in (0, 1, 2):
        away = torch.sqrt(x * x + (y + 0.25 + 0.24 * k) ** 2 + 1e-8)
        button = lerp(color, torch.ones(3), 0.55) * 0.9
        paint(view.window(scene.canvas), color * 0.4, 0.6 * bell(torch.sqrt(x * x + (y + 0.26 + 0.24 * k) ** 2 + 1e-8), 0.035) * mask)
        holes = bell(torch.sqrt((side - 0.009) ** 2 + (y + 0.25 + 0.24 * k) ** 2 + 1e-8), 0.007)
        paint(view.window(scene.canvas), button[:, None, None] * (1 - 0.5 * holes), cover(0.026 - away, view.pixel) * mask)
    # the wings run from behind the neck to a point on either side of the opening
    corners = ((0.84 * body.neck, 0.19), (0.03, -0.13), (0.25, -0.27), (body.neck + 0.04, 0.05))
    wing = _polygon(side, y, corners)
    cast_shadow(view.window(scene.canvas), mask, cover(wing, view.pixel), scene.light, view.pixel, 0.035, 0.025, 0.55)
    edge = bell(wing - 0.030, 0.006 + 0.3 * view.pixel)
    tone = lerp(color, torch.ones(3), 0.03)[:, None, None] * (1.0 + 0.04 * weave - 0.20 * edge)
    _cloth(scene, body, tone, 0.012 * smoothstep(0.0, 0.03, wing), cover(wing, view.pixel), 1 - 0.2 * smoothstep(-0.1, 0.12, y), 0.03)


def _polygon(x, y, corners):
    """Signed distance to the edges of a convex polygon, positive inside. corners (x, y) anticlockwise"""
    distances = []
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1]):
        length = math.hypot(x1 - x0, y1 - y0)
        distances.append(((x1 - x0) * (y - y0) - (y1 - y0) * (x - x0)) / length)
    return torch.stack(distances).amin(0)


def _neck_shadow(scene, body, mask) -> None:
    """The neckline's soft shadow on the neck."""
    view = body.view
    cast_shadow(view.window(scene.canvas), view.window(scene.figure), mask, scene.light, view.pixel, 0.0, 0.03, 0.35)
