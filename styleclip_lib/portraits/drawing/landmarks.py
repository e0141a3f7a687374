"""The 68 points of a face, in the order of iBUG 300-W and dlib, known exactly for every portrait.

Left and right are the viewer's: 0-16 the jaw from the left ear over the chin (8) to the right ear; 17-21 and
22-26 the brows from left to right; 27-30 the bridge of the nose down to its tip, 31-35 its base; 36-41 and 42-47
the eyes, clockwise from the left corner; 48-59 the lips' outer edge clockwise from the left corner (48), 60-67 the
inner one.
"""

import torch

from ..world.factors import Factors
from .anatomy import Anatomy, anatomy
from .eyes import brow_curve, brow_span, lid_curves
from .geometry import head_radii, head_rotation, project
from .mouth import lip_curves

COUNT = 68
JAW, BROWS, NOSE, EYES, MOUTH = slice(0, 17), slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 68)


@torch.no_grad()
def landmarks(factors: Factors) -> torch.Tensor:
    """Where the 68 points of each portrait are, whether hair, hat or glasses hide them or not.

    factors of length N  ->  float32 [N, 68, 2]: x to the right and y down, in units of the picture's side, from its
    upper left corner. The point (x, y) lies on pixel (x * size - 0.5, y * size - 0.5) of `render(factors, size)`.
    """
    a = anatomy(factors)
    flat = torch.cat([_brows(a), _eyes(a), _mouth(a)], 1)
    on_head = _on_head(factors, flat)
    points = torch.cat([_jaw(factors), on_head[:, :10], _nose(factors, a), on_head[:, 10:]], 1)
    seen = project(factors, points) * torch.tensor([0.5, -0.5])
    return seen + 0.5


def _row(values: list[float]) -> torch.Tensor:
    return torch.tensor(values)[None, None, :]


def _points(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """x, y [N, 1, P] (or broadcast to it)  ->  [N, P, 2]"""
    return torch.stack(torch.broadcast_tensors(x, y), 3)[:, 0]


def _brows(a: Anatomy) -> torch.Tensor:
    """[N, 10, 2], the middle of each brow."""
    t = _row([0.98, 0.75, 0.5, 0.25, 0.02])  # from the outer end inwards
    start, length = brow_span(a)
    x, y = start + length * t, brow_curve(a, t)
    return torch.cat([_points(-x, y), _points(x, y).flip(1)], 1)


def _eyes(a: Anatomy) -> torch.Tensor:
    """[N, 12, 2], on the edges of the lids."""
    upper_t, lower_t = _row([1.0, 0.36, -0.36, -1.0]), _row([-0.36, 0.36])  # 1 is the outer corner
    upper, lower = lid_curves(a, upper_t)[0], lid_curves(a, lower_t)[1]
    t, y = torch.cat([upper_t, lower_t], 2), torch.cat([upper, lower], 2) + a.eye_y
    x = a.eye_x + a.eye_width * t
    return torch.cat([_points(-x, y), _points(x, y)[:, [3, 2, 1, 0, 5, 4]]], 1)


def _mouth(a: Anatomy) -> torch.Tensor:
    """[N, 20, 2], outer edge, then inner edge, of the lips."""
    outer, inner = _row([-1.0, -0.62, -0.26, 0.0, 0.26, 0.62, 1.0]), _row([-0.86, -0.40, 0.0, 0.40, 0.86])
    above, below = lip_curves(a, outer)[0], lip_curves(a, outer)[3]
    top, bottom = lip_curves(a, inner)[1], lip_curves(a, inner)[2]
    outer_x, inner_x = a.mouth_width * outer, a.mouth_width * inner
    return torch.cat([_points(outer_x, above), _points(outer_x, below)[:, [5, 4, 3, 2, 1]],
                      _points(inner_x, top), _points(inner_x, bottom)[:, [3, 2, 1]]], 1)


def _on_head(f: Factors, points: torch.Tensor) -> torch.Tensor:
    """Lifts [N, P, 2] in head coordinates to the front of the head's ellipsoid, [N, P, 3]."""
    width, height, depth = (r[:, 0] for r in head_radii(f))
    inside = 1 - (points[..., 0] / width) ** 2 - (points[..., 1] / height) ** 2
    return torch.cat([points, (depth * inside.clamp(min=0).sqrt())[..., None]], 2)


def _nose(f: Factors, a: Anatomy) -> torch.Tensor:
    """[N, 9, 3]: the bridge from between the eyes to the tip, and the base from nostril to nostril."""
    depth = head_radii(f)[2]
    down, lift = _row([0.0, 0.33, 0.67, 1.0]), _row([0.01, 0.04, 0.08, 0.115])
    top = a.eye_y + 0.03
    bridge_y = top + (a.nose_y + 0.01 - top) * down
    bridge = torch.cat([_points(torch.zeros_like(bridge_y), bridge_y), (depth + lift - 0.02).transpose(1, 2)], 2)
    x = a.nose_width * _row([-1.05, -0.52, 0.0, 0.52, 1.05])
    y = a.nose_y - _row([0.065, 0.095, 0.108, 0.095, 0.065])
    z = depth + _row([-0.03, 0.03, 0.06, 0.03, -0.03])
    return torch.cat([bridge, torch.cat([_points(x, y), z.transpose(1, 2)], 2)], 1)


def _jaw(f: Factors) -> torch.Tensor:
    """[N, 17, 3]: from ear to ear along the jaw; where the head hides the jaw, along the edge of what is seen.

    With p^T A p = 1 the head in the camera's frame, a point is hidden when (A p)_z < 0. Its ray (x, y) then meets the
    head inside its outline; x, y divided by the square root of the smallest p^T A p on that ray lie on the outline.
    """
    radii = torch.stack([r[:, 0, 0] for r in head_radii(f)], 1)
    angle = 1.5 * torch.pi + torch.linspace(-1.615, 1.615, 17)  # from ear to ear, a little above the middle
    forward = 0.05 + 0.20 * (-angle.sin()).clamp(min=0)  # the chin lies further forward than the ears
    jaw = torch.stack([angle.cos() * forward.cos(), angle.sin() * forward.cos(), forward.sin()], 1) * radii[:, None]

    rotation = head_rotation(f)
    form = rotation @ torch.diag_embed(radii**-2) @ rotation.transpose(1, 2)
    seen = jaw @ rotation.transpose(1, 2)
    slope = seen @ form  # A is symmetric
    hidden = slope[..., 2] < 0
    x, y, a = seen[..., 0], seen[..., 1], form[:, None]
    half_b = a[..., 0, 2] * x + a[..., 1, 2] * y
    smallest = a[..., 0, 0] * x * x + 2 * a[..., 0, 1] * x * y + a[..., 1, 1] * y * y - half_b**2 / a[..., 2, 2]
    grow = torch.where(hidden, smallest.clamp(min=1e-6).rsqrt(), torch.ones_like(smallest))
    edge = torch.stack([x * grow, y * grow, -half_b * grow / a[..., 2, 2]], 2)
    seen = torch.where(hidden[..., None], edge, seen)
    return seen @ rotation
