"""Fine relief: a height map that tilts the normals of a surface."""

import torch


def slopes(field: torch.Tensor, pixel: float):
    """Slopes of a map [h, w] to the right and upwards, per head unit; zero at the window's border."""
    x, y = torch.zeros_like(field), torch.zeros_like(field)
    x[:, 1:-1] = (field[:, 2:] - field[:, :-2]) / (2 * pixel)
    y[1:-1] = (field[:-2] - field[2:]) / (2 * pixel)
    return x, y


def tilted(normal, relief: torch.Tensor, pixel: float, steepest: float = 1.2):
    """Normals of a surface with a relief (in head units towards the camera), limited to the slope `steepest`. Three maps [h, w]"""
    x, y = slopes(relief, pixel)
    x, y = normal[0] - normal[2] * x.clamp_(-steepest, steepest), normal[1] - normal[2] * y.clamp_(-steepest, steepest)
    length = (x * x + y * y + normal[2] ** 2).sqrt_().clamp_(min=1e-3)
    return x / length, y / length, normal[2] / length
