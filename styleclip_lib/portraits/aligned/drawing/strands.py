"""How light falls on hair."""

import math

import torch

from .light import KEY, Light, around, gleam, rim
from .relief import slopes, tilted
from .shapes import lerp
from .view import Hit


def lit_hair(base: torch.Tensor, hit: Hit, across: torch.Tensor, pattern: torch.Tensor, light: Light, shadow=1.0,
             relief: float = 0.022) -> torch.Tensor:
    """Shaded locks with highlights that run across the strands (Kajiya and Kay 1989).

    base [3] the hair's colour, across [h, w] the coordinate across the strands, pattern [2 or more, h, w] as in `tiles`, shadow = share of
    the light that arrives, a map or a number, relief = height of the locks in head units  ->  [3, h, w] linear RGB
    """
    height, tone = pattern[:2]
    base = base[:, None, None]
    shade = (0.25 + 0.62 * height + 0.16 * tone).clamp_(0, 1)
    color = lerp(0.40 * base * (base / base.max()) ** 0.45, base, shade)  # between the locks it is darker and more saturated
    normal = tilted(hit.normal, relief * height, hit.view.pixel)
    towards = normal[0] * light.x + normal[1] * light.y + normal[2] * light.z
    key = ((towards + 0.30) / 1.30).clamp_(0, 1)
    color = color * (shadow * (KEY * key + around(normal)) + rim(normal, light))
    tangent = _tangent(across, hit.normal, hit.view.pixel)
    hx, hy, hz = light.x, light.y + 0.25, light.z + 1
    length = math.sqrt(hx * hx + hy * hy + hz * hz)
    along = (tangent[0] * hx + tangent[1] * hy + tangent[2] * hz) / length
    band = (1 - along * along).clamp_(0, 1) ** 12 * gleam(normal, light, 6.0)
    shine = 0.75 * base.sqrt() * base.mean().sqrt() + 0.06
    return color + shine * (band * shadow * (0.55 + 0.5 * height))


def _tangent(across, normal, pixel):
    """The strands' direction: along the surface, where `across` does not change. Unit vectors in camera coordinates."""
    x, y = slopes(across, pixel)
    tx, ty = -y, x
    tz = -(normal[0] * tx + normal[1] * ty) / normal[2].clamp(min=0.15)
    length = (tx * tx + ty * ty + tz * tz + 1e-9).sqrt_()
    return tx / length, ty / length, tz / length
