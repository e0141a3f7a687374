"""Eyes and brows."""

import torch

from ..world.factors import Factors
from . import palette
from .anatomy import Anatomy
from .geometry import Hit, View
from .shapes import bell, column, lerp, paint, soft, strands


def draw_eyes(canvas, f: Factors, a: Anatomy, view: View, head: Hit):
    """Both eyes with lids and lashes, and eye shadow where make-up is worn."""
    for side in (-1, 1):
        canvas = _draw_eye(canvas, f, a, view, head, side)
    return canvas


def lid_curves(a: Anatomy, t):
    """Heights of the upper and the lower lid above the eye's middle at t in [-1, 1], inner to outer corner."""
    rise = a.eye_tilt * 0.2 * t
    inside = (1 - t * t)
    upper = a.eye_upper * inside.clamp(min=0) ** 0.75 * (1 - 0.12 * t)
    lower = a.eye_lower * inside.clamp(min=0) ** 0.9
    return upper + rise, lower + rise


def _draw_eye(canvas, f, a, view, head, side):
    n, edge = len(f), view.pixel
    makeup = column(f.makeup.float())
    open_eye = column((f.eyes == 0).float())
    x = side * head.x - a.eye_x  # grows outwards on both sides
    y = head.y - a.eye_y
    t = (x / a.eye_width).clamp(-1.25, 1.25)
    upper, lower = lid_curves(a, t.clamp(-1, 1))
    corner = a.eye_width - x.abs()
    skin = palette.skin(f)

    lid_zone = bell(y - upper - 0.05, 0.075) * soft(corner + 0.02, 0.09) * soft(y - upper + 0.02, 0.03)
    canvas = paint(canvas, palette.pick(palette.EYESHADOW, f.makeup_color), 0.75 * makeup * lid_zone * head.alpha)
    crease = bell(y - upper - 0.048, 0.013 + 0.3 * edge) * soft(corner + 0.01, 0.06)
    canvas = paint(canvas, skin * torch.tensor([0.48, 0.36, 0.36]), 0.5 * crease * head.alpha)

    inside = soft(torch.minimum(torch.minimum(upper - y, y - lower), corner * 1.5), edge) * head.alpha
    white = palette.WHITE * torch.tensor([0.99, 0.985, 0.975])
    shadow = 1 - 0.30 * bell(y - upper, 0.055)
    canvas = paint(canvas, (white[None, :, None, None] * shadow[:, None]), inside)

    # side * gaze because both eyes look the same way while x is mirrored
    dx, dy = x - side * a.gaze_x + 0.012, y - a.gaze_y - 0.012
    radius = torch.sqrt(dx * dx + dy * dy + 1e-8)
    iris = palette.iris(f)
    glow = bell(dy + 0.065, 0.06)
    rim = soft(radius - 0.78 * a.iris, 0.03)
    color = iris[:, :, None, None] * (0.86 + 0.55 * glow - 0.45 * rim)[:, None]
    canvas = paint(canvas, color.clamp(0, 1), soft(a.iris - radius, edge) * inside)
    canvas = paint(canvas, (palette.INK * 0.35).expand(n, 3), soft(0.42 * a.iris - radius, edge) * inside)
    spark = soft(0.034 - torch.sqrt((side * dx + 0.038) ** 2 + (dy - 0.042) ** 2 + 1e-8), edge + 0.01)
    canvas = paint(canvas, palette.WHITE.expand(n, 3), 0.95 * spark * inside)

    lash = 0.021 + 0.012 * makeup + 0.006 * column((f.gender == 0).float())
    lash = lash * (0.6 + 0.4 * soft(t, 1.0)) * lerp(1.15, 1.0, open_eye)
    wing = (0.035 + 0.05 * makeup) * bell(t - 1.1, 0.25)
    line = soft(lash - (y - upper - wing * 0.5 - 0.004).abs(), edge) * soft(corner + 0.012 + 0.03 * makeup, edge + 0.01)
    canvas = paint(canvas, palette.INK.expand(n, 3), 0.93 * line * head.alpha)
    below = bell(y - lower, 0.010 + 0.25 * edge) * soft(corner, 0.03) * open_eye
    return paint(canvas, skin * torch.tensor([0.45, 0.32, 0.32]), (0.35 + 0.35 * makeup) * below * head.alpha)


def brow_curve(a: Anatomy, t):
    """Height of the brow's middle at t in [0, 1], inner to outer end, in head coordinates."""
    return a.brow_y + lerp(a.brow_inner, a.brow_outer, t) + a.brow_arch * (1 - (2 * t - 1.25) ** 2)


def brow_span(a: Anatomy):
    """Distance of the brow's inner end from the middle of the face, and its length."""
    return a.eye_x - 0.195 + 0.12 * (a.brow_inner < -0.05) * a.brow_inner, 0.41


def draw_brows(canvas, f: Factors, a: Anatomy, view: View, head: Hit):
    color = palette.face_hair(f, dark=0.55, light=1.0)
    start, length = brow_span(a)
    x = head.x.abs()
    t = (x - start) / length
    thickness = a.brow_thickness * (1.12 - 0.65 * t.clamp(0, 1))
    offset = head.y - brow_curve(a, t.clamp(0, 1))
    ends = torch.minimum(t, 1 - t) * length + 0.012
    shape = soft(torch.minimum(thickness - offset.abs(), ends), view.pixel + 0.008)
    hairs = 0.88 + 0.12 * strands(1.6 * (x - offset), column(f.hair_shade))
    return paint(canvas, color, 0.94 * shape * hairs.clamp(0, 1) * head.alpha)
