"""The objects of scenes. Each function paints onto canvas [N, 3, H, W] in [0, 1] and returns the new canvas.

`details` [N, DETAILS] in [0, 1) determine positions and sizes; y goes down from 0 to 1.
"""

import torch

from ..drawing.shapes import lerp, smoothstep
from .filters import color, coordinates

DETAILS = 48


def far_to_near(far, middle, near):
    """Three colours for three layers, from far to near."""
    return [lerp(far, middle, 0.45), lerp(middle, near, 0.25), near]


def _at(details, index):
    """One of the details as [N, 1, 1, 1]."""
    return details[:, index % DETAILS].view(-1, 1, 1, 1)


def _edge(canvas):
    """The width of a soft edge: about one pixel."""
    return 1.0 / canvas.shape[-2]


def _below(canvas, line, y):
    """1 below a line, with a soft edge."""
    return smoothstep(-_edge(canvas), _edge(canvas), y - line)


def _ridge(details, layer, x):
    """A wavy line around 0."""
    waves = ((0.050, 3.1, 8), (0.028, 7.3, 11), (0.008, 17.0, 14))
    return sum(size * torch.sin(often * x + 6.28 * _at(details, index + layer)) for size, often, index in waves)


def rolling_hills(canvas, details, layer, height, shade):
    x, y = coordinates(canvas)
    line = height + _ridge(details, layer, x)
    under = (y - line).clamp(min=0)
    meadow = shade * (1.12 - 0.6 * under.clamp(max=0.5) + 0.05 * torch.sin(60 * under ** 0.7 + 4 * x))
    return lerp(canvas, meadow, _below(canvas, line, y))


def round_trees(canvas, details, leaves, trunk):
    x, y = coordinates(canvas)
    for i in range(6):
        center, size = 1.1 * _at(details, 20 + i) - 0.05, 0.020 + 0.030 * _at(details, 27 + i)
        ground = 0.80 + _ridge(details, 2, center) + 0.10 * _at(details, 33 + i)
        stands = _box(canvas, x - center, y - ground + 0.7 * size, 0.14 * size, 0.9 * size)
        canvas = lerp(canvas, trunk, stands)
        distance = ((x - center) ** 2 + (1.3 * (y - ground + 2.3 * size)) ** 2).sqrt()
        bumpy = distance + 0.08 * size * torch.sin(7 * torch.atan2(y - ground + 2.3 * size, x - center))
        lighter = 1.15 - 6 * (y - ground + 2.6 * size).clamp(-0.05, 0.1)
        canvas = lerp(canvas, leaves * lighter, _below(canvas, bumpy, 1.5 * size))
    return canvas


def _box(canvas, dx, dy, half_width, half_height):
    """1 inside a rectangle around dx = dy = 0."""
    outside = torch.maximum(dx.abs() - half_width, dy.abs() - half_height)
    return smoothstep(_edge(canvas), -_edge(canvas), outside)


def houses(canvas, details, light, lamps_on):
    """Six small houses with gabled roofs; their windows glow where lamps_on [N] is True."""
    x, y = coordinates(canvas)
    walls = torch.cat([color(0.95, 0.92, 0.84), color(0.93, 0.80, 0.60), color(0.86, 0.72, 0.68)])
    roofs = torch.cat([color(0.72, 0.30, 0.22), color(0.50, 0.28, 0.22), color(0.38, 0.36, 0.42)])
    glass = torch.where(lamps_on.view(-1, 1, 1, 1), color(1.0, 0.86, 0.40), color(0.40, 0.52, 0.62) * light)
    for i in range(6):
        center = (i + 0.5) / 6 + 0.10 * (_at(details, 20 + 3 * i) - 0.5)
        half = 0.055 + 0.022 * _at(details, 34 + i)
        tall = half * (0.75 + 0.35 * _at(details, 28 + i))
        base = 0.66 + 0.10 * (i % 2) + _ridge(details, 1, center) + 0.03 * _at(details, 16 + i)
        dx, dy = x - center, y - base
        wall = walls[(_at(details, 9 + i).flatten() * 3).long()] * light
        roof = roofs[(_at(details, 13 + i).flatten() * 3).long()] * light
        canvas = lerp(canvas, wall * (1.05 - 0.25 * (dx > 0.45 * half)), _box(canvas, dx, dy + tall, half, tall))
        slope = (dy + 2 * tall + 0.95 * half) - 0.85 * dx.abs()
        gable = _below(canvas, 0, slope) * smoothstep(_edge(canvas), -_edge(canvas), dy + 2 * tall - 0.05 * half)
        canvas = lerp(canvas, roof, gable)
        for side in (-0.5, 0.5):
            canvas = lerp(canvas, glass, _box(canvas, dx - side * half, dy + 1.35 * tall, 0.20 * half, 0.24 * tall))
        door = _box(canvas, dx, dy + 0.40 * tall, 0.16 * half, 0.40 * tall)
        canvas = lerp(canvas, color(0.38, 0.24, 0.16) * light, door)
    return canvas


def water(canvas, details, horizon, far, near, shine):
    x, y = coordinates(canvas)
    depth = ((y - horizon) / (1 - horizon)).clamp(0, 1)
    sea = lerp(far, near, depth)
    rows = torch.log(depth + 0.05) * 16
    swell = 1.3 * torch.sin((7 - 3 * depth) * x + 6.28 * _at(details, 9))
    waves = torch.sin(rows + swell + 0.8 * torch.sin(19 * x + rows))
    sea = sea * (1 + 0.16 * waves) + 0.05 * waves.clamp(min=0)
    path = torch.exp(-((x - 0.15 - 0.7 * _at(details, 0)) / (0.05 + 0.10 * depth)) ** 2)
    sea = lerp(sea, shine, 0.65 * path * smoothstep(0.1, 0.8, waves) * (1 - 0.5 * depth))
    return lerp(canvas, sea, _below(canvas, horizon, y))


def boat(canvas, details, sail, hull):
    x, y = coordinates(canvas)
    size = 0.06 + 0.06 * _at(details, 20)
    dx, dy = x - 0.15 - 0.7 * _at(details, 21), y - 0.60 - 0.10 * _at(details, 22)
    cloth = _below(canvas, 0, dy + 2.2 * size - 2.2 * dx.abs() * torch.where(dx > 0, 1.0, 1.6)) * (dy < -0.15 * size)
    wood = _box(canvas, dx, dy, (size * (1.05 - 1.5 * (dy / size + 0.2))).clamp(min=0), 0.22 * size)
    here = (_at(details, 23) > 0.3).float()
    canvas = lerp(canvas, sail * (1 - 0.12 * (dx > 0)), cloth * here)
    canvas = lerp(canvas, hull, wood * here)
    return canvas


def fir_trees(canvas, details, colors):
    """Three rows of fir trees, each of three tiers."""
    x, y = coordinates(canvas)
    for row, shade in enumerate(colors):
        count = 11 - 2 * row
        for i in range(count):
            center = (i + 0.5) / count + 0.08 * (_at(details, 5 * row + i + 8) - 0.5)
            tall = (0.26 + 0.13 * row) * (0.75 + 0.5 * _at(details, 7 * row + i + 20))
            base = 0.66 + 0.17 * row + 0.03 * _at(details, 3 * row + i + 13)
            dx, up = (x - center).abs(), (base - y) / tall
            spans = ((0.62, 1.0), (0.34, 0.82), (0.06, 0.58))
            tiers = [((top - up) * 0.55).clamp(min=0) * (up > bottom) for bottom, top in spans]
            half = torch.stack(tiers).amax(0) * tall * 0.95
            tree = smoothstep(_edge(canvas), -_edge(canvas), dx - half) * (half > 0)
            trunk = _box(canvas, x - center, y - base + 0.02 * tall, 0.030 * tall, 0.07 * tall)
            canvas = lerp(canvas, color(0.30, 0.20, 0.13) * shade.amax(1, keepdim=True) * 2, trunk)
            canvas = lerp(canvas, shade * (0.85 + 0.35 * up.clamp(0, 1) + 0.10 * (x > center)), tree)
        canvas = lerp(canvas, shade * 0.9, _below(canvas, 0.66 + 0.17 * row + 0.02 * torch.sin(9 * x + row), y))
    return canvas


def skyline(canvas, details, colors, light, lamps):
    """Three rows of buildings; the share `lamps` [N] of the windows is lit."""
    x, y = coordinates(canvas)
    for row, shade in enumerate(colors):
        count = 9 - row
        for i in range(count):
            center = (i + 0.5) / count + 0.04 * (_at(details, 9 * row + i + 8) - 0.5)
            half = (0.35 + 0.20 * _at(details, 5 * row + i + 3)) / count
            top = 0.30 + 0.13 * row + 0.32 * _at(details, 11 * row + 2 * i + 17) ** 1.3
            dx, dy = x - center, y - top
            body = _box(canvas, dx, dy - 0.5, half, 0.5 + 0 * half)
            spire = _box(canvas, dx, dy, 0.06 * half, 0.06 + 0 * half) * (_at(details, 7 * row + i + 2) > 0.7)
            tone = shade * (0.9 + 0.25 * _at(details, 13 * row + i)) * (1.06 - 0.22 * (dx > 0.35 * half))
            canvas = lerp(canvas, tone, torch.maximum(body, spire))
            columns, rows = torch.floor(dx / 0.022), torch.floor(dy / 0.030)
            chance = (torch.sin(columns * 12.9 + rows * 78.2 + 40 * _at(details, i + row)) * 437.5) % 1
            pane = ((dx / 0.022) % 1 - 0.5).abs().lt(0.28) & ((dy / 0.030) % 1 - 0.5).abs().lt(0.28)
            pane = pane & (dx.abs() < 0.82 * half) & (dy > 0.03)
            lit = chance < lamps.view(-1, 1, 1, 1)
            glass = torch.where(lit, color(1.0, 0.87, 0.45), tone * 0.72 + 0.08 * light)
            canvas = lerp(canvas, glass, pane * (0.55 + 0.15 * row))
    return canvas


def mountain_range(canvas, details, layer, height, rock, light):
    x, y = coordinates(canvas)
    line = 0.95 + 0 * x
    for i in range(4):
        peak_x = (i + 0.5) / 4 + 0.22 * (_at(details, 9 + i + 5 * layer) - 0.5)
        peak_y = height + 0.16 * _at(details, 17 + i + 5 * layer)
        aside, steepness = (x - peak_x).abs(), 1.15 + 0.3 * _at(details, 33 + i)
        crags = 0.020 * torch.sin(31 * x + 6.28 * _at(details, 25 + i)) + 0.010 * torch.sin(67 * x + peak_x)
        line = torch.minimum(line, peak_y + steepness * aside + crags * (aside * 8).clamp(max=1))
    slope = (line[..., 1:] - line[..., :-1]) * canvas.shape[-2]
    slope = torch.cat([slope, slope[..., -1:]], -1)
    tone = rock * (1.0 - 0.22 * torch.tanh(slope)) * (1 - 0.3 * (y - line).clamp(0, 0.6))
    border = height + 0.24 + 0.035 * torch.sin(40 * x + 3 * torch.sin(13 * x))
    snow = smoothstep(0.010, -0.010, y - border)
    white = color(0.95, 0.97, 1.0) * light * (1 - 0.10 * torch.tanh(slope))
    return lerp(canvas, lerp(tone, white, snow), _below(canvas, line, y))
