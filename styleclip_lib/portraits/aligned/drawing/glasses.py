"""Glasses and sunglasses.

The front is a plate that bends back at the sides. Every pixel's ray is intersected with it, and frame and lenses are drawn in the plate's
own coordinates. The temples run from there to the ears, under any hair that hangs over them.
"""

from dataclasses import dataclass

import torch

from . import palette
from .hair import OVER_EARS
from .light import cast_shadow, lit
from .points import front_of
from .relief import tilted
from .scene import Scene
from .shapes import bell, blur, cover, lerp, paint, rounded_box, smoothstep
from .view import View

BEND = 0.30
"""The plate lies at z = z0 - BEND x²."""

@dataclass(frozen=True)
class Form:
    """Position and size of the glasses, in head units: centre of the lens, half its width and height, radius of its corners, half the
    frame's thickness."""

    x: float
    y: float
    z0: float
    half_width: float
    half_height: float
    corner: float
    frame: float


def draw_temples(scene: Scene) -> None:
    """Draws the temples, which hair may hide, so before the hair."""
    if scene.p.glasses != "none" and scene.p.hair_style not in OVER_EARS:
        _temples(scene, _form(scene))


def draw_glasses(scene: Scene) -> None:
    """Draws frame, bridge and lenses, and their shadow on nose and cheeks."""
    p = scene.p
    if p.glasses == "none":
        return
    form = _form(scene)
    if p.hair_style in OVER_EARS:
        _temples(scene, form)
    view = scene.head.view.around((0.0, form.y, form.z0 - 0.04), 0.66, 0.30)
    x, y = _on_plate(view, form)
    lens = _lens(form, x, y)
    bridge = torch.minimum(form.frame * 0.95 - (y - form.y - 0.045 - 0.05 * bell(x, 0.09)).abs(), form.x - form.half_width + 0.01 - x.abs())
    solid = torch.maximum(form.frame - lens.abs(), bridge)
    frame = cover(solid, view.pixel)
    glass = cover(lens, view.pixel)
    canvas = view.window(scene.canvas)
    head = scene.head.cut(view)
    dark = p.glasses == "sunglasses"
    caster = torch.maximum(frame, glass * (0.75 if dark else 0.10))
    cast_shadow(canvas, head.alpha, caster, scene.light, view.pixel, 0.10, 0.020, 0.55)
    (_dark_glass if dark else _clear_glass)(scene, form, canvas, x, y, lens, glass)
    back = cover(form.frame - _lens(form, *_on_plate(view, form, -0.035)).abs(), view.pixel) * (1 - glass)
    color = _frame_color(p)
    paint(canvas, color * 0.25, back)
    _tube(scene, canvas, color, solid, form.frame, frame, view)


def _frame_color(p):
    color = palette.along(palette.FRAMES, p.frame_color)
    return lerp(color, palette.FRAMES[0], 0.7) if p.glasses == "sunglasses" else color


def _form(scene: Scene) -> Form:
    """Glasses fitted to the face: the bridge rests on the nose, and the lenses clear brows and cheeks."""
    p, a = scene.p, scene.a
    square = 0.5 + 0.5 * p.glasses_shape
    wide = 0.022 if p.glasses == "sunglasses" else 0.0
    half_width = lerp(0.182, 0.206, square) + wide + 0.25 * (a.eye_width - 0.158)
    half_height = lerp(0.172, 0.138, square) + wide
    y = a.eye_y - 0.010
    points = torch.tensor([[0.0, y + 0.05], [a.eye_x, y + half_height], [a.eye_x, y - half_height], [a.eye_x + 0.12, y - half_height]])
    z = front_of(scene.clay, points)
    z0 = (z + BEND * points[:, 0] ** 2).max().item() + 0.03
    corner = lerp(half_height, 0.050, square)
    return Form(a.eye_x + 0.006, y, z0, half_width, half_height, corner, 0.0175)


def _on_plate(view: View, form: Form, offset: float = 0.0):
    """Head coordinates x, y where the rays meet the plate, or a plate `offset` in front of it. [h, w]"""
    (ox, oy, oz), (dx, dy, dz) = view.rays()
    x = ox
    for _ in range(3):
        t = (form.z0 + offset - BEND * x * x - oz) / dz
        x = ox + t * dx
    return x, oy + t * dy


def _lens(form, x, y):
    """Distance from the edge of the lens, positive inside; lenses are slightly wider at the top than at the bottom."""
    v = y - form.y
    return rounded_box((x.abs() - form.x) / (1 + 0.25 * v), v, form.half_width, form.half_height, form.corner)


def _clear_glass(scene, form, canvas, x, y, lens, glass):
    """Clear lenses: a slight tint, and a soft reflection of the window from which the light comes."""
    canvas[:3] *= 1 - glass * torch.tensor([0.07, 0.04, 0.03])[:, None, None]
    u, v = x - torch.sign(x) * form.x, y - form.y
    stripe = bell(u - 0.55 * v + 0.075 + 0.03 * scene.light.x, 0.032) * smoothstep(0.015, 0.05, lens) * smoothstep(-0.05, 0.06, v)
    paint(canvas, torch.tensor([0.92, 0.97, 1.0]), 0.26 * stripe)


def _dark_glass(scene, form, canvas, x, y, lens, glass):
    """Dark lenses, lighter towards the cheeks, with the reflection of a bright sky above a horizon."""
    u, v = (x - torch.sign(x) * form.x) / form.half_width, (y - form.y) / form.half_height
    tint = palette.along(palette.FRAMES, scene.p.frame_color)[:, None, None]
    color = 0.006 + (0.02 + 0.16 * tint) * smoothstep(0.6, -1.2, v)
    sky = smoothstep(0.05, 0.75, v - 0.18 * u * u + 0.25 * u * scene.light.x) * smoothstep(0.0, 0.05, lens)
    stripe = bell(u - 0.5 * v + 0.25, 0.16) * smoothstep(0.01, 0.05, lens)
    color = color + (0.07 * sky + 0.06 * stripe) * torch.tensor([0.75, 0.88, 1.0])[:, None, None]
    paint(canvas, color, glass * (0.985 - 0.12 * smoothstep(0.2, -1.0, v)))


def _tube(scene, canvas, color, solid, half, mask, view):
    """A round rod, shaded by the distance from its edge."""
    s = 1 - (solid / half).clamp(0, 1)
    flat = (torch.zeros_like(s), torch.zeros_like(s), torch.ones_like(s))
    normal = tilted(flat, half * (1 - s * s).clamp(min=0.02).sqrt(), view.pixel, 2.0)
    paint(canvas, lit(color, normal, scene.light, 0.3, gloss=0.45, sharpness=14.0), mask)


def _temples(scene: Scene, form: Form) -> None:
    """From the upper outer corners of the front to the ears."""
    a, view = scene.a, scene.view
    y = form.y + 0.4 * form.half_height
    x0 = form.x + form.half_width
    for side in (-1, 1):
        start = view.seen((side * x0, y, form.z0 - BEND * x0 * x0))
        end = view.seen((side * (a.width + 0.012), a.eye_y + 0.055, -0.06))
        pad = 2.5 * form.frame
        box = view.box(min(start[0], end[0]) - pad, max(start[0], end[0]) + pad, min(start[1], end[1]) - pad, max(start[1], end[1]) + pad)
        dx, dy, dz = (e - s for s, e in zip(start, end))
        share = (((box.x - start[0]) * dx + (box.y - start[1]) * dy) / (dx * dx + dy * dy + 1e-6)).clamp(0, 1)
        away = ((box.x - start[0] - share * dx) ** 2 + (box.y - start[1] - share * dy) ** 2 + 1e-8).sqrt()
        half = form.frame * (1 - 0.15 * share)
        visible = cover(start[2] + share * dz - scene.head_depth(box) + 0.03, 0.04)
        mask = cover(half - away, box.pixel) * visible
        canvas = box.window(scene.canvas)
        shadow = blur(mask, 0.02 / box.pixel)
        canvas[:3] *= 1 - 0.35 * shadow
        _tube(scene, canvas, _frame_color(scene.p), half - away, form.frame, mask, box)
