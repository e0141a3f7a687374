"""Light: a soft key light from the side, ambient light, a rim light, highlights, and shadows.

Everything is painted in linear light; `developed` applies the tone curve at the end.
"""

import math
from dataclasses import dataclass

import torch

from ..world.factors import Portrait
from .shapes import blur, darken, shifted

KEY, SKY, GROUND, RIM = 0.86, 0.40, 0.22, 0.30


@dataclass(frozen=True)
class Light:
    """A unit direction towards the key light, in camera coordinates."""

    x: float
    y: float
    z: float


def light_of(p: Portrait) -> Light:
    """The key light is above the camera; the factor `light` moves it left or right, `light_height` up or down."""
    x, y, z = 0.95 * p.light, 0.50 + 0.2 * p.light_height, 0.85
    length = math.sqrt(x * x + y * y + z * z)
    return Light(x / length, y / length, z / length)


def diffuse(normal, light: Light, wrap: float = 0.3) -> torch.Tensor:
    """Wrapped diffuse key light in [0, 1]: with wrap > 0 the edge of the shadow is soft, as on skin and cloth. [h, w]"""
    towards = normal[0] * light.x + normal[1] * light.y + normal[2] * light.z
    return ((towards + wrap) / (1 + wrap)).clamp_(0, 1)


def around(normal) -> torch.Tensor:
    """Ambient light, more from above than from below. [h, w]"""
    return GROUND + (SKY - GROUND) * (0.5 + 0.5 * normal[1])


def gleam(normal, light: Light, sharpness: float) -> torch.Tensor:
    """Specular highlight of the key light (Blinn 1977), in [0, 1]. [h, w]"""
    hx, hy, hz = light.x, light.y, light.z + 1
    length = math.sqrt(hx * hx + hy * hy + hz * hz)
    return ((normal[0] * hx + normal[1] * hy + normal[2] * hz) / length).clamp_(min=1e-3).pow_(sharpness)


def rim(normal, light: Light) -> torch.Tensor:
    """Rim light: a thin light from behind, on the side away from the key light. [h, w]"""
    edge = (1 - normal[2].clamp(0, 1)).pow(3)
    return RIM * edge * (0.5 + 0.5 * normal[1]).clamp_(0, 1) * (0.55 - 0.6 * normal[0] * light.x).clamp_(0, 1)


def lit(color: torch.Tensor, normal, light: Light, wrap: float = 0.3, shadow=1.0, gloss: float = 0.0, sharpness: float = 24.0):
    """A shaded surface, of colour [3] or [3, h, w]  ->  [3, h, w]

    shadow = share of the key light that arrives, a map or a number
    """
    color = color[:, None, None] if color.dim() == 1 else color
    bright = KEY * diffuse(normal, light, wrap) * shadow + around(normal) + rim(normal, light)
    out = color * bright
    return out + gloss * shadow * gleam(normal, light, sharpness) if gloss else out


def crevices(depth: torch.Tensor, alpha: torch.Tensor, radius: float, pixel: float, reach: float) -> torch.Tensor:
    """Ambient occlusion: how much a surface lies below its surroundings, 0 (open) to 1. [h, w]

    depth, alpha [h, w], radius in head units, pixel in head units, reach = depth in head units that counts as 1
    """
    weight = blur(alpha, radius / pixel).clamp_(min=0.05)
    around_it = blur(depth * alpha, radius / pixel) / weight
    return ((around_it - depth) / reach).clamp_(0, 1)


def cast_shadow(canvas: torch.Tensor, onto, caster: torch.Tensor, light: Light, pixel: float, distance: float, softness: float,
                strength: float = 0.6) -> None:
    """Darkens a surface by the shadow of an object in front of it, in place, before the object is painted.

    canvas [3, h, w], onto = the surface's coverage [h, w] (or 1), caster = the object's coverage [h, w]; distance of the object from the
    surface and softness in head units
    """
    down, right = round(distance * light.y / light.z / pixel), round(-distance * light.x / light.z / pixel)
    shadow = blur(shifted(caster, down, right), softness / pixel)
    darken(canvas, shadow * onto * strength)


def developed(canvas: torch.Tensor) -> torch.Tensor:
    """Linear light -> values of the picture in [0, 1]: highlights roll off softly, then the sRGB curve (as a power). In place."""
    canvas.clamp_(min=0)
    high = (canvas - 0.7).clamp_(min=0)
    canvas -= high - high / (1 + high / 0.30)  # unchanged up to 0.7, above that approaching 1
    return canvas.pow_(1 / 2.2)
