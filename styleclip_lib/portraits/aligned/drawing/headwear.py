"""A hat with a brim, or a cap with a peak, and the shadow it casts on the forehead.

Both are built in coordinates of their own: the head's, tipped slightly forwards.
"""

import math
from dataclasses import replace

import torch

from . import palette
from .light import cast_shadow, lit
from .relief import tilted
from .scene import Scene
from .shapes import bell, cover, grain, lerp, paint, smoothstep
from .view import Hit, View, intersect

BAND = 0.50
"""Height at which headwear sits on the head."""


def draw_headwear(scene: Scene) -> None:
    """Draws the hat or the cap, if one is worn."""
    if scene.p.headwear == "hat":
        _hat(scene)
    elif scene.p.headwear == "cap":
        _cap(scene)


def _tipped(view: View, degrees: float) -> View:
    """The same window, in coordinates tipped forwards around the height of the band."""
    b = math.radians(degrees)
    tip = torch.tensor([[1, 0, 0], [0, math.cos(b), -math.sin(b)], [0, math.sin(b), math.cos(b)]])
    # rays() rotates camera coordinates back; the centre of the rotation (0, BAND, 0) must stay in place
    cx, cy, _ = (view.rotation @ torch.tensor([0.0, BAND, 0.0])).tolist()
    tx, ty, _ = (view.rotation @ tip @ torch.tensor([0.0, BAND, 0.0])).tolist()
    return replace(view, x=view.x - cx + tx, y=view.y - cy + ty, rotation=view.rotation @ tip)


def _shadow(scene: Scene, hit: Hit, mask, distance: float, strength: float) -> None:
    """Draws its shadow on the head and hair below."""
    view = scene.view.box(-1.3, 1.3, -0.5, 0.9)
    canvas, figure = view.window(scene.canvas), view.window(scene.figure)
    cast_shadow(canvas, figure, view.carry(mask, hit.view), scene.light, view.pixel, distance, 0.05, strength)


def _hat(scene: Scene) -> None:
    """A felt hat: a crown with a dent on top and a ribbon, and a brim that turns up at the sides."""
    a = scene.a
    color = palette.along(palette.HEADWEAR, scene.p.headwear_color)
    ribbon = palette.along(palette.HEADWEAR.roll(3, 0), scene.p.headwear_color)
    view = _tipped(scene.view.box(-1.5, 1.5, 0.0, 1.7), 5.0)
    brim = _brim(view, a)
    crown = _crown(view, a)
    from_above = view.rays()[1][1] > 0
    above = cover(crown.y - _brim_height(view, a) + (0.02 if from_above else 0.06), view.pixel)
    _shadow(scene, brim, torch.maximum(brim.alpha, crown.alpha * above), 0.22, 0.85)
    canvas = view.window(scene.canvas)
    if from_above:  # the far side of the brim lies behind the crown
        _felt(scene, canvas, brim, color, brim.alpha, 0.7)
    band_y = crown.y - BAND - 0.10 * (crown.x / a.width) ** 2
    band = cover(0.165 - band_y, view.pixel)
    tone = lerp(color[:, None, None], ribbon[:, None, None] * (0.94 + 0.06 * torch.sin(150 * band_y)), band)
    edge = bell(band_y - 0.165, 0.012 + 0.4 * view.pixel)
    _felt(scene, canvas, crown, tone, crown.alpha * above, 1 - 0.25 * edge - 0.45 * smoothstep(0.10, 0.0, band_y))
    near = cover(brim.z, 0.05) if from_above else 1.0
    rim_line = bell((brim.x / (a.width + 0.44)) ** 2 + (brim.z / (a.depth + 0.36)) ** 2 - 0.94, 0.03)
    _felt(scene, canvas, brim, color, brim.alpha * near, (0.35 + 0.65 * smoothstep(-0.2, 0.3, brim.normal[1])) * (1 - 0.22 * rim_line))


def _brim(view, a):
    """A flat disc whose sides turn up."""
    return intersect(view, (0.0, _brim_height(view, a), 0.02), (a.width + 0.44, 0.040, a.depth + 0.36))


def _brim_height(view, a):
    """The height of the brim, from left to right. [h, w]"""
    return BAND - 0.02 + 0.22 * (_across(view, 0.0) / (a.width + 0.44)).clamp(-1.1, 1.1) ** 2


def _across(view, z):
    """Where the rays cross the plane at depth z, from left to right. [h, w]"""
    (ox, _, oz), (dx, _, dz) = view.rays()
    return ox + (z - oz) / dz * dx


def _crown(view, a):
    """A tube that narrows upwards and ends in a dented cap."""
    shoulder = BAND + 0.47
    hit = intersect(view, (0.0, shoulder, 0.0), (a.width + 0.05, 0.20, a.depth + 0.04))
    for _ in range(2):
        narrow = 1 - 0.16 * ((hit.y - BAND) / 0.47).clamp(0, 1)
        top = 0.19 - 0.07 * bell(hit.x, 0.20)
        tube = torch.where(hit.y < shoulder, 1e3, top)
        hit = intersect(view, (0.0, shoulder, 0.0), ((a.width + 0.06) * narrow, tube, (a.depth + 0.05) * narrow))
    return hit


def _felt(scene, canvas, hit, color, mask, shadow):
    fuzz = 0.96 + 0.04 * grain(hit.x + 0.3 * hit.z, hit.y + 0.7 * hit.z, 120.0)
    color = color[:, None, None] if color.dim() == 1 else color
    paint(canvas, lit(color * (fuzz * shadow), hit.normal, scene.light, 0.4, gloss=0.02, sharpness=8.0), mask)


def _cap(scene: Scene) -> None:
    """A baseball cap: six panels with seams, a button on top, a badge in front, and a curved peak."""
    p, a = scene.p, scene.a
    color = palette.along(palette.HEADWEAR, p.headwear_color)
    second = palette.along(palette.HEADWEAR.roll(2, 0), p.headwear_color)
    view = _tipped(scene.view.box(-1.2, 1.2, -0.05, 1.6), 3.0)
    dome = intersect(view, (0.0, 0.30, -0.02), (a.width + 0.055, a.height - 0.13, a.depth + 0.075))
    lower = BAND - 0.05 - 0.12 * torch.maximum((dome.x / 0.6) ** 2, smoothstep(0.5, -0.5, dome.z)).clamp(max=1)
    on = dome.alpha * cover(dome.y - lower, view.pixel)
    peak = _peak(view, a)
    front = smoothstep(a.depth - 0.30, a.depth - 0.22, peak.z)
    _shadow(scene, peak, torch.maximum(peak.alpha * front, on), 0.20, 0.80)
    canvas = view.window(scene.canvas)

    angle = torch.atan2(dome.x, dome.z)
    around_it = (dome.x**2 + dome.z**2 + 1e-6).sqrt()
    seam = around_it * torch.sin(3 * angle).abs() / 3  # distance to the nearest of six seams
    hem = (dome.y - lower - 0.06).abs()
    line = torch.maximum(bell(seam, 0.010 + 0.4 * view.pixel), bell(hem, 0.010 + 0.4 * view.pixel))
    stitches = bell(seam - 0.035, 0.006 + 0.4 * view.pixel) * (0.5 + 0.5 * torch.sin(95 * dome.y))
    puff = 0.030 * smoothstep(0.0, 0.14, seam)
    normal = tilted(dome.normal, puff, view.pixel)
    weave = 0.97 + 0.03 * torch.sin(210 * (dome.x + dome.z)) * torch.sin(210 * dome.y)
    tone = color[:, None, None] * (weave * (1 - 0.32 * line) + 0.14 * stitches)
    badge = cover(0.150 - torch.sqrt(dome.x**2 + ((dome.y - 0.72) * 1.15) ** 2 + 1e-6), view.pixel) * (dome.z > 0)
    ring = badge * cover(torch.sqrt(dome.x**2 + ((dome.y - 0.72) * 1.15) ** 2 + 1e-6) - 0.118, view.pixel)
    tone = lerp(tone, second[:, None, None], badge)
    tone = lerp(tone, lerp(second, torch.ones(3), 0.5)[:, None, None], ring)
    shadow = 1 - 0.3 * smoothstep(0.10, 0.0, dome.y - lower)
    paint(canvas, lit(tone, normal, scene.light, 0.35, shadow=shadow, gloss=0.03, sharpness=8.0), on)
    button = intersect(view, (0.0, 0.30 + a.height - 0.125, -0.02), (0.055, 0.035, 0.055))
    paint(canvas, lit(color * 0.85, button.normal, scene.light), button.alpha)

    rows = (peak.z - a.depth - 0.05) * 11.0
    stitch = bell(rows - rows.round(), 0.10) * smoothstep(a.depth - 0.2, a.depth, peak.z)
    under = smoothstep(-0.15, 0.25, peak.normal[1])
    contact = smoothstep(a.depth + 0.30, a.depth - 0.05, peak.z)
    tone = second[:, None, None] * ((0.40 + 0.60 * under) * (1 - 0.16 * stitch) * (1 - 0.35 * contact))
    paint(canvas, lit(tone, peak.normal, scene.light, 0.35, gloss=0.05, sharpness=10.0), peak.alpha * front)


def _peak(view, a):
    """A flat disc in front of the forehead, arched over it and sloping down, in its own coordinates, which are tipped further."""
    view = _tipped(view, 22.0)
    x = _across(view, a.depth + 0.12)
    return intersect(view, (0.0, BAND + 0.29 - 0.22 * (x.clamp(-0.62, 0.62) / 0.6) ** 2, a.depth - 0.08), (0.60, 0.035, 0.50))
