"""Skin, light, nose, ears and neck."""

from dataclasses import dataclass

import torch

from ..world.factors import Factors
from . import palette
from .anatomy import Anatomy
from .geometry import Hit, View, head_radii, intersect
from .shapes import bell, column, ellipse, grain, lerp, paint, smoothstep, soft


@dataclass
class Light:
    """A unit direction towards the light in the camera's frame, each [N, 1, 1]."""

    x: torch.Tensor
    y: torch.Tensor
    z: torch.Tensor


def light_of(f: Factors) -> Light:
    x, y = 0.95 * column(f.light), 0.45 + 0.2 * column(f.light_height)
    z = 0.9 * torch.ones_like(x)
    length = torch.sqrt(x * x + y * y + z * z)
    return Light(x / length, y / length, z / length)


def brightness(normal, light: Light, softness: float = 0.35) -> torch.Tensor:
    """Wrapped diffuse light in [0, 1]: the shadow's edge is soft, as on skin and cloth."""
    lambert = normal[0] * light.x + normal[1] * light.y + normal[2] * light.z
    return ((lambert + softness) / (1 + softness)).clamp(0, 1)


def lit(color: torch.Tensor, shade: torch.Tensor, warmth: float = 0.5) -> torch.Tensor:
    """A surface of this colour under this much light; shadows turn warmer, as light inside skin does.

    color [N, 3], shade [N, H, W] in [0, 1]  ->  [N, 3, H, W]
    """
    dark = color * torch.tensor([0.52 + 0.10 * warmth, 0.50, 0.54 - 0.04 * warmth])
    bright = (color * 1.06).clamp(max=1)
    return lerp(dark[:, :, None, None], bright[:, :, None, None], shade[:, None])


def draw_neck(canvas, f: Factors, view: View, light: Light):
    man = column((f.gender == 1).float())
    width = 0.36 + 0.07 * man + 0.05 * column(f.weight) - 0.06 * column((f.age < 0.16).float())
    hit = intersect(view, (0.0, -0.9, -0.12), (width, 1.0, width), y=torch.full_like(view.y, -0.9))
    flare = soft(width + 0.25 * (-(view.y + 1.25)).clamp(min=0) - view.x.abs(), view.pixel)
    shade = brightness(hit.normal, light) * 0.9
    under_chin = smoothstep(-1.65, -0.95, view.y) * 0.55
    color = lit(palette.skin(f), shade * (1 - under_chin))
    return paint(canvas, color, flare * soft(-0.3 - view.y, 0.1))


def draw_ears(canvas, f: Factors, view: View, light: Light):
    width = head_radii(f)[0]
    size = 0.17 + 0.02 * column(f.ear_size)
    for side in (-1, 1):
        hit = intersect(view, (side * width * 0.99, 0.0 * width, -0.06 + 0.0 * width), (0.10, size, 0.12))
        inner = bell((hit.x - side * width * 1.03) / 0.05, 1.0) * bell((hit.y + 0.01) / (0.55 * size), 1.0)
        shade = brightness(hit.normal, light) * (1 - 0.45 * inner) * 0.92
        canvas = paint(canvas, lit(palette.skin(f), shade, 0.9), hit.alpha)
    return canvas


def draw_head(canvas, f: Factors, a: Anatomy, view: View, light: Light):
    """Paints the bare head with its nose, cheeks and wrinkles.

    Returns the canvas and the head's Hit, on which everything else of the face is drawn.
    """
    hit = intersect(view, (0.0, 0.0, 0.0), head_radii(f), on_face=True)
    x, y = hit.x, hit.y
    eyes = bell(x - a.eye_x, 0.20) + bell(x + a.eye_x, 0.20)
    sockets = eyes * bell(y - a.eye_y - 0.04, 0.16)
    cheeks = bell(x - 0.40, 0.20) + bell(x + 0.40, 0.20)
    cheek_height = cheeks * bell(y + 0.22, 0.17)

    # Bumps of the face: their slope tilts the normal.
    slope_y = -0.9 * (y - a.eye_y - 0.04) * sockets / 0.06 * 0.10 - (0.6 + 0.9 * a.cheek) * (y + 0.22) * cheek_height * 0.9
    slope_y = slope_y + 0.9 * (y + 0.80) * bell(x, 0.20) * bell(y + 0.80, 0.14) * -1.0
    normal = (hit.normal[0], hit.normal[1] - slope_y * 0.5, hit.normal[2])
    shade = brightness(normal, light)

    skin = palette.skin(f)
    shade = shade * (1 - 0.16 * sockets) * (1 - 0.20 * bell(x, 0.16) * bell(y - a.mouth_y + 0.145, 0.045))
    shade = shade * (1 - 0.14 * (1 - hit.normal[2].clamp(0, 1)) ** 2)
    color = lit(skin, shade)
    red = torch.tensor([0.06, -0.045, -0.035])[None, :, None, None]
    flush = cheeks * bell(y + 0.20, 0.15) * (0.6 + 0.6 * a.cheek + 0.5 * a.child) + 0.5 * bell(x, 0.12) * bell(y - a.nose_y, 0.12)
    color = color + red * flush[:, None]
    canvas = paint(canvas, color.clamp(0, 1), hit.alpha)
    canvas = _draw_age(canvas, f, a, view, hit)
    canvas = _draw_freckles(canvas, f, view, hit)
    return _draw_nose(canvas, f, a, view, hit, light), hit


def _draw_age(canvas, f: Factors, a: Anatomy, view: View, hit: Hit):
    """Wrinkles with a ridge of light beside each, which is what one sees of them on dark skin."""
    skin, darkness = palette.skin(f), column(f.skin_tone)
    ridges = _wrinkles(a, view, hit.x, hit.y + 0.030) * darkness
    canvas = paint(canvas, lerp(skin, palette.WHITE.expand_as(skin), 0.5), (0.75 * ridges * hit.alpha).clamp(0, 0.7))
    dark = skin * lerp(torch.tensor([0.52, 0.42, 0.42]), torch.tensor([0.30, 0.28, 0.28]), f.skin_tone[:, None])
    return paint(canvas, dark, (0.68 * _wrinkles(a, view, hit.x, hit.y) * hit.alpha).clamp(0, 0.8))


def _wrinkles(a: Anatomy, view: View, x, y):
    """Forehead, crow's feet, bags under the eyes, folds beside the nose; and the frown of an angry face."""
    side = x.abs()
    line = 0.016 + 0.4 * view.pixel
    forehead = sum(bell(y - h - 0.03 * torch.cos(4 * x), line) for h in (0.44, 0.53, 0.62)) * soft(0.36 - side, 0.1)
    fold_x = 0.15 + (a.nose_y + 0.02 - y) * 0.42
    fold = bell(side - fold_x, line * 1.3) * soft(a.nose_y + 0.06 - y, 0.06) * soft(y - a.mouth_y - 0.0, 0.06)
    feet = sum(bell(y - a.eye_y - k * (side - 0.42) * 0.55, line * 0.8) for k in (-1, 0.1, 1.1))
    feet = feet * soft(side - 0.495, 0.03) * soft(0.62 - side, 0.05)
    bags = bell(torch.sqrt((side - a.eye_x) ** 2 + (y - a.eye_y - 0.05) ** 2 + 1e-6) - 0.225, line * 1.2) * soft(a.eye_y - 0.08 - y, 0.05)
    frown = bell(side - 0.055, line) * soft(0.10 - (y - 0.25).abs(), 0.04)
    return a.old * (0.55 * forehead + 0.7 * fold + 0.6 * feet + 0.55 * bags) + 0.45 * a.cheek * fold + 0.8 * a.frown * frown


def _draw_freckles(canvas, f: Factors, view: View, hit: Hit):
    where = bell(hit.y + 0.14, 0.14) * soft(0.55 - hit.x.abs(), 0.15)
    dots = soft(grain(hit.x, hit.y, 42.0, column(f.undertone) * 3) - 0.55, 0.5)
    amount = column(((f.freckles - 0.75) * 4).clamp(0, 1))
    return paint(canvas, palette.skin(f) * torch.tensor([0.72, 0.55, 0.45]), 0.6 * amount * where * dots * hit.alpha)


def _draw_nose(canvas, f: Factors, a: Anatomy, view: View, head: Hit, light: Light):
    """A bridge and a tip, each an ellipsoid that grows out of the face, and two nostrils."""
    depth = head_radii(f)[2]
    parts = [((0.0, a.nose_y * 0.5 + 0.06, depth - 0.10), (0.072, 0.28, 0.16), 0.6),
             ((0.0, a.nose_y, depth - 0.045), (a.nose_width, 0.118, 0.17), 0.9),
             ((-a.nose_width * 0.82, a.nose_y - 0.025, depth - 0.115), (0.062, 0.068, 0.12), 0.8),
             ((a.nose_width * 0.82, a.nose_y - 0.025, depth - 0.115), (0.062, 0.068, 0.12), 0.8)]
    skin = palette.skin(f)
    shade_below = bell(head.x, a.nose_width * 1.3) * bell(head.y - a.nose_y + 0.125, 0.05)
    canvas = paint(canvas, skin * torch.tensor([0.60, 0.47, 0.45]), 0.50 * shade_below * head.alpha)
    for center, radii, strength in parts:
        hit = intersect(view, center, radii, on_face=True)
        emerges = soft(hit.depth - head.depth - 0.03, 0.07) * strength
        shade = brightness(hit.normal, light, 0.5)
        pink = torch.tensor([1.015, 0.975, 0.97]) * skin
        canvas = paint(canvas, lit(pink.clamp(0, 1), shade * 0.97), hit.alpha * emerges)
        if strength == 0.9:
            gleam = bell(hit.x - 0.02 * light.x, 0.035) * bell(hit.y - a.nose_y - 0.045, 0.035)
            canvas = paint(canvas, palette.WHITE.expand(len(f), 3), 0.28 * gleam * hit.alpha)
    tip = intersect(view, (0.0, a.nose_y, depth - 0.02), (a.nose_width * 1.6, 0.16, 0.155), on_face=True)
    for side in (-1, 1):
        hole = ellipse(tip.x - side * a.nose_width * 0.45, tip.y - a.nose_y + 0.088, 0.040, 0.021)
        canvas = paint(canvas, skin * 0.28, 0.75 * soft(hole, view.pixel + 0.012) * tip.alpha)
    return canvas
