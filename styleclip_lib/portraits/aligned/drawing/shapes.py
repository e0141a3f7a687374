"""Antialiased shapes and textures, the drawing tools of the aligned world.

A shape is a signed distance for each pixel, positive inside, in head units (half the height of a head). `cover` turns it into a coverage
in [0, 1] whose edge is one pixel wide, so that edges are sharp and not jagged at any size.
Maps are float32 [h, w]; colours are linear RGB, [3] or [3, h, w].
"""

import torch


def lerp(a, b, t):
    """a where t is 0, b where t is 1."""
    return a + (b - a) * t


def ramp(low: float, high: float, x: float) -> float:
    """0 up to low, 1 from high on, linear in between. For numbers."""
    return min(max((x - low) / (high - low), 0.0), 1.0)


def smoothstep(low, high, x: torch.Tensor) -> torch.Tensor:
    """0 below low, 1 above high (or vice versa if low > high), a smooth cubic in between."""
    t = ((x - low) / (high - low)).clamp_(0, 1)
    return t * t * (3 - 2 * t)


def cover(distance: torch.Tensor, edge: float) -> torch.Tensor:
    """Coverage of a shape. distance positive inside, edge = width of the edge in the same units (a pixel or more)."""
    return (distance / edge + 0.5).clamp_(0, 1)


def bell(x: torch.Tensor, width) -> torch.Tensor:
    """exp(-(x/width)²), a bump of height one."""
    return (x / width).square_().clamp_(max=50).neg_().exp_()


def ellipse(x, y, radius_x, radius_y) -> torch.Tensor:
    """Signed distance to an ellipse's edge, to first order: the implicit function divided by the norm of its gradient."""
    u, v = x / radius_x, y / radius_y
    norm = (u * u + v * v + 1e-9).sqrt_()
    slope = ((u / radius_x) ** 2 + (v / radius_y) ** 2 + 1e-9).sqrt_()
    return (1 - norm) * norm / slope


def rounded_box(x, y, half_width, half_height, radius) -> torch.Tensor:
    """Signed distance to a rectangle with rounded corners."""
    dx, dy = x.abs() - (half_width - radius), y.abs() - (half_height - radius)
    outside = (dx.clamp(min=0) ** 2 + dy.clamp(min=0) ** 2).sqrt_()
    return radius - outside - torch.maximum(dx, dy).clamp_(max=0)


def grain(x: torch.Tensor, y: torch.Tensor, frequency: float, phase: float = 0.0) -> torch.Tensor:
    """A grainy texture in [-1, 1], made of a few crossing waves."""
    u, v = frequency * x, frequency * y
    return torch.sin(u + 2.1 * torch.sin(0.7 * v + phase)) * torch.sin(v + 1.7 * torch.sin(0.9 * u - phase))


def blur(field: torch.Tensor, sigma: float) -> torch.Tensor:
    """Smooths a map [h, w] by a Gaussian, sigma in pixels; near the border the weights are renormalised."""
    down, across = (_gaussian(n, sigma) for n in field.shape)
    return down @ field @ across.T


def _gaussian(n: int, sigma: float) -> torch.Tensor:
    """The matrix [n, n] that smooths a row of n pixels."""
    place = torch.arange(n, dtype=torch.float32)
    weights = bell(place[:, None] - place, max(sigma, 0.3) * 2**0.5)
    return weights / weights.sum(1, keepdim=True)


def shifted(field: torch.Tensor, down: int, right: int) -> torch.Tensor:
    """A map [h, w] shifted by whole pixels; edges are repeated."""
    h, w = field.shape
    rows = (torch.arange(h) - down).clamp_(0, h - 1)
    columns = (torch.arange(w) - right).clamp_(0, w - 1)
    return field[rows][:, columns]


def paint(canvas: torch.Tensor, color: torch.Tensor, alpha: torch.Tensor) -> None:
    """Lays a colour over the canvas, in place.

    canvas [3, h, w] (or a window into it, see `View.window`), color [3] or [3, h, w], alpha [h, w] or a number. A canvas may have a
    fourth channel, the share not yet painted (see `parts`), which shadows leave unchanged.
    """
    color = color[:, None, None] if color.dim() == 1 else color
    picture, bare = canvas[:3], canvas[3:]
    picture += (color - picture) * alpha
    bare *= 1 - alpha


def darken(canvas: torch.Tensor, amount: torch.Tensor, tint=(0.55, 0.38, 0.34)) -> None:
    """Lays a shadow over the canvas, in place: where amount [h, w] is 1 the colour is multiplied by the tint (linear RGB)."""
    canvas[:3] *= 1 - amount * (1 - torch.tensor(tint)[:, None, None])
