"""The mouth."""

import torch

from ..world.factors import Factors
from . import palette
from .anatomy import Anatomy
from .geometry import Hit, View
from .shapes import bell, lerp, paint, soft


def lip_curves(a: Anatomy, t):
    """Heights of four edges at t in [-1, 1] from corner to corner, in head coordinates.

    Returns (top of the upper lip, top of the opening, bottom of the opening, bottom of the lower lip).
    """
    inside = (1 - t * t).clamp(min=0)
    middle = a.mouth_y + a.mouth_curve * (t * t - 0.45)
    top = middle + 0.28 * a.mouth_open * inside
    bottom = middle - 0.95 * a.mouth_open * inside
    bow = 1 - 0.28 * bell(t, 0.16)
    return top + a.upper_lip * inside**0.7 * bow, top, bottom, bottom - a.lower_lip * inside**0.6


def draw_mouth(canvas, f: Factors, a: Anatomy, view: View, head: Hit):
    n, edge = len(f), view.pixel
    t = (head.x / a.mouth_width).clamp(-1.2, 1.2)
    upper, top, bottom, lower = lip_curves(a, t.clamp(-1, 1))
    ends = (1 - t.abs()) * a.mouth_width
    y = head.y

    skin, makeup = palette.skin(f), f.makeup.float()[:, None]
    man = (f.gender == 1).float()[:, None]
    of_woman = skin * torch.tensor([0.90, 0.62, 0.60]) + torch.tensor([0.03, 0.0, 0.01])
    natural = lerp(of_woman, skin * torch.tensor([0.85, 0.70, 0.66]), 0.6 * man)
    color = lerp(natural, palette.pick(palette.LIPSTICK, f.makeup_color), 0.9 * makeup)
    lips = soft(torch.minimum(torch.minimum(upper - y, y - lower), ends + 0.01), edge) * head.alpha
    middle = (top + bottom) / 2
    light = 1 - 0.20 * soft(y - middle, 0.03) + 0.22 * bell(y - (bottom + lower) / 2, 0.022) * bell(t, 0.5)
    canvas = paint(canvas, (color[:, :, None, None] * light[:, None]).clamp(0, 1), lips)

    opening = soft(torch.minimum(torch.minimum(top - y, y - bottom), ends), edge) * head.alpha
    is_open = (a.mouth_open > 0.02).float()
    canvas = paint(canvas, palette.MOUTH.expand(n, 3), opening * is_open)
    tongue = soft(0.05 - torch.sqrt((0.5 * head.x) ** 2 + (y - bottom + 0.01) ** 2 + 1e-8), 0.03)
    canvas = paint(canvas, palette.TONGUE.expand(n, 3), 0.8 * tongue * opening * is_open * (1 - a.teeth))
    depth = lerp(0.35, 0.62, a.teeth) + 0.5 * (a.mouth_curve < -0.03)  # an angry mouth bares both rows
    teeth = soft(y - lerp(top, bottom, depth), edge) * (a.teeth > 0.1)
    gaps = 1 - 0.14 * bell(torch.sin(head.x * 34), 0.25) - 0.30 * bell(y - (top + bottom) / 2, 0.008 + 0.3 * edge) * (a.mouth_curve < -0.03)
    enamel = palette.TEETH[None, :, None, None] * (gaps * (1 - 0.25 * bell(t.abs() - 1, 0.35)))[:, None]
    canvas = paint(canvas, enamel.expand(n, 3, *y.shape[1:]), teeth * opening * is_open)

    seam = bell(y - middle, 0.011 + 0.3 * edge) * soft(ends + 0.015, 0.02) * (1 - is_open)
    corners = bell(t.abs() - 1, 0.07) * bell(y - top, 0.022)
    dark = skin * torch.tensor([0.40, 0.22, 0.22])
    return paint(canvas, dark, (0.8 * seam + 0.45 * corners).clamp(0, 1) * head.alpha)
