"""Hair on the head and on the face.

Hair is a shell: an ellipsoid slightly larger than the head that turns into a cylinder where long hair hangs
down. What lies behind head and neck is drawn first (`draw_hair_behind`), what lies over them last.
"""

import torch

from ..world.attributes import index_of
from ..world.factors import Factors
from . import palette
from .anatomy import Anatomy
from .geometry import Hit, View, head_radii, intersect
from .mouth import lip_curves
from .shapes import bell, column, grain, lerp, paint, smoothstep, soft, strands
from .skin import Light, brightness

# One entry for each hair style:        bald  short long  bob   curly mohawk
_EXTRA_WIDTH = torch.tensor([0.00, 0.070, 0.13, 0.15, 0.36, 0.015])
_EXTRA_HEIGHT = torch.tensor([0.00, 0.100, 0.11, 0.12, -0.02, 0.015])
_HANGS_FROM = torch.tensor([-9.0, -9.0, 0.10, 0.10, -9.0, -9.0])  # below this height the shell is a cylinder
_ENDS_AT = torch.tensor([0.0, -0.05, -1.85, -0.98, -9.0, 0.0])


def _is(f: Factors, *styles):
    return column(sum((f.hair_style == index_of("hair_style", s)).float() for s in styles))


def _shell(f: Factors, view: View) -> Hit:
    """The hair's outer surface."""
    width, height, depth = head_radii(f)
    volume = 1 + 0.22 * column(f.hair_volume)
    wide = column(_EXTRA_WIDTH[f.hair_style]) * volume
    tall = column(_EXTRA_HEIGHT[f.hair_style]) * volume
    curly, long, bob = _is(f, "curly"), _is(f, "long"), _is(f, "bob")
    waves = column(f.hair_waves).clamp(min=0) * long
    y = torch.maximum(view.y, column(_HANGS_FROM[f.hair_style]))
    hanging = (column(_HANGS_FROM[f.hair_style]) - view.y).clamp(min=0) * (long + bob)
    sway = (0.05 * waves * torch.sin(7 * view.y + 2 * column(f.parting))) * (hanging > 0) * hanging.clamp(max=0.5)
    flare = 0.05 * hanging.clamp(max=1.4) * long + bob * (0.16 * bell(view.y + 0.45, 0.35) - 0.26 * bell(view.y + 1.0, 0.20))
    angle = torch.atan2(view.y - 0.1, view.x)
    bumps = curly * 0.030 * (torch.sin(13 * angle + 5 * column(f.parting)) + 0.7 * torch.sin(23 * angle + 3 * column(f.hair_waves)))
    grown = wide + flare + bumps
    bent = View(view.x + sway, view.y, view.x_face, view.rotation, view.scale, view.pixel)
    # A shell whose width changes from pixel to pixel is the plain shell seen through narrowed coordinates.
    narrowed = (width + wide) / (width + grown)
    bent.x = bent.x * narrowed
    return intersect(bent, (0.0, 0.05 + 0.27 * curly, -0.05 * torch.ones_like(wide)),
                     (width + wide, height + tall, depth + 0.8 * wide), y=y * torch.where(curly > 0, narrowed, 1.0))


def _colored(f: Factors, hit: Hit, light: Light, depth: float = 1.0):
    """The hair's colour with strands or curls, and the band of gleam around a combed head."""
    curly = _is(f, "curly")
    part_x = 0.30 * column(f.parting)
    waves = 0.06 * column(f.hair_waves).clamp(min=0) * torch.sin(8 * hit.y + 3 * hit.x)
    fan = torch.atan2(hit.x - part_x + waves, 2.0 - hit.y) * 2.2 + 0.6 * hit.z
    combed = strands(fan, column(f.hair_shade))
    curls = grain(hit.x + 0.3 * hit.z, hit.y, 21.0, column(f.parting)) + 0.4 * grain(hit.x, hit.y + hit.z, 39.0, column(f.hair_waves))
    texture = lerp(combed, curls, curly)
    shade = 0.80 * brightness(hit.normal, light, 0.5) + 0.12
    gleam = bell(hit.normal[1] - 0.50 + 0.07 * combed - 0.12 * light.y, 0.15) * hit.normal[2].clamp(0, 1) * (1 - 0.8 * curly)
    base = palette.hair(f)
    dark, bright = base * 0.42, (base * 1.10 + 0.02).clamp(max=1)
    tone = (shade * (1 + 0.26 * texture)).clamp(0, 1) * depth
    color = lerp(dark[:, :, None, None], bright[:, :, None, None], tone[:, None])
    shine = (base * 0.5 + 0.42).clamp(max=1)
    return lerp(color, shine[:, :, None, None], (0.50 * gleam * (1 + 0.4 * texture) * light.z).clamp(0, 0.7)[:, None] * depth)


def draw_hair_behind(canvas, f: Factors, view: View, light: Light):
    """The part of long and curly hair that hangs or stands behind head and neck."""
    hit = _shell(f, view)
    # Seen against the back of the shell, one looks at its inside: darker, no gleam.
    ends = column(_ENDS_AT[f.hair_style]) + 0.22 * column(f.hair_length) * _is(f, "long", "bob")
    jagged = 0.05 * strands(1.3 * view.x, column(f.hair_shade)) * _is(f, "long")
    falls = soft(view.y - ends - jagged, view.pixel + 0.015)
    color = _colored(f, hit, light, 0.62)
    return paint(canvas, color, hit.alpha * falls * _is(f, "long", "bob", "curly") * (1 - _under_hat(f, view)))


def draw_hair(canvas, f: Factors, a: Anatomy, view: View, head: Hit, light: Light):
    """The hair over forehead, temples and sides; a mohawk's crest and its shaved sides."""
    hit = _shell(f, view)
    long, bob, short, curly, mohawk = (_is(f, s) for s in ("long", "bob", "short", "curly", "mohawk"))
    hanging = long + bob
    texture = strands(2.0 * hit.x, column(f.hair_shade))
    part = hit.x - 0.30 * column(f.parting)
    fringe = column(((f.fringe - 0.75) * 12).clamp(0, 1)) * (hanging + short)

    # The edge of the hair: high over the forehead, falling towards the temples, behind the ears at the sides.
    front = 0.70 - 0.34 * part * part + 0.05 * bell(part, 0.12) - 0.02 * a.old * short
    front = lerp(front, 0.34 - 0.10 * hit.x.abs() + 0.045 * texture, fringe)
    side_end = lerp(lerp(-0.10, -9.0, hanging), -0.45, curly)
    draped = 0.30 * smoothstep(-0.45, -1.1, hit.y)  # long hair closes in front of the shoulders
    temple = hit.z - 0.16 * (hit.y - 0.2).clamp(max=0.5) - hanging * draped
    back = smoothstep(lerp(0.26, 0.36, hanging), lerp(0.02, 0.06, hanging), temple)
    beside = (1 - head.alpha) * soft(0.60 - hit.y, 0.2) * soft(hit.x.abs() - 0.42, 0.06)
    back = torch.maximum(back, beside)  # outside the face there is no forehead
    edge = lerp(front + 0.012 * texture, side_end, back)
    below = (column(_HANGS_FROM[f.hair_style]) - view.y).clamp(min=0) * hanging  # where the shell is a cylinder, hit.y stops
    covers = soft(hit.y - below - edge, view.pixel + 0.02)
    ends = column(_ENDS_AT[f.hair_style]) + 0.22 * column(f.hair_length) * hanging
    ends = ends + 0.06 * texture * long
    falls = lerp(1.0, soft(view.y - ends, view.pixel + 0.02), hanging)
    visible = (short + hanging + curly) * covers * falls * hit.alpha * (1 - _under_hat(f, view))

    shadow = (short + hanging + curly) * bell(head.y - front + 0.03, 0.07) * soft(0.62 - head.x.abs(), 0.2) * soft(head.z - 0.2, 0.2)
    canvas = paint(canvas, palette.skin(f) * torch.tensor([0.50, 0.40, 0.40]), 0.40 * shadow * head.alpha * (1 - _under_hat(f, view)))
    shaved = mohawk * soft(head.y - lerp(0.50, -0.15, smoothstep(0.42, 0.0, head.z)), 0.10) * head.alpha
    canvas = paint(canvas, palette.hair(f) * 0.55, 0.34 * shaved * (0.9 + 0.1 * grain(head.x, head.y, 60.0, 0.0)))
    canvas = paint(canvas, _colored(f, hit, light), visible)
    return _draw_crest(canvas, f, view, light)


def _draw_crest(canvas, f: Factors, view: View, light: Light):
    height = 0.50 + 0.10 * column(f.hair_length)
    spikes = 0.10 * strands(0.9 * torch.atan2(view.x, view.y.clamp(min=0.05)) * 2.2, column(f.hair_shade))
    y = view.y - (spikes * smoothstep(0.9, 1.4, view.y))
    width = 0.17 + 0.03 * column(f.hair_volume)
    hit = intersect(view, (0.0, 0.86, 0.0), (width + 0.05, height, 0.80), y=y)
    front = soft(hit.y - 0.50, 0.05)
    return paint(canvas, _colored(f, hit, light), hit.alpha * front * _is(f, "mohawk"))


def _under_hat(f: Factors, view: View):
    """Where hair is pressed flat by what is worn on it."""
    return column((f.headwear > 0).float()) * soft(view.y - 0.52, 0.06)


def draw_facial_hair(canvas, f: Factors, a: Anatomy, view: View, head: Hit, light: Light):
    """Stubble, a moustache or a full beard. Drawn before the mouth, which it frames."""
    stubble, moustache, beard = (column((f.facial_hair == i).float()) for i in (1, 2, 3))
    x, y, side = head.x, head.y, head.x.abs()
    t = (x / (a.mouth_width + 0.10)).clamp(-1, 1)
    upper = lip_curves(a, (x / a.mouth_width).clamp(-1, 1))[0]
    top_lip = a.mouth_y + 0.165 - 0.05 * t * t

    jaw_line = a.mouth_y + 0.085 + 0.95 * (side - 0.26).clamp(min=0) ** 1.25 + 0.03 * bell(side, 0.1)
    jaw = soft(jaw_line - y + 0.012 * strands(2 * x, 0 * t), 0.035) * soft(0.70 - side, 0.1)
    lip = soft(torch.minimum(top_lip - y, 0.20 + a.mouth_width - 0.245 - (side - 0.05).clamp(min=0)), 0.03)
    area = torch.maximum(jaw, lip)

    color = palette.face_hair(f, dark=0.75, light=1.0)
    dots = 0.80 + 0.20 * grain(x, y, 55.0, column(f.hair_shade))
    canvas = paint(canvas, palette.face_hair(f, dark=0.4, light=0.9), 0.56 * stubble * area * dots * head.alpha)

    texture = strands(1.5 * torch.atan2(x, -(y - 0.4)) * 2.4, column(f.hair_shade))
    hit = intersect(view, (0.0, -0.06 - 0.03 * column(f.hair_length), 0.035), tuple(r * 1.03 + 0.02 for r in head_radii(f)), on_face=True)
    shade = (0.85 * brightness(hit.normal, light, 0.5) + 0.1) * (1 + 0.22 * texture)
    hairy = lerp((color * 0.50)[:, :, None, None], (color * 1.18).clamp(max=1)[:, :, None, None], shade.clamp(0, 1)[:, None])
    below = soft(a.mouth_y + 0.02 - hit.y, 0.05) * (hit.alpha > head.alpha)
    canvas = paint(canvas, hairy, beard * torch.maximum(area * head.alpha, below * hit.alpha))

    droop = top_lip - 0.30 * (side - 0.10).clamp(min=0)
    thick = 0.115 - 0.25 * (side - 0.10).clamp(min=0)
    length = a.mouth_width * 0.9 + 0.10
    whiskers = soft(torch.minimum(torch.minimum(droop - y + 0.01, y - droop + thick), length - side), view.pixel + 0.012)
    whiskers = whiskers * (1 - 0.5 * bell(x, 0.018))
    tone = (0.55 + 0.4 * texture + bell(y - droop + 0.02, 0.03) * 0.3).clamp(0, 1)
    dark = lerp((color * 0.36)[:, :, None, None], color[:, :, None, None], tone[:, None])
    return paint(canvas, dark, 0.96 * moustache * whiskers * head.alpha * soft(y - upper + 0.06, 0.05))
