"""The skin of the face: colour, relief and gloss are painted onto the head's surface, then shaded together."""

import math
from dataclasses import dataclass

import torch

from . import palette
from .eyes import brow_curve, lid_curves
from .light import KEY, around, crevices, gleam, rim
from .mouth import lip_curves, mouth_view
from .scene import Scene
from .shapes import bell, blur, cover, lerp, paint, shifted, smoothstep
from .view import Hit, View

GLOSS = 0.075


@dataclass
class Skin:
    """The properties of the skin before it is shaded, maps [h, w] of a window. Writing to the maps of a smaller window writes to these.

    head    the surface
    color   [3, h, w] linear RGB
    relief  height over the head's surface, in head units towards the camera
    gloss   strength of the highlights
    open    share of the light that arrives
    """

    head: Hit
    color: torch.Tensor
    relief: torch.Tensor
    gloss: torch.Tensor
    open: torch.Tensor

    def within(self, view: View) -> "Skin":
        """The part in a smaller window."""
        here = self.head.view.place_of(view)
        return Skin(self.head.cut(view), self.color[(slice(None), *here)], self.relief[here], self.gloss[here], self.open[here])


def draw_head(scene: Scene) -> None:
    """Draws the head without hair: face, eyelids, lips, brows."""
    head, a = scene.head, scene.a
    tone = palette.skin(scene.p)[:, None, None]
    bare = torch.zeros_like(head.x)
    skin = Skin(head, tone.expand(3, *head.x.shape).clone(), relief=bare, gloss=bare + GLOSS, open=bare + 1)
    face = skin.within(skin.head.view.around((0.0, -0.25, 0.6), 0.80, 0.85))
    _blush(scene, face)
    _freckles(scene, face)
    _age_spots(scene, face)
    _folds(scene, face)
    _wrinkles(scene, skin)
    for side in (-1, 1):
        around_eye = skin.within(skin.head.view.around((side * a.eye_x, a.eye_y + 0.02, scene.eye_z), 0.36, 0.30))
        _lids(scene, around_eye, side)
        _brow(scene, skin, side)
    _nostrils(scene, skin.within(skin.head.view.around((0.0, a.nose_y, 0.95), 0.30, 0.24)))
    _lips(scene, skin.within(mouth_view(scene)))
    paint(head.view.window(scene.canvas), _lit(scene, skin), head.alpha)


def _lit(scene: Scene, skin: Skin) -> torch.Tensor:
    """Shades the skin. Red light scatters deepest and reappears beyond the edge of a shadow, so that edge is warm."""
    head, light = scene.head, scene.light
    normal, pixel = bent(head, skin.relief), head.view.pixel
    towards = normal[0] * light.x + normal[1] * light.y + normal[2] * light.z
    surface = torch.where(head.alpha > 0.5, head.depth, -0.3)
    arriving = skin.open.clamp(min=0.06)
    shadow = (1 - 0.72 * _self_shadow(surface, light, pixel)) * arriving
    hollow = crevices(surface, head.alpha, 0.12, pixel, 0.16)
    from_all_sides = around(normal) * (1 - 0.55 * hollow) * arriving + rim(normal, light)
    lit = torch.empty_like(skin.color)
    for i, wrap in enumerate((0.50, 0.27, 0.20)):
        key = ((towards + wrap) * (KEY / (1 + wrap))).clamp_(0, KEY)
        lit[i] = skin.color[i] * (key * (shadow if i else shadow.sqrt()) + from_all_sides)
    shine = gleam(normal, light, 14.0) + 0.30 * gleam(normal, light, 60.0)
    return lit + skin.gloss * shadow * shine


def bent(head: Hit, relief: torch.Tensor):
    """The normals of the surface with a relief (in head units towards the camera) on it."""
    slope_x, slope_y = torch.zeros_like(relief), torch.zeros_like(relief)
    slope_x[:, 1:-1] = (relief[:, 2:] - relief[:, :-2]) / (2 * head.view.pixel)
    slope_y[1:-1] = (relief[:-2] - relief[2:]) / (2 * head.view.pixel)
    nx, ny, nz = head.normal
    x, y = nx - nz * slope_x, ny - nz * slope_y
    length = (x * x + y * y + nz * nz).sqrt_()
    return x / length, y / length, nz / length


def _self_shadow(depth, light, pixel):
    """Soft shadows that the face casts on itself, by following the depth map towards the key light."""
    hidden = torch.zeros_like(depth)
    for way in (0.05, 0.09, 0.14, 0.20, 0.28):
        there = shifted(depth, round(way * light.y / pixel), -round(way * light.x / pixel))
        hidden = torch.maximum(hidden, (there - depth - way * light.z) / (0.25 * way + 0.02))
    return blur(hidden.clamp_(0, 1), 0.018 / pixel)


def _blush(scene, skin):
    """Redder cheeks, nose and chin, a yellower forehead; slight gloss where the skin is tight."""
    a, p, x, y = scene.a, scene.p, skin.head.x.abs(), skin.head.y
    cheeks = bell(x - 0.37, 0.17) * bell(y - a.eye_y + 0.27, 0.15) * (0.50 + 0.5 * a.act.cheek + 0.5 * a.child - 0.3 * a.old)
    red = cheeks + 0.55 * bell(x, 0.11) * bell(y - a.nose_y, 0.10) + 0.25 * bell(x, 0.16) * bell(y + 0.90, 0.10)
    if p.makeup == "makeup":
        red += 0.40 * bell(x - 0.42, 0.15) * bell(y - a.eye_y + 0.24, 0.12)
    red *= lerp(1.0, 0.65, p.skin_tone)
    skin.color *= 1 + red * torch.tensor([0.02, -0.30, -0.24])[:, None, None]
    skin.gloss += 0.09 * bell(x, 0.05) * bell(y - a.nose_y - 0.015, 0.06)


def _freckles(scene, skin):
    amount = max(scene.p.freckles - 0.75, 0.0) * 4
    if amount == 0:
        return
    x, y = skin.head.x, skin.head.y
    where = bell(y - scene.a.eye_y + 0.20, 0.14) * smoothstep(0.62, 0.40, x.abs())
    dots = _dots(x, y, 0.045, 0.16, skin.head.view.pixel)
    skin.color *= 1 - amount * (where * dots) * torch.tensor([0.38, 0.58, 0.66])[:, None, None]


def _age_spots(scene, skin):
    """A few pale brown spots on the temples and cheeks of old people."""
    a, x, y = scene.a, skin.head.x, skin.head.y
    if a.old == 0:
        return
    where = smoothstep(0.28, 0.42, x.abs()) * smoothstep(-0.75, -0.55, y) * smoothstep(0.45, 0.30, y)
    dots = _dots(x, y, 0.20, 0.075, skin.head.view.pixel)
    skin.color *= 1 - a.old * (where * dots) * torch.tensor([0.19, 0.29, 0.32])[:, None, None]


def _dots(x, y, spacing, size, pixel):
    """Spots of different sizes, scattered around the points of a slanted grid. [h, w] in [0, 1]"""
    u, v = (0.92 * x + 0.39 * y) / spacing, (0.92 * y - 0.39 * x) / spacing
    row, column = u.floor(), v.floor()
    wander_u, wander_v = torch.sin(12.99 * row + 78.2 * column), torch.sin(39.3 * row + 11.1 * column)
    size = size + 0.10 * torch.sin(57.7 * row + 23.4 * column)
    away = ((u - row - 0.5 - 0.25 * wander_u) ** 2 + (v - column - 0.5 - 0.25 * wander_v) ** 2).sqrt()
    return cover((size - away) * spacing, pixel + 0.006)


def _folds(scene, skin):
    """The folds from the nose to the corners of the mouth, from smiling, snarling and age."""
    a, x, y = scene.a, skin.head.x.abs(), skin.head.y
    depth = (0.10 + 0.55 * a.act.cheek + 0.45 * a.act.flare) * (1 - 0.6 * a.child) + 1.20 * a.old * (1 - 0.4 * a.act.cheek)
    down = ((a.nose_y - y) / (a.nose_y - a.mouth_y)).clamp(-0.3, 1.4)
    line = a.nose_width * 1.02 + (a.mouth_width * 1.16 + 0.02 - a.nose_width) * down.clamp(min=0) ** 1.15
    along = smoothstep(-0.25, 0.25, down) * smoothstep(1.35, 0.70, down)
    beyond = x - line
    skin.relief += depth * along * (0.016 * smoothstep(-0.015, 0.06, beyond) * smoothstep(0.24, 0.06, beyond))
    skin.open -= 0.18 * depth * along * bell(beyond + 0.004, 0.020)
    _carve(skin, 1.3 * a.old * along * _crease(beyond, 0.024, skin.head.view.pixel))


def _crease(away, width, pixel):
    """A groove of depth 1 and the ridge beside it, where `away` is positive; wider and shallower where pixels are coarse.

    width and pixel in head units
    """
    wide = math.hypot(width, 0.6 * pixel)
    return (bell(away, wide) - 0.65 * bell(away - 2.1 * wide, 1.1 * wide)) * (width / wide)


def _wrinkles(scene, skin):
    """Furrows of forehead and brows, crow's feet, and the lines down from the corners of an old mouth."""
    a, act, pixel = scene.a, scene.a.act, skin.head.view.pixel
    forehead = 1.7 * a.old + 0.55 * act.forehead * (1 - a.child) * (1 - 0.7 * a.old)
    frown = (act.frown + 0.7 * a.old * (1 - act.frown)) * (1 - 0.7 * a.child)
    if forehead + frown > 0:
        part = skin.within(skin.head.view.box(-1.0, 1.0, *_heights(scene, a.brow_y - 0.10, a.brow_y + 0.40)))
        x, y = part.head.x, part.head.y
        wave = a.brow_y - 0.03 * torch.cos(5 * x)
        lines = sum(_crease(wave + h - y, 0.017, pixel) for h in (0.15, 0.225, 0.30))
        between = _crease(x.abs() - 0.048, 0.015, pixel) * bell(y - a.brow_y + 0.01, 0.08)
        _carve(part, forehead * lines * smoothstep(0.44, 0.26, x.abs()) + frown * between)
    feet = 1.8 * a.old + 0.20 * act.cheek * (1 - a.child) * (1 - a.old)
    if feet > 0:
        part = skin.within(skin.head.view.box(-1.0, 1.0, *_heights(scene, -0.98, a.eye_y + 0.15)))
        x, y = part.head.x.abs(), part.head.y
        out = x - a.eye_x - a.eye_width
        lines = sum(_crease(a.eye_y - 0.01 + k * (out + 0.10) - y, 0.015, pixel) for k in (-0.55, 0.0, 0.55))
        _carve(part, feet * lines * smoothstep(0.0, 0.05, out) * smoothstep(0.20, 0.10, out))
        down = a.mouth_y + 0.6 * act.corners - y
        beside = _crease(x - a.mouth_width - 0.025 - 0.22 * down, 0.020, pixel)
        _carve(part, 1.5 * a.old * beside * smoothstep(-0.01, 0.03, down) * smoothstep(0.26, 0.06, down))


def _heights(scene, low, high):
    """The range of heights in the picture where the front of the head lies between two of its own heights."""
    return scene.view.seen((0.0, low, 0.75))[1] - 0.06, scene.view.seen((0.0, high, 0.75))[1] + 0.06


def _carve(skin, groove):
    """Darkens grooves, and makes ridges (negative) lighter and shinier, so that they are visible on every skin."""
    skin.open -= 0.26 * groove
    skin.relief -= 0.006 * groove
    skin.gloss += 0.10 * (-groove).clamp(min=0)


def _lids(scene, skin, side):
    a, p, head = scene.a, scene.p, skin.head
    x, y = side * head.x - a.eye_x, head.y - a.eye_y
    t = (x / a.eye_width).clamp(-1, 1)
    upper, lower = lid_curves(a, t)
    width = smoothstep(1.22, 0.80, (x / a.eye_width).abs())
    fold = 0.038 + 0.010 * (1 - a.man) - (0.020 + 0.014 * t) * a.old
    arch = upper * 0.92 if p.eyes == "open" else 0.055 * (1 - t * t).sqrt()
    crease = y - (arch + fold)
    skin.relief += width * ((0.016 + 0.014 * a.old) * smoothstep(-0.012, 0.018, crease) * smoothstep(0.14, 0.03, crease))
    skin.open -= 0.36 * width * bell(crease, 0.010)
    on_lid = smoothstep(-0.01, 0.01, y - upper) * width
    skin.color *= 1 - 0.16 * smoothstep(0.012, -0.012, crease) * on_lid * torch.tensor([0.3, 1.0, 0.9])[:, None, None]
    if p.makeup == "makeup":
        paint(skin.color, palette.along(palette.EYESHADOW, p.makeup_color), 0.62 * smoothstep(0.075, -0.01, crease) * on_lid)
    under = lower - 0.05 - 0.03 * a.old - y
    bag = (0.3 + 0.45 * a.act.lower_lid * (1 - a.old) + 1.5 * a.old) * (1 - 0.8 * a.child)
    _carve(skin, bag * width * bell(t, 0.9) * _crease(under, 0.018, skin.head.view.pixel))
    skin.relief += (0.003 + 0.014 * a.old) * bell(y - lower + 0.035, 0.028) * width
    skin.color *= 1 - (0.06 + 0.16 * a.old) * bell(y - lower + 0.04, 0.04) * width * torch.tensor([0.6, 1.0, 0.7])[:, None, None]


def _brow(scene, skin, side):
    a, p = scene.a, scene.p
    middle = (side * (a.brow_start + a.brow_length / 2), a.brow_y, 0.72)
    skin = skin.within(skin.head.view.around(middle, a.brow_length / 2 + 0.10, 0.24))
    x = side * skin.head.x - a.brow_start
    t = x / a.brow_length
    offset = skin.head.y - brow_curve(a, t.clamp(0, 1))
    thickness = a.brow_thickness * (1.05 - 0.72 * t.clamp(0, 1) ** 1.5) * smoothstep(-0.10, 0.12, t)
    # hairs lean outwards, those at the inner end stand up
    lean = x - offset * (1.1 - 1.5 * t.clamp(0, 1))
    comb = 0.6 * torch.sin(95 * lean) + 0.4 * torch.sin(151 * lean + 1.7)
    shape = torch.minimum(thickness - offset.abs() + 0.0035 * comb, torch.minimum(t + 0.03, 1.03 - t) * a.brow_length)
    alpha = cover(shape, skin.head.view.pixel + 0.010) * (0.95 + 0.05 * comb)
    paint(skin.color, palette.brow(p), alpha.clamp_(0, 1) * 0.90)
    paint(skin.color, palette.HAIR["white"], alpha * (a.old * (0.24 + 0.20 * comb)))
    skin.gloss *= 1 - 0.8 * alpha
    skin.relief += 0.004 * alpha


def _nostrils(scene, skin):
    a, x, y = scene.a, skin.head.x, skin.head.y
    for side in (-1, 1):
        u, v = side * x - (a.nose_width - 0.040) * 0.56, y - (a.nose_y - 0.072)
        skin.open -= 0.88 * bell(torch.sqrt((u / 1.3) ** 2 + ((v - 0.30 * u) * 1.5) ** 2 + 1e-9), 0.028)
    skin.open -= 0.30 * bell(x.abs() - a.nose_width * 1.06, 0.016) * bell(y - a.nose_y + 0.035, 0.05)


def _lips(scene, skin):
    a, p, x, y = scene.a, scene.p, skin.head.x, skin.head.y
    pixel = skin.head.view.pixel
    t = (x / a.mouth_width).clamp(-1, 1)
    upper, top, bottom, lower = lip_curves(a, t)
    ends = a.mouth_width - x.abs()
    shape = cover(torch.minimum(torch.minimum(upper - y, y - lower), ends + 0.01), pixel + 0.010) * smoothstep(0.4, 0.6, skin.head.z)
    paint(skin.color, palette.lips(p, a.man), shape * 0.92)
    upper_part = ((y - top) / (upper - top).clamp(min=0.004)).clamp(0, 1)
    lower_part = ((bottom - y) / (bottom - lower).clamp(min=0.004)).clamp(0, 1)
    round_upper, round_lower = 4 * upper_part * (1 - upper_part), 4 * lower_part * (1 - lower_part)
    skin.relief += (0.020 * round_upper**0.7 * (y > top) + 0.030 * round_lower**0.7 * (y < bottom)) * shape * (1 - t**4)
    skin.gloss += shape * (0.10 + 0.14 * (p.makeup == "makeup")) * (y < bottom)
    seam = bell(y - (top + bottom) / 2, 0.009 + 0.2 * pixel) * smoothstep(-0.02, 0.02, ends) * max(0.0, 1 - a.act.opening / 0.03)
    corner = bell((x.abs() - a.mouth_width) / 0.030, 1.0) * bell((y - (a.mouth_y + 0.60 * a.act.corners)) / 0.022, 1.0)
    skin.open -= (0.72 * seam + 0.42 * corner).clamp_(0, 0.9)
