"""What a person wears on head and ears: glasses, hats, caps, earrings."""

import torch

from ..world.factors import Factors
from . import palette
from .anatomy import Anatomy
from .geometry import Hit, View, head_radii, intersect
from .shapes import bell, column, lerp, paint, rounded_box, smoothstep, soft
from .skin import Light, brightness, lit


def draw_glasses(canvas, f: Factors, a: Anatomy, view: View, head: Hit):
    """Clear glasses in a frame, or sunglasses."""
    n = len(f)
    any_glasses, dark = column((f.glasses > 0).float()), column((f.glasses == 2).float())
    half_width = 0.235 + 0.015 * dark + 0.008 * column(f.glasses_shape)
    half_height = 0.185 - 0.015 * column(f.glasses_shape)
    corner = half_height * (0.62 - 0.30 * column(f.glasses_shape))
    middle_y = a.eye_y + 0.005
    side = head.x.abs()
    lens = rounded_box(side - a.eye_x - 0.010, head.y - middle_y, half_width, half_height, corner)
    rim = 0.022 - (lens - 0.004).abs()
    bridge = torch.minimum(0.016 - (head.y - middle_y - 0.05 + 0.9 * head.x**2).abs(), a.eye_x - half_width + 0.01 - side)
    temple = torch.minimum(0.020 - (head.y - middle_y - 0.06).abs(), side - a.eye_x - half_width + 0.01)
    frame = torch.maximum(torch.maximum(rim, bridge), temple)

    ground = soft(lens + 0.05, 0.09) * (1 - soft(lens + 0.01, 0.03))
    canvas = paint(canvas, palette.skin(f) * 0.45, 0.22 * any_glasses * ground * head.alpha)
    slope = smoothstep(-0.18, 0.18, head.y - middle_y)
    frames = palette.pick(palette.FRAMES, f.frame_color)
    tint = torch.tensor([0.10, 0.09, 0.12])[None, :, None, None] + 0.20 * (1 - slope)[:, None] * frames[:, :, None, None]
    inside = soft(lens, view.pixel) * head.alpha
    canvas = paint(canvas, tint, 0.95 * dark * inside)
    stripe = bell(head.x * 0.8 + (head.y - middle_y) - 0.20 * torch.sign(head.x) - 0.06, 0.045) * soft(lens - 0.02, 0.03)
    canvas = paint(canvas, palette.WHITE.expand(n, 3), (0.20 + 0.12 * dark) * any_glasses * stripe * head.alpha)
    color = lerp(frames, palette.FRAMES[0], (f.glasses == 2).float()[:, None])
    return paint(canvas, color, any_glasses * soft(frame, view.pixel + 0.004) * head.alpha)


def draw_headwear(canvas, f: Factors, view: View, head: Hit, light: Light):
    """A hat with a brim, or a cap with a peak, and the shadow it casts on the forehead."""
    worn = column((f.headwear > 0).float())
    shadow = smoothstep(0.22, 0.46, head.y) * worn
    canvas = paint(canvas, palette.skin(f) * torch.tensor([0.42, 0.34, 0.36]), 0.50 * shadow * head.alpha)
    canvas = _draw_hat(canvas, f, view, light, column((f.headwear == 1).float()))
    return _draw_cap(canvas, f, view, light, column((f.headwear == 2).float()))


def _draw_hat(canvas, f, view, light, worn):
    width, _, depth = head_radii(f)
    color = palette.pick(palette.HEADWEAR, f.headwear_color)
    brim = intersect(view, (0.0, 0.50, 0.05), (width + 0.48, 0.085, depth + 0.36))
    crown = intersect(view, (0.0, 0.60, 0.0), (width + 0.06, 0.62, depth + 0.05))
    y_flat = torch.minimum(crown.y, 1.08 + 0.06 * (crown.x / 0.3) ** 2)
    top = 1.15 + 0.05 * bell(crown.x.abs() - 0.3, 0.25) + 0.02 * y_flat
    above = soft(crown.y - 0.50, view.pixel + 0.01) * soft(top - crown.y, view.pixel + 0.02)
    canvas = paint(canvas, lit(color, 0.25 + 0.72 * brightness(crown.normal, light)), crown.alpha * above * worn)
    band = soft(0.085 - (crown.y - 0.60).abs(), view.pixel)
    ribbon = palette.pick(palette.HEADWEAR, (f.headwear_color + 0.45) % 1)
    canvas = paint(canvas, lit(ribbon, brightness(crown.normal, light)), crown.alpha * above * band * worn)
    upward = smoothstep(-0.25, 0.35, brim.normal[1])
    return paint(canvas, lit(color, 0.15 + 0.80 * brightness(brim.normal, light) * (0.45 + 0.55 * upward)), brim.alpha * worn)


def _draw_cap(canvas, f, view, light, worn):
    width, _, depth = head_radii(f)
    color = palette.pick(palette.HEADWEAR, f.headwear_color)
    dome = intersect(view, (0.0, 0.36, -0.02), (width + 0.075, 0.74, depth + 0.075))
    above = soft(dome.y - 0.40, view.pixel + 0.01)
    curve = 0.42 * (1.1 - dome.y).clamp(min=0) ** 0.5
    seam = bell(dome.x, 0.016 + 0.4 * view.pixel) + 0.8 * bell(dome.x.abs() - curve, 0.014 + 0.4 * view.pixel)
    shade = (0.2 + 0.75 * brightness(dome.normal, light)) * (1 - 0.22 * seam.clamp(0, 1))
    canvas = paint(canvas, lit(color, shade), dome.alpha * above * worn)
    button = intersect(view, (0.0, 1.09, 0.0), (0.06, 0.045, 0.06))
    canvas = paint(canvas, lit(color * 0.85, brightness(button.normal, light)), button.alpha * worn)
    peak = intersect(view, (0.0, 0.40, 0.78), (0.60 * width / 0.745, 0.085, 0.52))
    tone = 0.12 + 0.75 * brightness(peak.normal, light) * (0.55 + 0.45 * smoothstep(-0.3, 0.3, peak.normal[1]))
    second = palette.pick(palette.HEADWEAR, (f.headwear_color + 0.3) % 1)
    return paint(canvas, lit(second, tone), peak.alpha * soft(peak.z - 0.55, 0.05) * worn)


def draw_earrings(canvas, f: Factors, view: View, light: Light):
    """A golden pearl under each ear, large enough to be seen at 64 pixels."""
    width = head_radii(f)[0]
    worn = column(f.earrings.float())
    for side in (-1, 1):
        pearl = intersect(view, (side * (width + 0.035), -0.31, 0.02), (0.085, 0.105, 0.085))
        shade = brightness(pearl.normal, light)
        gleam = bell(pearl.normal[0] - light.x * 0.6, 0.25) * bell(pearl.normal[1] - light.y * 0.8, 0.25)
        color = lit(palette.GOLD.expand(len(f), 3), shade)
        canvas = paint(canvas, lerp(color, torch.ones_like(color), 0.75 * gleam[:, None]), pearl.alpha * worn)
    return canvas
