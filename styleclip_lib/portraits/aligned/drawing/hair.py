"""Hair on the head: a shell around the skull with an opening for the face.

The shell is an ellipsoid; hanging hair continues it as a tube. Strands are lines of equal `across`, a coordinate that each style defines
on the shell, and `tiles` gives them their texture. What lies behind head and neck is painted first (`draw_hair_behind`), what lies over
forehead and sides last.
"""

from dataclasses import dataclass

import torch

from . import palette
from .light import cast_shadow
from .scene import Scene
from .shapes import bell, cover, grain, lerp, paint, ramp, smoothstep
from .strands import lit_hair
from .tiles import combed, curled
from .view import Hit, View, intersect


@dataclass(frozen=True)
class Form:
    """How far the shell of a hair style stands off the skull, in head units, multiplied by the volume.

    wide, tall, deep  at the sides, on top, at the back
    low               height in camera coordinates below which there is no hair, however the head is turned
    hangs             height below which the shell is a tube (none: it is closed)
    ends              height at which the hair ends, for hair_length -1 and 1
    """

    wide: float
    tall: float
    deep: float
    low: float
    hangs: float | None = None
    ends: tuple[float, float] = (0.0, 0.0)


OVER_EARS = ("bald", "short", "mohawk")
"""Styles that leave the ears bare."""

FORMS = {
    "short": Form(0.045, 0.140, 0.08, -0.9),
    "long": Form(0.105, 0.125, 0.10, -2.2, 0.05, (-1.10, -1.60)),
    "bob": Form(0.125, 0.130, 0.12, -1.5, 0.05, (-0.66, -1.02)),
    "curly": Form(0.26, 0.24, 0.16, -1.4),
}


def draw_hair_behind(scene: Scene) -> None:
    """Draws the hair behind head and neck: the inside of the shell, in its own shadow."""
    p = scene.p
    if p.hair_style not in ("long", "bob", "curly"):
        return
    shell = _shell(scene)
    view = shell.view
    if p.hair_style == "curly":
        pattern = _curls(scene, shell, view.pixel)
        across, mask = pattern[2], shell.alpha
    else:
        across = 1.2 * shell.x + 0.1 * shell.z
        pattern = combed(across, 0.35 * shell.y, view.pixel)
        mask = shell.alpha * _ends(scene, shell, pattern)
    mask = mask * _below_headwear(scene, shell)
    color = _color(scene, shell, across, pattern) * 0.42
    deep = smoothstep(-1.1, -0.2, shell.y) if p.hair_style != "curly" else 1.0
    paint(view.window(scene.canvas), color * (1 - 0.35 * deep), mask)


def draw_hair(scene: Scene) -> None:
    """Draws the hair over forehead, temples and sides, and its shadow on the face."""
    {"bald": _bald, "short": _short, "long": _hanging, "bob": _hanging, "curly": _curly, "mohawk": _mohawk}[scene.p.hair_style](scene)


def _shell(scene: Scene) -> Hit:
    """The outer surface of the hair, computed once for the hair behind the head and in front of it."""
    if scene.shell is None:
        scene.shell = _found_shell(scene, scene.view.box(-1.35, 1.35, FORMS[scene.p.hair_style].low, 1.55))
    return scene.shell


def _found_shell(scene: Scene, view: View) -> Hit:
    """An ellipsoid, continued below `hangs` by a tube whose width follows `_profile`."""
    p, a, form = scene.p, scene.a, FORMS[scene.p.hair_style]
    volume = 1 + 0.35 * p.hair_volume
    length = 1 + (0.5 * p.hair_length if p.hair_style == "short" else 0.0)
    wide, tall, deep = form.wide * volume * length, form.tall * volume * length, form.deep * volume
    if p.hair_style == "curly":
        return _cloud(scene, view)
    radii = (a.width + wide, a.height + tall, a.depth + deep)
    if form.hangs is None:
        return intersect(view, (0.0, 0.02, -0.03), radii)
    if p.headwear != "none":  # a hat presses it to the head
        radii = (a.width + 0.4 * wide, radii[1], a.depth + 0.4 * deep)
    hit = intersect(view, (0.0, form.hangs, -0.03), (radii[0], radii[1] - form.hangs, radii[2]))
    for _ in range(2):
        below = (form.hangs - hit.y).clamp(min=0)
        wider = _profile(scene, hit, below)
        tube = torch.where(hit.y < form.hangs, 1e3, a.height + tall - form.hangs)
        hit = intersect(view, (0.0, form.hangs, -0.03), (radii[0] * wider, tube, radii[2] * wider))
    return hit


def _profile(scene, hit, below):
    """The width of hanging hair as a factor that depends on the distance below `hangs`. below [h, w]"""
    p = scene.p
    if p.hair_style == "bob":
        ends = -lerp(*FORMS["bob"].ends, 0.5 + 0.5 * p.hair_length) + FORMS["bob"].hangs
        return 1 + 0.09 * smoothstep(0.0, 0.75 * ends, below) - 0.06 * smoothstep(0.75 * ends, 1.05 * ends, below)
    waves = 0.045 * max(p.hair_waves, 0.0) * torch.sin(7.5 * hit.y + 1.5) * below.clamp(max=0.6)
    return 1 + 0.07 * smoothstep(0.0, 0.7, below) - 0.03 * smoothstep(0.7, 1.3, below) + waves


def _ends(scene, hit, pattern):
    """The ends of hanging hair, which are pointed. [h, w] coverage"""
    form, p = FORMS[scene.p.hair_style], scene.p
    ends = lerp(*form.ends, 0.5 + 0.5 * p.hair_length)
    ragged = 0.10 if p.hair_style == "long" else 0.035
    return cover(hit.y - ends + ragged * (pattern[0] - 0.4), hit.view.pixel)


def _below_headwear(scene, hit):
    """The hair below the edge of headwear, which hides the rest. [h, w] coverage, or 1"""
    if scene.p.headwear == "none":
        return 1.0
    beside = hit.x.abs() - scene.a.width
    edge = 0.46 - 0.11 * smoothstep(-0.20, 0.05, beside) if scene.p.headwear == "cap" else 0.52
    edge = edge - 4.0 * beside.clamp(min=0) ** 2
    return cover(edge - hit.y, 0.02)


# -- styles ------------------------------------------------------------------------------------------------------------------------


def _hanging(scene: Scene) -> None:
    """Long hair and the bob: from the parting over the temples down to the shoulders or the chin."""
    p, a = scene.p, scene.a
    shell = _shell(scene)
    view = shell.view
    part = shell.x - 0.26 * p.parting
    waves = 0.07 * max(p.hair_waves, 0.0) * torch.sin(8.5 * shell.y + 2.0 * shell.z) * smoothstep(0.5, -0.3, shell.y)
    across = 1.15 * shell.z + 0.18 * shell.y.clamp(min=0) ** 2 + waves + 0.31 * (part > 0)
    pattern = combed(across, 0.35 * (shell.y.abs() + part.abs()), view.pixel)
    # the opening: under a curve that falls from the parting, and not too far to the sides
    line = a.brow_y + 0.50 - 0.50 * (part.abs() + 0.02) ** 1.35
    sine = shell.x.abs() / (shell.x**2 + shell.z.clamp(min=0) ** 2 + 1e-6).sqrt() + 4.0 * (-shell.z).clamp(min=0)
    y = shell.y
    opened = 0.70 + 0.10 * bell(y + 0.25, 0.45) - 0.12 * smoothstep(-0.75, -1.25, y) + 0.03 * p.hair_waves * torch.sin(7 * y)
    opening = _rounded_min(line - y, (opened - sine) * a.width, 0.10)
    edge = view.pixel + 0.006
    mask = cover(-opening, edge) * shell.alpha * _ends(scene, shell, pattern) * _below_headwear(scene, shell)
    root = 0.45 * bell(part, 0.02 + view.pixel) * smoothstep(0.3, 0.5, shell.y)
    thick = smoothstep(0.0, -0.10, opening)  # hair curves inwards at the edge of the opening
    _lay(scene, shell, across, pattern, mask, (1 - root) * (0.70 + 0.30 * thick))
    _fringe(scene, shell)


def _short(scene: Scene) -> None:
    """Short hair: from the parting to both sides, off the forehead, and close to the head above the ears."""
    p, shell = scene.p, _shell(scene)
    view = shell.view
    part = shell.x - 0.36 * p.parting
    waves = 0.03 * p.hair_waves * torch.sin(8 * shell.x + 4 * shell.y)
    across = 1.15 * shell.z + 0.15 * shell.y.clamp(min=0) ** 2 + 0.31 * (part > 0) + waves
    pattern = combed(across, 0.5 * (part.abs() + shell.y.abs()), view.pixel)
    shell = _tousled(scene, shell, pattern)
    # beyond the head's outline there is no forehead
    beside = lerp(0.35 * (shell.y - 0.30), -1.0, smoothstep(0.85, 1.0, view.carry(scene.head.alpha, scene.head.view)))
    inside = torch.maximum(_grown(scene, shell.x, shell.y, shell.z), beside)
    sides = smoothstep(0.46, 0.16, shell.y)
    ragged = (0.03 - 0.02 * sides) * (pattern[0] - 0.5)
    mask = smoothstep(-0.030, 0.030, inside + ragged) * shell.alpha * _below_headwear(scene, shell)
    thick = smoothstep(-0.02, 0.16, inside)
    root = 1 - 0.35 * bell(part, 0.02 + view.pixel) * smoothstep(0.4, 0.6, shell.y)
    _lay(scene, shell, across, pattern, mask * (1 - 0.12 * sides), root * (0.60 + 0.40 * thick) * (1 - 0.25 * sides), 0.45)
    _fringe(scene, shell)


def _grown(scene, x, y, z):
    """Distance from the hairline of short hair (forehead, temples, sideburns, ears, nape). [h, w], positive inside"""
    p, a = scene.p, scene.a
    recede = (0.035 + 0.05 * a.old) * a.man
    part = x - 0.36 * p.parting
    line = a.brow_y + 0.54 - 0.34 * (part.abs() + 0.02) ** 1.3 + recede * bell(x.abs() - 0.34, 0.13) + 0.03 * a.old * a.man
    sideburn = 0.30 + 0.22 * smoothstep(0.05, 0.45, y)
    ends = -0.14 - 0.25 * smoothstep(-0.10, -0.35, z) - 0.05 * p.hair_length
    opening = _rounded_min(line - y, z - sideburn, 0.20)
    ear = 0.215 - torch.sqrt((z + 0.10) ** 2 + (y - a.eye_y + 0.12) ** 2 + 1e-6)
    return torch.minimum(torch.minimum(-opening, y - ends), -ear)


def _tousled(scene, shell, pattern):
    """The shell of short hair: fuller above the temples, with locks that stand out at the outline."""
    p, a, form = scene.p, scene.a, FORMS["short"]
    grown = (1 + 0.35 * p.hair_volume) * (1 + 0.5 * p.hair_length) * (0.87 + 0.26 * pattern[0])
    full = 0.25 + 2.0 * smoothstep(0.15, 0.72, shell.y)
    center = (0.03 * p.parting, 0.02, -0.03)
    return intersect(shell.view, center, (a.width + form.wide * grown * full, a.height + form.tall * grown, a.depth + form.deep * grown))


def _curly(scene: Scene) -> None:
    """A cloud of curls."""
    p, a, shell = scene.p, scene.a, _shell(scene)
    view = shell.view
    pattern = _curls(scene, shell, view.pixel)
    x, y, z = shell.x, shell.y, shell.z
    line = a.brow_y + 0.42 - 0.45 * x * x
    opening = _rounded_min(line - y, torch.minimum(0.60 + 0.04 * p.hair_volume - x.abs(), z + 0.10), 0.14)
    clumps = _curls(scene, shell, 0.10)[0]
    inside = torch.minimum(-opening, y + 0.62) + 0.16 * (clumps - 0.5) + 0.03 * (pattern[0] - 0.6)
    mask = cover(inside, view.pixel + 0.006) * shell.alpha * _below_headwear(scene, shell)
    _lay(scene, shell, pattern[2], pattern, mask, 0.50 + 0.50 * smoothstep(-0.05, 0.14, inside))


def _curls(scene, shell, pixel):
    """The pattern of curls on the shell: mapped around its foremost point, with little distortion."""
    x, y, z = _direction(scene, shell.x, shell.y, shell.z)
    flat = 0.64 / (0.55 + 0.45 * z).clamp(min=0.3)
    return curled(x * flat, y * flat, pixel)


def _direction(scene, x, y, z):
    """The direction from the centre of a cloud of curls, as a unit vector."""
    a = scene.a
    x, y, z = x / a.width, (y - 0.18) / a.height, (z + 0.06) / a.depth
    length = (x * x + y * y + z * z + 1e-6).sqrt()
    return x / length, y / length, z / length


def _cloud(scene, view):
    """The shell of curly hair. Its outline follows the curls that stand there."""
    p, a, form = scene.p, scene.a, FORMS["curly"]
    middle = view.seen((0.0, 0.18, -0.06))
    x, y = view.x - middle[0], view.y - middle[1]
    length = (x * x + y * y + 1e-6).sqrt()
    r = view.rotation.tolist()
    outwards = [(x * r[0][i] + y * r[1][i]) / length for i in range(3)]
    edge = Hit(view, length, outwards[0], outwards[1] + 0.18, outwards[2] - 0.06, (), length)
    grown = (1 + 0.35 * p.hair_volume) * (0.52 + 0.68 * _curls(scene, edge, 0.12)[0])
    radii = (a.width + form.wide * grown, a.height - 0.20 + form.tall * grown, a.depth + form.deep * grown)
    return intersect(view, (0.0, 0.18, -0.06), radii)


def _mohawk(scene: Scene) -> None:
    """A crest of spikes; the sides are shaved."""
    p, a = scene.p, scene.a
    _stubble(scene, 0.50)
    view = scene.view.box(-0.9, 0.9, 0.2, 1.75)
    width, height, deep = 0.185 + 0.03 * p.hair_volume, 0.46 + 0.09 * p.hair_length, 0.86
    center = (0.0, 0.74, -0.06)
    hit = intersect(view, center, (width, height, deep))
    up = (hit.y - 0.15).clamp(min=0.15)
    turned = smoothstep(0.3, 0.9, hit.x.abs() / width)  # seen from the side, strands fan out backwards; from the front, sideways
    across = 0.8 * torch.atan2(hit.z + 0.1, up)
    pattern = lerp(combed(1.1 * hit.x / up, 0.4 * hit.y, view.pixel), combed(across, 0.4 * hit.y, view.pixel), turned)
    tips = 1 - 0.30 * (1 - pattern[0]) * smoothstep(0.85, 1.2, hit.y)
    hit = intersect(view, center, (width * lerp(1.0, tips, 0.6), height * tips, deep))
    front = hit.y - (a.brow_y + 0.40) + 0.04 * pattern[0]
    root = smoothstep(a.brow_y + 0.38, a.brow_y + 0.75, hit.y)
    _lay(scene, hit, across, pattern, cover(front, view.pixel + 0.01) * hit.alpha, 0.60 + 0.50 * root)


def _bald(scene: Scene) -> None:
    """A scalp with a faint trace of shaved hair."""
    _stubble(scene, 0.10)


def _stubble(scene, strength):
    """Shaved hair: a fine shadow on the scalp."""
    head, view = scene.head, scene.head.view
    dots = 0.88 + 0.12 * grain(head.x, head.y + 0.5 * head.z, 85.0)
    alpha = smoothstep(-0.04, 0.12, _grown(scene, head.x, head.y, head.z)) * dots * head.alpha * strength
    color = palette.skin(scene.p) * lerp(palette.hair(scene.p), torch.ones(3), 0.25)
    window = view.window(scene.canvas)
    tint = (0.25 + 0.75 * (color / palette.skin(scene.p)).clamp(max=1))[:, None, None]
    window[:3] *= 1 - alpha * (1 - tint)


def _fringe(scene, shell):
    """Locks that fall over the forehead."""
    p, a = scene.p, scene.a
    amount = ramp(0.75, 0.85, p.fringe)
    if amount == 0:
        return
    x, y = shell.x, shell.y
    across = 1.15 * (x - 0.10 * p.parting) / (1.75 - y).clamp(min=0.3) + 0.03 * p.hair_waves * torch.sin(6 * y)
    pattern = combed(across + 0.9, 0.45 * y, shell.view.pixel)
    end = a.brow_y + 0.42 - 0.34 * amount - 0.05 * p.hair_length + 0.10 * x * x
    inside = y - end - 0.10 * (0.55 - pattern[0])
    mask = cover(inside, shell.view.pixel + 0.008) * (shell.z > 0) * shell.alpha * _below_headwear(scene, shell)
    mask = mask * smoothstep(0.74, 0.56, x.abs()) * smoothstep(0.98, 0.80, y - 0.1 * pattern[0])
    _lay(scene, shell, across, pattern, mask, 0.72 + 0.28 * smoothstep(0.0, 0.16, inside))


# -- light -------------------------------------------------------------------------------------------------------------------------


def _lay(scene: Scene, hit: Hit, across, pattern, mask, shadow, cast: float = 0.75) -> None:
    """Paints the hair's shadow on the face, of strength `cast`, then the hair. mask, shadow (share of the light that arrives) [h, w]"""
    head, view = scene.head, hit.view
    caster = head.view.carry(mask, view)
    cast_shadow(head.view.window(scene.canvas), head.alpha, caster, scene.light, head.view.pixel, 0.07, 0.045, cast)
    paint(view.window(scene.canvas), _color(scene, hit, across, pattern, shadow), mask)
    figure = view.window(scene.figure)
    torch.maximum(figure, mask, out=figure)


def _color(scene: Scene, hit: Hit, across, pattern, shadow=1.0):
    relief = 0.030 if scene.p.hair_style == "curly" else 0.022
    return lit_hair(palette.hair(scene.p), hit, across, pattern, scene.light, shadow, relief)


def _rounded_min(a, b, k):
    """The smaller of two distances, with a corner rounded over a width k."""
    h = (k - (a - b).abs()).clamp_(min=0) / k
    return torch.minimum(a, b) - h * h * k / 4
