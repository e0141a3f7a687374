"""Background, shoulders and clothes."""

import torch

from ..world.factors import Factors
from . import palette
from .geometry import View
from .shapes import bell, column, lerp, paint, soft
from .skin import Light


def draw_background(f: Factors, size: int) -> torch.Tensor:
    """An even wall, lighter where the light comes from and darker towards the corners. [N, 3, size, size]"""
    axis = (torch.arange(size) + 0.5) / size * 2 - 1
    x, y = axis[None, None, :], -axis[None, :, None]
    glow = 1.06 - 0.13 * ((x - 0.4 * column(f.light)) ** 2 + (y - 0.3) ** 2)
    return (palette.background(f)[:, :, None, None] * glow[:, None]).clamp(0, 1)


def draw_clothes(canvas, f: Factors, view: View, light: Light):
    """Shoulders in a shirt with a round neck, a V-neck or a collar."""
    man = column((f.gender == 1).float())
    width = 1.45 + 0.22 * man + 0.15 * column(f.weight) - 0.2 * column((f.age < 0.16).float())
    # Shoulders stay upright and follow the turning head only a little.
    x, y = view.x - 0.10 * column(f.yaw), view.y + 1.28
    slope = 0.16 * (x.abs() / 0.9) ** 1.6 + 0.9 * (x.abs() - width).clamp(min=0) ** 1.3
    shirt, v_neck = column((f.collar > 0.66).float()), column(((f.collar > 0.33) & (f.collar <= 0.66)).float())
    neck = 0.44 + 0.08 * man
    dip = torch.where(v_neck > 0, 0.62 * (neck - 1.15 * x.abs()), 0.52 * torch.sqrt((neck**2 - x * x).clamp(min=1e-6)) - 0.06)
    dip = torch.where(shirt > 0, 0.50 * (neck - 1.6 * x.abs()), dip).clamp(min=0) * (x.abs() < neck)
    body = soft(torch.minimum(-y - slope, -y - dip), view.pixel)

    round_x = (x / (width + 0.3)).clamp(-1, 1)
    shade = (0.62 + 0.45 * light.x * round_x + 0.25 * light.y - 0.35 * round_x**2 + 0.10 * torch.sin(5 * x + 3 * y)).clamp(0, 1)
    shade = shade * (1 - 0.35 * bell(y + 0.05, 0.25) * bell(x, 0.6))
    base = palette.clothes(f)
    color = lerp((base * 0.55)[:, :, None, None], (base * 1.05).clamp(max=1)[:, :, None, None], shade[:, None])
    canvas = paint(canvas, color, body)
    hem = bell(-y - torch.maximum(dip, slope * 0) - 0.05, 0.012 + 0.4 * view.pixel) * (x.abs() < neck) * body
    canvas = paint(canvas, base * 0.55, 0.7 * hem * (1 - shirt))
    wing = torch.minimum(-y - dip + 0.10, 0.42 * neck + 0.22 - (x.abs() - 0.30).abs() - 0.55 * (-y - dip).clamp(min=0))
    lapel = soft(wing, view.pixel) * shirt * soft(0.12 - y, 0.1)
    canvas = paint(canvas, lerp(base, torch.ones_like(base), 0.35) * 0.95, lapel)
    buttons = bell(torch.sqrt(x * x + ((-y - 0.62) % 0.28 - 0.14) ** 2 + 1e-8), 0.03) * (-y > 0.62) * shirt
    return paint(canvas, base * 0.45, 0.8 * buttons * body)
