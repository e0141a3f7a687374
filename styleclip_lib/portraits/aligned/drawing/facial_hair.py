"""Beards, moustaches and stubble: hair on the face, and the volume of a beard below the chin."""

import torch

from . import palette
from .light import cast_shadow
from .mouth import lip_curves
from .scene import Scene
from .shapes import bell, cover, grain, lerp, paint, smoothstep
from .strands import lit_hair
from .tiles import combed
from .view import Hit, intersect


def draw_facial_hair(scene: Scene) -> None:
    """Draws facial hair; the inside of the mouth is drawn later."""
    kind = scene.p.facial_hair
    if kind == "stubble":
        _stubble(scene)
    elif kind == "beard":
        _beard(scene)
    if kind in ("beard", "moustache"):
        _moustache(scene)


def _color(p):
    """The colour, slightly warmer and darker than on the head. [3]"""
    base = palette.face_hair(p) * 1.3
    return base * (0.5 + 0.5 * base / base.max())


def _below_cheek(scene: Scene, x, y):
    """Distance below a beard's upper edge, which runs from the sideburns over the cheeks to the mouth's corners."""
    a = scene.a
    side = x.abs()
    edge = a.mouth_y + 0.03 + 0.7 * a.act.corners + 0.14 * bell(side - a.mouth_width - 0.08, 0.12)
    return edge + 0.9 * (side - 0.22).clamp(min=0) ** 1.2 + 0.12 * smoothstep(0.44, 0.60, side) - y


def _off_lips(scene: Scene, x, y):
    """Distance from the lips in all directions."""
    side, wide = x.abs(), scene.a.mouth_width
    away = _beside_lips(scene.a, x, y)
    return torch.where(side > wide, torch.maximum(away, side - wide), away) - 0.012


def _stubble(scene: Scene) -> None:
    """A fine dark grain, densest around the mouth and on the chin."""
    head, a = scene.head, scene.a
    x, y = head.x, head.y
    lip = cover(torch.minimum(a.nose_y - 0.13 - y, a.mouth_width + 0.05 - x.abs()), 0.08) * smoothstep(-0.005, 0.02, _beside_lips(a, x, y))
    beard = smoothstep(-0.05, 0.13, torch.minimum(_below_cheek(scene, x, y), _off_lips(scene, x, y)))
    where = torch.maximum(beard, lip) * smoothstep(0.68, 0.58, x.abs())
    dots = 0.68 + 0.32 * grain(x, y + 0.3 * head.z, 110.0) * grain(x + 0.3, y, 73.0)
    amount = (0.62 * where * dots * head.alpha).clamp(0, 1)
    base = palette.face_hair(scene.p)
    skin = palette.skin(scene.p)
    tint = (0.5 * base + 0.10 * skin) / skin
    window = head.view.window(scene.canvas)
    window[:3] *= 1 - amount * (1 - tint.clamp(0.10, 0.65))[:, None, None]


def _beside_lips(a, x, y):
    """Distance from the lips, upwards or downwards."""
    top, _, _, bottom = lip_curves(a, (x / a.mouth_width).clamp(-1, 1))
    return torch.maximum(y - top, bottom - y)


def _beard(scene: Scene) -> None:
    p, a, head = scene.p, scene.a, scene.head
    canvas = head.view.window(scene.canvas)
    long = 0.03 + 0.03 * p.hair_length
    chin = intersect(head.view, (0.0, a.mouth_y - 0.15 - long, 0.24), (0.46 + 0.04 * p.jaw + 0.02 * a.man, 0.37 + long, 0.61))
    in_front = cover(chin.depth - scene.head_depth(head.view) + 0.03, 0.16) * chin.alpha
    x, y = lerp(head.x, chin.x, in_front), lerp(head.y, chin.y, in_front)
    normal = [lerp(h, c, in_front) for h, c in zip(head.normal, chin.normal)]
    hit = Hit(head.view, torch.maximum(head.alpha, chin.alpha), x, y, head.z, tuple(normal), head.depth)
    across = 0.75 * torch.atan2(x, a.mouth_y + 0.45 - y)
    along = ((y - a.mouth_y - 0.45) ** 2 + x * x).sqrt()
    pattern = combed(across, 0.9 * along, head.view.pixel)
    ragged = 0.015 * (pattern[0] - 0.5)
    cheek, lips, front = (lerp(h, c, in_front) for h, c in zip(*_edges(scene, head, chin)))
    lips = lips + 1 - head.alpha  # outside the head, the beard's volume hides no lips
    # Hair thins out towards the cheek; at the lips and at the head's outline it ends abruptly.
    mask = smoothstep(-0.03, 0.10, cheek + ragged) * cover(torch.minimum(lips + ragged, front), head.view.pixel + 0.02) * hit.alpha
    inside = torch.minimum(torch.minimum(cheek, lips), front)
    cast_shadow(canvas, head.view.window(scene.figure), mask, scene.light, head.view.pixel, 0.10, 0.05, 0.35)
    shadow = 0.55 + 0.45 * smoothstep(0.0, 0.14, inside)
    base = _color(p)
    paint(canvas, lit_hair(base, hit, across, pattern, scene.light, shadow, 0.018), mask)


def _edges(scene: Scene, *surfaces):
    """For each surface the distances below the beard's upper edge, from the lips, and from the head's outline."""
    return [(_below_cheek(scene, on.x, on.y), _off_lips(scene, on.x, on.y), on.z - 0.02) for on in surfaces]


def _moustache(scene: Scene) -> None:
    """Two wings that start under the nose."""
    p, a = scene.p, scene.a
    length = a.mouth_width * 0.92 + 0.10
    view = scene.head.view.around((0.0, a.mouth_y + 0.10, 0.85), length + 0.15, 0.30)
    head = scene.head.cut(view)
    x, y, side = head.x, head.y, head.x.abs()
    t = (side / length).clamp(0, 1)
    middle = 0.5 * (a.nose_y - 0.12 + a.mouth_y + 0.05) - 0.11 * t * t - 0.02 * t + 0.55 * a.act.corners * t * t
    thick = (0.058 + 0.008 * p.hair_length) * (1 - t**2.2) ** 0.7 * (1 - 0.35 * bell(x, 0.02))
    across = 0.6 * (y - middle) - 0.30 * side
    pattern = combed(across, 0.8 * side, view.pixel)
    inside = torch.minimum(thick - (y - middle).abs(), length - side) + 0.012 * (pattern[0] - 0.5)
    mask = cover(inside, view.pixel + 0.008) * head.alpha * smoothstep(0.35, 0.5, head.z)
    relief = 0.03 * (1 - ((y - middle) / 0.07) ** 2).clamp(0, 1)
    shadow = 0.70 + 0.30 * smoothstep(-0.06, 0.04, y - middle)
    cast_shadow(view.window(scene.canvas), head.alpha, mask, scene.light, view.pixel, 0.04, 0.02, 0.6)
    pattern = torch.stack([(pattern[0] * 0.75 + 8 * relief).clamp(0, 1), pattern[1]])
    paint(view.window(scene.canvas), lit_hair(_color(p), head, across, pattern, scene.light, shadow, 0.02), mask)
