"""Styles of drawing, with lines or in one colour. Each: picture [N, 3, H, W] in [0, 1], generator -> the same shape and range."""

import torch

from ..drawing.shapes import lerp, smoothstep
from .filters import (
    along_contours,
    blur,
    color,
    coordinates,
    gradient,
    gray,
    noise,
    outlines,
)


def _tone(x, contrast: float = 1.25, local: float = 0.9):
    """Brightness stretched to the whole range, for drawings without colour. -> [N, 1, H, W].

    Dark areas are lifted and local contrast is enhanced (`local`), so that a dark face keeps its features.
    """
    g = gray(x).clamp(min=0) ** 0.75
    g = g + local * (g - blur(g, 0.05))
    low, high = g.flatten(1).quantile(0.02, 1), g.flatten(1).quantile(0.98, 1)
    g = (g - low.view(-1, 1, 1, 1)) / (high - low + 0.05).view(-1, 1, 1, 1)
    return (0.5 + contrast * (g - 0.5)).clamp(0, 1)


def _hatching(like, generator, slope: float = 1.0):
    """Parallel slanting strokes: smooth numbers between about 0 and 1, [N, 1, H, W]."""
    x, y = coordinates(like)
    along = 0.02 * noise(like, 0.15, generator)
    waves = torch.sin(2 * torch.pi * 30 * (x + slope * y + along))
    return (0.5 + 0.38 * waves + 0.22 * noise(like, 0.02, generator)).clamp(0, 1)


def pencil_sketch(x, generator):
    tone = _tone(x, 1.0)
    lines = outlines(x, 0.006, 22.0)
    dodge = (tone / (blur(tone, 0.03) + 0.02)).clamp(0, 1) ** 1.5
    first = smoothstep(0.0, 0.5, _hatching(x, generator) - 0.25 - 0.85 * tone)
    second = smoothstep(0.0, 0.5, _hatching(x, generator, -0.6) - 0.20 - 1.6 * tone)
    grain = 0.03 * noise(x, 0.004, generator)
    ink = 0.55 * (1 - dodge) + 0.85 * lines + 0.40 * first + 0.40 * second + grain
    return lerp(color(0.97, 0.96, 0.93), color(0.20, 0.20, 0.23), ink.clamp(0, 0.95))


def charcoal(x, generator):
    tone = blur(_tone(x, 1.2), 0.004)
    smudge = along_contours(noise(x, 0.006, generator), x, 0.06)
    paper = noise(x, 0.009, generator) * 0.6 + noise(x, 0.004, generator) * 0.5
    dark = 0.95 - 1.0 * tone + 0.20 * smudge + 1.0 * outlines(x, 0.010, 16.0)
    grip = smoothstep(-0.75, 1.1, dark * 1.9 - 0.95 + 0.30 * paper)
    return lerp(color(0.88, 0.86, 0.81), color(0.06, 0.06, 0.06), grip)


def ink(x, generator):
    tone = _tone(x, 1.2)
    lines = smoothstep(0.25, 0.55, outlines(x, 0.008, 24.0))
    black = smoothstep(0.22, 0.14, blur(tone, 0.004))
    across, down = coordinates(x)
    hatch = torch.sin(2 * torch.pi * 34 * (across + down)) * 0.5 + 0.5
    shade = smoothstep(0.0, 0.18, hatch - 0.45 - 1.0 * (blur(tone, 0.008) - 0.28)) * smoothstep(0.62, 0.52, tone)
    marks = torch.maximum(torch.maximum(lines, black), 0.95 * shade)
    return lerp(color(0.99, 0.98, 0.95), color(0.05, 0.05, 0.08), marks)


def blueprint(x, generator):
    across, down = coordinates(x)
    lines = smoothstep(0.15, 0.6, outlines(x, 0.006, 26.0))
    hatch = smoothstep(0.55, 0.9, torch.sin(2 * torch.pi * 40 * (across - down)) * 0.5 + 0.5)
    shade = hatch * smoothstep(0.45, 0.15, _tone(x)) * 0.35
    grid = sum(smoothstep(0.97, 1.0, torch.cos(2 * torch.pi * 8 * t)) for t in (across, down))
    paper = color(0.07, 0.25, 0.58) + 0.010 * noise(x, 0.10, generator) + 0.13 * grid
    return lerp(paper, color(0.90, 0.96, 1.0), torch.maximum(lines, shade))


def black_and_white(x, generator):
    return (_tone(x, 1.15, 0.2) + 0.025 * noise(x, 0.006, generator)).expand(-1, 3, -1, -1)


def old_photograph(x, generator):
    tone = 0.12 + 0.74 * blur(_tone(x, 1.1, 0.4), 0.005) + 0.05 * noise(x, 0.006, generator)
    across, down = coordinates(x)
    width = x.shape[-1] / x.shape[-2]
    corner = ((across / width - 0.5) ** 2 + (down - 0.5) ** 2) * 4
    tone = lerp(tone, 0.90, 0.45 * smoothstep(0.7, 2.0, corner)) + 0.05 * noise(x, 0.30, generator)
    scratch = smoothstep(3.1, 3.4, noise(x, 0.012, generator).mean(2, keepdim=True) * x.shape[-2] ** 0.5)
    specks = smoothstep(2.5, 2.9, noise(x, 0.012, generator))
    tone = tone + 0.25 * scratch + 0.35 * specks - 0.35 * smoothstep(2.5, 2.9, noise(x, 0.010, generator))
    sepia = lerp(color(0.20, 0.11, 0.05), color(0.96, 0.87, 0.70), tone.clamp(0, 1))
    edge = torch.minimum(torch.minimum(across, width - across), torch.minimum(down, 1 - down))
    edge = edge + 0.002 * noise(x, 0.02, generator)
    return lerp(color(0.93, 0.88, 0.78), sepia, smoothstep(0.028, 0.040, edge))


def neon(x, generator):
    g = blur(gray(x), 0.008)
    dx, dy = gradient(g)
    edge = (dx * dx + dy * dy).sqrt() * x.shape[-2] / 4
    tube = torch.maximum(smoothstep(0.5, 1.3, edge), smoothstep(0.2, 0.6, outlines(x, 0.010, 20.0)))
    hue = torch.rand(len(x), 1, 1, 1, generator=generator) + 0.28 * noise(x, 0.45, generator)
    phases = color(0.0, 1 / 3, 2 / 3)
    light = (0.5 + 0.6 * torch.cos(2 * torch.pi * (hue + phases))).clamp(0.04, 1)
    glow = 1.0 * blur(tube, 0.022) + 0.55 * blur(tube, 0.06)
    night = color(0.03, 0.01, 0.07) + 0.10 * x * gray(x)
    return night + light * (0.95 * tube + 0.9 * glow) + 0.35 * smoothstep(0.6, 1.0, tube)
