"""The skin of the face: colour, relief and gloss are painted onto the head's surface, then lit together."""

from dataclasses import dataclass

import torch

from . import palette
from .eyes import brow_curve, lid_curves
from .light import KEY, around, crevices, gleam, rim
from .mouth import lip_curves
from .scene import Scene
from .shapes import bell, blur, cover, lerp, paint, shifted, smoothstep
from .view import Hit


@dataclass
class Skin:
    """What the light will fall on, maps of the head's window.

    color [3, h, w] linear RGB; relief [h, w] height over the head's surface in head units; gloss [h, w]; open [h, w] share of the
    light that arrives
    """

    color: torch.Tensor
    relief: torch.Tensor
    gloss: torch.Tensor
    open: torch.Tensor


def draw_head(scene: Scene) -> None:
    """The head without hair: face, lids, lips, brows."""
    head, a = scene.head, scene.a
    tone = palette.skin(scene.p)[:, None, None]
    skin = Skin(tone.expand(3, *head.x.shape).clone(), torch.zeros_like(head.x), torch.full_like(head.x, 0.14), torch.ones_like(head.x))
    _blush(scene, skin)
    _freckles(scene, skin)
    _folds(scene, skin)
    for side in (-1, 1):
        _lids(scene, skin, side)
        _brow(scene, skin, side)
    _nostrils(scene, skin)
    if a.old > 0 or a.act.frown > 0 or a.act.forehead > 0:
        _wrinkles(scene, skin)
    _lips(scene, skin)
    color = _lit(scene, skin)
    paint(head.view.window(scene.canvas), color, head.alpha)


def _lit(scene: Scene, skin: Skin) -> torch.Tensor:
    """Light on skin: red light goes deepest and comes out beyond the shadow's edge, so that edge is warm."""
    head, light = scene.head, scene.light
    normal = bent(head, skin.relief)
    towards = normal[0] * light.x + normal[1] * light.y + normal[2] * light.z
    pixel = head.view.pixel
    surface = torch.where(head.alpha > 0.5, head.depth, -0.3)
    shadow = 1 - 0.72 * _self_shadow(surface, light, pixel)
    hollow = crevices(surface, head.alpha, 0.10, pixel, 0.16)
    around_it = around(normal) * (1 - 0.55 * hollow) * skin.open
    shadow = shadow * skin.open
    back = rim(normal, light)
    channels = []
    for i, wrap in enumerate((0.42, 0.26, 0.22)):
        key = ((towards + wrap) / (1 + wrap)).clamp(0, 1)
        channels.append(skin.color[i] * (KEY * key * (shadow if i else shadow.sqrt()) + around_it + back))
    shine = gleam(normal, light, 18.0) + 0.5 * gleam(normal, light, 60.0)
    return torch.stack(channels) + skin.gloss * shadow * shine


def bent(head: Hit, relief: torch.Tensor):
    """The surface's normals when a relief (head units, towards the camera) lies on it."""
    slope_x, slope_y = torch.zeros_like(relief), torch.zeros_like(relief)
    slope_x[:, 1:-1] = (relief[:, 2:] - relief[:, :-2]) / (2 * head.view.pixel)
    slope_y[1:-1] = (relief[:-2] - relief[2:]) / (2 * head.view.pixel)
    nx, ny, nz = head.normal
    x, y = nx - nz * slope_x, ny - nz * slope_y
    length = (x * x + y * y + nz * nz).sqrt_()
    return x / length, y / length, nz / length


def _self_shadow(depth, light, pixel):
    """What the face's own form hides from the key light, softly: the depth map is followed towards the light."""
    hidden = torch.zeros_like(depth)
    for way in (0.05, 0.09, 0.14, 0.20, 0.28):
        there = shifted(depth, round(way * light.y / pixel), -round(way * light.x / pixel))
        hidden = torch.maximum(hidden, (there - depth - way * light.z) / (0.25 * way + 0.02))
    return blur(hidden.clamp_(0, 1), 0.016 / pixel)


def _blush(scene, skin):
    a, head, p = scene.a, scene.head, scene.p
    x, y = head.x.abs(), head.y
    cheeks = bell(x - 0.37, 0.17) * bell(y - a.eye_y + 0.27, 0.15) * (0.55 + 0.5 * a.act.cheek + 0.4 * a.child)
    nose = 0.55 * bell(x, 0.11) * bell(y - a.nose_y, 0.10)
    chin = 0.25 * bell(x, 0.16) * bell(y + 0.90, 0.10)
    makeup = 0.4 * (p.makeup == "makeup") * bell(x - 0.42, 0.15) * bell(y - a.eye_y + 0.24, 0.12)
    red = (cheeks + nose + chin + makeup) * lerp(1.0, 0.7, p.skin_tone)
    skin.color *= 1 + red * torch.tensor([0.02, -0.30, -0.24])[:, None, None]
    forehead = bell(x, 0.4) * smoothstep(0.2, 0.5, y)
    skin.color *= 1 + forehead * torch.tensor([0.0, 0.01, -0.06])[:, None, None]
    skin.gloss += 0.05 * (bell(x, 0.3) * bell(y - 0.45, 0.2) + bell(x, 0.06) * bell(y - a.nose_y - 0.02, 0.10))


def _freckles(scene, skin):
    amount = max(scene.p.freckles - 0.75, 0.0) * 4
    if amount == 0:
        return
    head, a = scene.head, scene.a
    where = bell(head.y - a.eye_y + 0.20, 0.14) * smoothstep(0.62, 0.40, head.x.abs())
    dots = _dots(head.x, head.y, 0.045, head.view.pixel)
    skin.color *= 1 - amount * (where * dots) * torch.tensor([0.35, 0.52, 0.60])[:, None, None]


def _dots(x, y, spacing, pixel):
    """Spots of different sizes, scattered around the points of a grid of slanted rows. [h, w] in [0, 1]"""
    u, v = (0.92 * x + 0.39 * y) / spacing, (0.92 * y - 0.39 * x) / spacing
    row, column = u.floor(), v.floor()
    wander_u, wander_v = torch.sin(12.99 * row + 78.2 * column), torch.sin(39.3 * row + 11.1 * column)
    size = 0.16 + 0.10 * torch.sin(57.7 * row + 23.4 * column)
    away = ((u - row - 0.5 - 0.25 * wander_u) ** 2 + (v - column - 0.5 - 0.25 * wander_v) ** 2).sqrt()
    return cover((size - away) * spacing, pixel + 0.006)


def _folds(scene, skin):
    """From the nose to the corners of the mouth: a smile, and age."""
    a, head = scene.a, scene.head
    depth = 0.10 + 0.75 * a.act.cheek + 0.55 * a.old + 0.35 * a.act.flare
    x, y = head.x.abs(), head.y
    down = ((a.nose_y - y) / (a.nose_y - a.mouth_y)).clamp(0, 1.6)
    line = a.nose_width * 1.02 + (a.mouth_width * 1.22 + 0.015 - a.nose_width) * down**1.2
    along = smoothstep(-0.15, 0.3, (a.nose_y - y) / 0.25) * smoothstep(1.35, 0.85, down)
    skin.relief += depth * along * (0.016 * smoothstep(-0.01, 0.05, x - line) * smoothstep(0.22, 0.05, x - line))
    skin.open -= 0.20 * depth * along * bell(x - line + 0.004, 0.018)


def _lids(scene, skin, side):
    a, p, head = scene.a, scene.p, scene.head
    x, y = side * head.x - a.eye_x, head.y - a.eye_y
    t = (x / a.eye_width).clamp(-1, 1)
    upper, lower = lid_curves(a, t)
    width = smoothstep(1.25, 0.85, (x / a.eye_width).abs())
    fold = (0.036 + 0.012 * (1 - a.man) - 0.012 * a.old) if p.eyes == "open" else 0.085
    crease = y - (upper * 0.92 + fold)
    skin.relief += width * (0.016 * smoothstep(-0.012, 0.018, crease) * smoothstep(0.14, 0.03, crease))
    skin.open -= 0.34 * width * bell(crease, 0.010)
    lid = smoothstep(0.012, -0.012, crease) * smoothstep(-0.01, 0.01, y - upper) * width
    if p.makeup == "makeup":
        shadow = palette.along(palette.EYESHADOW, p.makeup_color)
        veil = smoothstep(0.075, -0.01, crease) * smoothstep(-0.01, 0.01, y - upper) * width
        paint(skin.color, shadow, 0.62 * veil)
    skin.color *= 1 - 0.12 * lid * torch.tensor([0.3, 1.0, 0.9])[:, None, None]
    below = y - (lower - 0.05 - 0.02 * a.old)
    skin.open -= (0.10 + 0.22 * a.old + 0.12 * a.act.lower_lid) * bell(below, 0.016) * width * bell(t, 0.9)
    skin.color *= 1 - (0.07 + 0.08 * a.old) * bell(y - lower + 0.04, 0.04) * width * torch.tensor([0.6, 1.0, 0.7])[:, None, None]


def _brow(scene, skin, side):
    a, p, head = scene.a, scene.p, scene.head
    x = side * head.x - a.brow_start
    t = x / a.brow_length
    offset = head.y - brow_curve(a, t.clamp(0, 1))
    thickness = a.brow_thickness * (1.05 - 0.72 * t.clamp(0, 1) ** 1.5) * smoothstep(-0.10, 0.12, t)
    # hairs lean outwards, those at the inner end stand up
    lean = x - offset * (1.1 - 1.5 * t.clamp(0, 1))
    comb = 0.6 * torch.sin(150 * lean) + 0.4 * torch.sin(237 * lean + 1.7)
    shape = torch.minimum(thickness - offset.abs() + 0.0045 * comb, torch.minimum(t + 0.03, 1.03 - t) * a.brow_length)
    alpha = cover(shape, head.view.pixel + 0.010) * (0.90 + 0.10 * comb)
    color = palette.face_hair(p)
    color = color * (0.85 - 0.35 * (1 - p.skin_tone) * (color.mean() > 0.3))
    paint(skin.color, color, alpha.clamp(0, 1) * 0.94)
    skin.gloss *= 1 - 0.8 * alpha
    skin.relief += 0.004 * alpha


def _nostrils(scene, skin):
    a, head = scene.a, scene.head
    for side in (-1, 1):
        x, y = side * head.x - (a.nose_width - 0.040) * 0.56, head.y - (a.nose_y - 0.072)
        hole = bell(torch.sqrt((x / 1.25) ** 2 + ((y - 0.30 * x) * 1.6) ** 2 + 1e-9), 0.027)
        skin.open -= 0.85 * hole
    beside = head.x.abs() - a.nose_width * 1.06
    skin.open -= 0.30 * bell(beside, 0.016) * bell(head.y - a.nose_y + 0.035, 0.05)
    ridge = bell(head.x, 0.05) * smoothstep(a.nose_y + 0.05, a.nose_y + 0.12, head.y) * smoothstep(0.30, 0.10, head.y)
    skin.gloss *= 1 - 0.6 * ridge


def _wrinkles(scene, skin):
    """Forehead and brow furrows as soft grooves."""
    a, head = scene.a, scene.head
    x, y = head.x, head.y
    lines = sum(bell(y - (a.brow_y + h - 0.03 * torch.cos(5 * x)), 0.014) for h in (0.15, 0.22, 0.29))
    amount = min(0.55 * a.old + 0.55 * a.act.forehead, 0.9)
    groove = amount * lines * smoothstep(0.42, 0.22, x.abs())
    groove = groove + a.act.frown * bell(x.abs() - 0.05, 0.013) * bell(y - a.brow_y + 0.01, 0.07)
    feet = sum(bell(y - a.eye_y - k * (x.abs() - a.eye_x - 0.06), 0.010) for k in (-0.55, 0.0, 0.55))
    groove = groove + (0.6 * a.old + 0.15 * a.act.cheek) * feet * bell(x.abs() - a.eye_x - a.eye_width - 0.09, 0.05)
    skin.open -= 0.22 * groove
    skin.relief -= 0.006 * groove


def _lips(scene, skin):
    a, p, head = scene.a, scene.p, scene.head
    x, y = head.x, head.y
    t = (x / a.mouth_width).clamp(-1, 1)
    upper, top, bottom, lower = lip_curves(a, t)
    ends = (1 - (x / a.mouth_width).abs()) * a.mouth_width
    tone = palette.skin(p)
    natural = tone * lerp(torch.tensor([0.80, 0.42, 0.42]), torch.tensor([0.82, 0.60, 0.57]), 0.75 * a.man)
    color = natural
    if p.makeup == "makeup":
        color = lerp(natural, palette.along(palette.LIPSTICK, p.makeup_color), 0.85)
    edge = head.view.pixel + 0.010
    shape = cover(torch.minimum(torch.minimum(upper - y, y - lower), ends + 0.01), edge) * smoothstep(0.4, 0.6, head.z)
    paint(skin.color, color, shape * 0.92)
    upper_part = ((y - top) / (upper - top).clamp(min=0.004)).clamp(0, 1)
    lower_part = ((bottom - y) / (bottom - lower).clamp(min=0.004)).clamp(0, 1)
    round_upper, round_lower = (4 * upper_part * (1 - upper_part)), (4 * lower_part * (1 - lower_part))
    profile = (0.020 * round_upper**0.7 * (y > top) + 0.030 * round_lower**0.7 * (y < bottom)) * shape
    skin.relief += profile * (1 - t**4)
    skin.gloss += shape * (0.10 + 0.14 * (p.makeup == "makeup")) * (y < bottom)
    middle = (top + bottom) / 2
    closed = float(a.act.opening < 0.03)
    seam = bell(y - middle, 0.009 + 0.2 * head.view.pixel) * smoothstep(-0.02, 0.02, ends) * closed
    corner = bell((x.abs() - a.mouth_width) / 0.030, 1.0) * bell((y - (a.mouth_y + 0.60 * a.act.corners)) / 0.022, 1.0)
    skin.open -= (0.70 * seam + 0.40 * corner).clamp(0, 0.9)
    skin.open.clamp_(min=0.08)
