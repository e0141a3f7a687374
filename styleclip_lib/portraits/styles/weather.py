"""Styles that change light and weather. Each: picture [N, 3, H, W] in [0, 1], generator -> the same shape and range."""

from itertools import pairwise

import torch

from ..drawing.shapes import lerp, smoothstep
from .filters import blur, cells, color, coordinates, gray, noise, saturate, shifted


def night(x, generator):
    across, down = coordinates(x)
    dim = lerp(saturate(x, 0.35), gray(x), 0.3) * color(0.24, 0.33, 0.62) * 1.15 + color(0.01, 0.015, 0.06)
    plain = smoothstep(0.05, 0.015, (gray(x) - blur(gray(x), 0.02)).abs()) * smoothstep(0.42, 0.10, down)
    _, _, distance, _, chance = cells(x, 0.075, 0.9, generator)
    stars = smoothstep(0.011, 0.003, distance) * smoothstep(0.35, 0.6, chance) * plain
    moon_x = torch.where(torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5, 0.13, x.shape[-1] / x.shape[-2] - 0.13)
    from_moon = ((across - moon_x) ** 2 + (down - 0.13) ** 2).sqrt()
    shadow = ((across - moon_x - 0.028) ** 2 + (down - 0.115) ** 2).sqrt()
    moon = smoothstep(0.070, 0.062, from_moon) * smoothstep(0.052, 0.060, shadow)
    glow = torch.exp(-from_moon / 0.16) * 0.35
    return lerp(dim + glow * color(0.5, 0.6, 0.9) + stars, color(1.0, 0.97, 0.80), moon)


def sunset(x, generator):
    across, down = coordinates(x)
    sky = lerp(lerp(color(0.42, 0.22, 0.55), color(0.98, 0.45, 0.32), smoothstep(0.0, 0.55, down)),
              color(1.0, 0.78, 0.30), smoothstep(0.45, 1.0, down))
    left = torch.rand(len(x), 1, 1, 1, generator=generator) < 0.5
    width = x.shape[-1] / x.shape[-2]
    from_sun = ((across - torch.where(left, 0.10 * width, 0.90 * width)) ** 2 + (down - 0.62) ** 2).sqrt()
    tone = gray(x)
    warm = lerp(x * (0.30 + 0.95 * sky), sky * (0.25 + 0.9 * tone), 0.42)
    sun = smoothstep(0.11, 0.10, from_sun) * smoothstep(0.45, 0.65, tone)
    glow = 0.55 * torch.exp(-from_sun / 0.16) * color(1.0, 0.62, 0.20)
    return lerp(warm * 1.06, color(1.0, 0.95, 0.70), 0.85 * sun) + glow


def snow(x, generator):
    _, down = coordinates(x)
    cold = lerp(saturate(x, 0.55), color(0.80, 0.88, 0.98) + 0 * x, 0.30)
    for size, radius in ((0.055, 0.007), (0.085, 0.011), (0.14, 0.017)):
        _, _, distance, _, chance = cells(x, size, 0.95, generator)
        flake = smoothstep(1.25 * radius, 0.6 * radius, distance) * smoothstep(0.15, 0.3, chance)
        cold = lerp(cold, 1.0, 0.93 * flake)
    drift = down - 0.93 + 0.030 * noise(x, 0.25, generator)
    lies = color(0.93, 0.96, 1.0) - 0.05 * noise(x, 0.05, generator).abs()
    return lerp(cold, lies, smoothstep(-0.012, 0.012, drift))


def fire(x, generator):
    across, down = coordinates(x)
    rise = 0.012 * noise(x, 0.07, generator) + 0.02 * noise(x, 0.15, generator)
    hot = shifted(x, rise, 0.5 * rise)
    lifted = gray(hot) ** 0.8 + 0.8 * (gray(hot) - blur(gray(hot), 0.05))
    tall = blur(noise(x, 0.022, generator) * 2.2, 0.035, "y") + 0.8 * blur(noise(x, 0.07, generator), 0.06, "y")
    flames = 0.36 + 0.42 * tall + 1.6 * (down - 0.90) + 0.5 * (0.5 - across).abs()
    body = 0.10 + 0.85 * lifted + 0.10 * tall
    heat = torch.maximum(body * 0.86, smoothstep(0.15, 1.05, flames))
    ramp = ((0.00, color(0.05, 0.01, 0.02)), (0.25, color(0.50, 0.05, 0.02)), (0.50, color(0.95, 0.32, 0.03)),
            (0.75, color(1.0, 0.75, 0.15)), (1.00, color(1.0, 0.98, 0.80)))
    picture = ramp[0][1] + 0 * x
    for (start, _), (end, shade) in pairwise(ramp):
        picture = lerp(picture, shade, ((heat - start) / (end - start)).clamp(0, 1))
    _, _, distance, _, chance = cells(x, 0.10, 0.95, generator)
    sparks = smoothstep(0.009, 0.003, distance) * smoothstep(0.5, 0.6, chance)
    return lerp(picture, color(1.0, 0.85, 0.40), sparks)


def underwater(x, generator):
    across, down = coordinates(x)
    phase = 2 * torch.pi * torch.rand(len(x), 1, 1, 1, generator=generator)
    sway, bob = torch.sin(2 * torch.pi * 5 * down + phase), torch.sin(2 * torch.pi * 4 * across + phase)
    wavy = shifted(x, 0.010 * sway, 0.005 * bob)
    water = lerp(color(0.12, 0.62, 0.72), color(0.01, 0.16, 0.36), down.sqrt())
    deep = lerp(gray(wavy) * (0.30 + 1.2 * water), wavy * color(0.40, 0.95, 1.0), 0.45) * 1.15
    ripple = noise(x, 0.085, generator).abs() + noise(x, 0.05, generator).abs()
    light = smoothstep(0.45, 0.02, ripple) * smoothstep(1.0, 0.2, down)
    picture = lerp(deep, water, 0.15) + 0.20 * light * color(0.7, 1.0, 0.95)
    _, _, distance, _, chance = cells(x, 0.13, 0.9, generator)
    radius = 0.012 + 0.014 * chance
    bubble = (smoothstep(0.006, 0.001, (distance - radius).abs()) + 0.25 * (distance < radius)) * (chance > 0.55)
    return lerp(picture, color(0.80, 0.97, 1.0), 0.75 * bubble.clamp(0, 1))
