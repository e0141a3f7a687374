"""Styles of painting, and of assembling a picture from pieces. Each: [N, 3, H, W] in [0, 1], generator -> the same shape and range."""

import torch
from torch.nn.functional import interpolate

from ..drawing.shapes import lerp, smoothstep
from .filters import (
    along_contours,
    blur,
    cells,
    color,
    coordinates,
    gradient,
    gray,
    noise,
    outlines,
    painted,
    saturate,
    shifted,
    taken_at,
)


def _kept_features(picture, x, amount: float):
    """Keeps eyes, brows and lips of the original: details that differ strongly from their surroundings."""
    detail = (gray(x) - blur(gray(x), 0.02)).abs()
    return lerp(picture, x, amount * smoothstep(0.02, 0.10, blur(detail, 0.008)))


def watercolor(x, generator):
    wobble = 0.004 * noise(x, 0.05, generator, 2)
    wet = shifted(_kept_features(painted(x, 0.014), x, 0.7), wobble[:, :1], wobble[:, 1:])
    dx, dy = gradient(blur(wet, 0.006))
    rim = ((dx * dx + dy * dy).sum(1, keepdim=True).sqrt() * x.shape[-2] / 5).clamp(0, 1)
    pigment = 0.16 * noise(x, 0.12, generator) + 0.09 * noise(x, 0.035, generator) + 0.05 * noise(x, 0.008, generator)
    wash = saturate(wet, 1.25) ** (1 + 0.6 * rim + pigment)
    wash = lerp(wash, 1.0, 0.26 + 0.10 * noise(x, 0.20, generator).clamp(-1, 1))
    across, down = coordinates(x)
    edge = torch.minimum(torch.minimum(across, x.shape[-1] / x.shape[-2] - across), torch.minimum(down, 1 - down))
    sheet = smoothstep(0.02, 0.07, edge + 0.020 * noise(x, 0.06, generator))
    return lerp(color(0.98, 0.97, 0.94), wash, sheet)


def oil_painting(x, generator):
    flat = saturate(painted(x, 0.014), 1.35)
    bristles = along_contours(noise(x, 0.009, generator, 2), flat, 0.11)
    strokes = along_contours(shifted(flat, 0.010 * bristles[:, :1], 0.010 * bristles[:, 1:]), flat, 0.028)
    dx, dy = gradient(bristles[:, :1])
    relief = (dx + dy) * 0.13
    return _kept_features(0.94 * strokes, saturate(x, 1.3), 0.75) + relief + 0.04 * bristles[:, 1:]


def mosaic(x, generator):
    center_x, center_y, _, gap, chance = cells(x, 0.030, 0.45, generator)
    tile = taken_at(saturate(blur(x, 0.006), 1.3), center_x, center_y)
    across, down = coordinates(x)
    bevel = 2.4 * ((center_x - across) + (center_y - down))
    tile = tile * (0.86 + 0.28 * chance) + bevel
    return lerp(color(0.80, 0.78, 0.73), tile, smoothstep(0.001, 0.008, gap))


def stained_glass(x, generator):
    center_x, center_y, _, gap, chance = cells(x, 0.070, 0.95, generator)
    pane = taken_at(saturate(painted(x, 0.014), 1.7), center_x, center_y)
    detail = saturate(painted(x, 0.014), 1.7)
    shine = 0.90 + 0.30 * chance + 0.08 * noise(x, 0.03, generator) + 0.14 * smoothstep(0.0, 0.06, gap)
    glass = (lerp(pane, detail, 0.6) * shine) ** 1.15
    lead = torch.maximum(smoothstep(0.009, 0.003, gap), smoothstep(0.25, 0.6, outlines(x, 0.008, 22.0)))
    return lerp(glass, color(0.05, 0.05, 0.06), lead)


def pixel_art(x, generator):
    height, width = x.shape[-2:]
    small = interpolate(saturate(x, 1.25), (32, max(1, round(32 * width / height))), mode="area")
    checker = (torch.arange(small.shape[-2])[:, None] + torch.arange(small.shape[-1])) % 2 - 0.5
    steps = 5.0
    few = (small * steps + 0.35 * checker).round() / steps
    return interpolate(few, (height, width), mode="nearest")


def pointillism(x, generator):
    vivid = saturate(painted(x, 0.012), 1.5)
    picture = lerp(vivid, color(0.93, 0.90, 0.83), 0.4)
    for size, radius in ((0.034, 0.55), (0.024, 0.46), (0.018, 0.46)):
        center_x, center_y, distance, _, chance = cells(x, size, 0.9, generator)
        angle = 2 * torch.pi * (chance * 7.0 + color(0.0, 1 / 3, 2 / 3))
        dot = taken_at(vivid, center_x, center_y) + 0.08 * torch.cos(angle)
        picture = lerp(picture, dot, smoothstep(radius * size, 0.7 * radius * size, distance))
    return picture


def pop_art(x, generator):
    g = blur(gray(x), 0.008)
    low, high = g.flatten(1).quantile(0.03, 1), g.flatten(1).quantile(0.97, 1)
    tone = (g - low.view(-1, 1, 1, 1)) / (high - low + 0.05).view(-1, 1, 1, 1)
    palettes = torch.tensor([  # dark, middle, light, paper
        [[0.10, 0.10, 0.50], [0.93, 0.10, 0.45], [1.00, 0.80, 0.10], [0.20, 0.80, 0.85]],
        [[0.30, 0.05, 0.40], [0.10, 0.65, 0.80], [1.00, 0.55, 0.75], [1.00, 0.92, 0.20]],
        [[0.05, 0.25, 0.30], [0.95, 0.35, 0.10], [1.00, 0.88, 0.45], [0.95, 0.30, 0.60]],
        [[0.45, 0.02, 0.15], [0.15, 0.70, 0.35], [0.98, 0.90, 0.30], [0.40, 0.30, 0.85]],
    ])
    palette = palettes[torch.randint(len(palettes), (len(x),), generator=generator)][..., None, None]
    across, down = coordinates(x)
    dots = (torch.cos(2 * torch.pi * 26 * (across + down)) + torch.cos(2 * torch.pi * 26 * (across - down))) / 4 + 0.5
    picture = lerp(palette[:, 1], palette[:, 2], smoothstep(0.46, 0.50, tone))
    screened = smoothstep(-0.06, 0.06, dots - 1.6 * (tone - 0.44).clamp(min=0) * 2)
    between = smoothstep(0.46, 0.50, tone) * smoothstep(0.80, 0.76, tone)
    picture = lerp(picture, palette[:, 1], 0.85 * screened * between)
    picture = lerp(picture, palette[:, 3], smoothstep(0.84, 0.88, tone))
    picture = lerp(picture, palette[:, 0], smoothstep(0.25, 0.21, tone))
    return lerp(picture, color(0.04, 0.03, 0.08), smoothstep(0.3, 0.6, outlines(x, 0.011, 22.0)))


def cubism(x, generator):
    """Straight cuts through the picture; each facet is shifted, rotated, and shaded towards one of its borders."""
    n = len(x)
    across, down = coordinates(x)
    angle = torch.rand(n, 7, 1, 1, generator=generator) * torch.pi
    offset = 0.55 * (torch.rand(n, 7, 1, 1, generator=generator) - 0.5)
    side = torch.cos(angle) * (across - 0.5) + torch.sin(angle) * (down - 0.5) - offset
    sign = (side > 0).float() * 2 - 1
    weights = torch.randn(n, 5, 7, generator=generator) / 3
    facet = torch.einsum("nkl,nlhw->nkhw", weights, sign)
    turn, dx, dy = 0.22 * facet[:, :1], 0.030 * facet[:, 1:2], 0.030 * facet[:, 2:3]
    moved = shifted(painted(x, 0.010), dx - turn * (down - 0.5), dy + turn * (across - 0.5))
    earthy = lerp(saturate(moved, 1.0), lerp(color(0.12, 0.15, 0.26), color(0.96, 0.80, 0.52), gray(moved)), 0.45)
    nearest = side.abs().amin(1, keepdim=True)
    shade = 0.13 * facet[:, 3:4] + 0.12 * torch.tanh(8 * nearest) * torch.sign(facet[:, 4:5]) - 0.04
    edge = smoothstep(0.006, 0.001, nearest)
    return lerp(earthy + shade + 0.02 * noise(x, 0.008, generator), color(0.13, 0.10, 0.10), 0.75 * edge)
