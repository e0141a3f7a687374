"""Soft-edged shapes and textures: the pencil of the procedural world.

Every shape is a number for each pixel, positive inside and negative outside, measured in head units (half
the height of a head). `soft` turns it into a coverage in [0, 1] with an edge one pixel wide, so that
pictures look the same at any size.
"""

import torch


def column(factor: torch.Tensor) -> torch.Tensor:
    """factor [N] -> [N, 1, 1], ready to meet pixels [N, H, W]."""
    return factor[:, None, None]


def lerp(a, b, t):
    """a where t is 0, b where t is 1."""
    return a + (b - a) * t


def smoothstep(low: float, high: float, x: torch.Tensor) -> torch.Tensor:
    """0 below low, 1 above high, a smooth cubic in between."""
    t = ((x - low) / (high - low)).clamp(0, 1)
    return t * t * (3 - 2 * t)


def soft(distance: torch.Tensor, edge) -> torch.Tensor:
    """Coverage of a shape. distance [N, H, W] (positive inside), edge = width of the soft edge."""
    return (distance / edge + 0.5).clamp(0, 1)


def bell(x, width):
    """exp(-(x/width)^2), a bump of height one."""
    return torch.exp(-((x / width) ** 2))


def ellipse(x, y, radius_x, radius_y):
    """Distance to an ellipse's edge, exact on a circle and close to it near the edge of an ellipse."""
    norm = torch.sqrt((x / radius_x) ** 2 + (y / radius_y) ** 2 + 1e-9)
    return (1 - norm) * (radius_x + radius_y) / 2


def rounded_box(x, y, half_width, half_height, radius):
    """Distance to a rectangle with rounded corners."""
    dx, dy = x.abs() - half_width + radius, y.abs() - half_height + radius
    outside = torch.sqrt(dx.clamp(min=0) ** 2 + dy.clamp(min=0) ** 2 + 1e-9)
    return radius - outside - torch.maximum(dx, dy).clamp(max=0)


def strands(across: torch.Tensor, phase: torch.Tensor) -> torch.Tensor:
    """Brightness of combed hair over the coordinate across its strands: a sum of incommensurable waves.

    across [N, H, W] in head units, phase [N, 1, 1]  ->  [N, H, W] in about [-1, 1]
    """
    return (0.45 * torch.sin(17 * across + 9 * phase) + 0.35 * torch.sin(37 * across + 21 * phase)
            + 0.25 * torch.sin(71 * across + 5 * phase))


def grain(x: torch.Tensor, y: torch.Tensor, frequency: float, phase) -> torch.Tensor:
    """A grainy texture in [-1, 1], made of a few crossing waves."""
    u, v = frequency * x, frequency * y
    return (torch.sin(u + 2.1 * torch.sin(0.7 * v + phase)) * torch.sin(v + 1.7 * torch.sin(0.9 * u - phase)))


def paint(canvas: torch.Tensor, color: torch.Tensor, alpha: torch.Tensor) -> torch.Tensor:
    """Lays a colour over the canvas.

    canvas [N, 3, H, W] in [0, 1], color [N, 3] or [N, 3, H, W], alpha [N, H, W]  ->  [N, 3, H, W]
    """
    if color.dim() == 2:
        color = color[:, :, None, None]
    return torch.lerp(canvas, color.expand_as(canvas), alpha[:, None])
