"""The 68 points of a face, read from its anatomy: see `landmarks` for their order."""

import math

import torch

from .anatomy import Anatomy
from .eyes import brow_curve, lid_curves
from .mouth import lip_curves
from .surface import Clay


def eyes_and_mouth(a: Anatomy, clay: Clay, rotation: torch.Tensor) -> torch.Tensor:
    """Points 36 to 67, by which faces are aligned, in camera coordinates. rotation [3, 3] -> [32, 2]"""
    return _on_head(clay, torch.cat([_eyes(a), _mouth(a)]), rotation)


def all_points(a: Anatomy, clay: Clay, rotation: torch.Tensor) -> torch.Tensor:
    """All points of one face in camera coordinates, even those hidden by hair, hat or glasses. rotation [3, 3] -> [68, 2]"""
    inner = _on_head(clay, torch.cat([_brows(a), _nose(a)]), rotation)
    return torch.cat([_jaw(clay, rotation), inner, eyes_and_mouth(a, clay, rotation)])


def _on_head(clay, flat, rotation):
    return (torch.cat([flat, front_of(clay, flat)[:, None]], 1) @ rotation.T)[:, :2]


def front_of(clay: Clay, points: torch.Tensor) -> torch.Tensor:
    """The depth of the head's front at points of its front view. points [P, 2] -> z [P]"""
    x, y = points[:, 0].contiguous(), points[:, 1].contiguous()
    z = torch.full_like(x, clay.radii[2] + 0.35)
    for step in range(12):
        value, gradient = clay.field(x, y, z)
        z = z - (value * 0.72 if step < 9 else value / gradient[2].clamp(min=0.4))
    return z


def _brows(a: Anatomy) -> torch.Tensor:
    """[10, 2], the middle of each brow."""
    t = torch.tensor([0.98, 0.75, 0.5, 0.25, 0.02])  # from the outer end inwards
    x, y = a.brow_start + a.brow_length * t, brow_curve(a, t)
    return torch.cat([torch.stack([-x, y], 1), torch.stack([x, y], 1).flip(0)])


def _eyes(a: Anatomy) -> torch.Tensor:
    """[12, 2], on the edges of the lids."""
    upper_t, lower_t = torch.tensor([1.0, 0.36, -0.36, -1.0]), torch.tensor([-0.36, 0.36])  # 1 is the outer corner
    y = torch.cat([lid_curves(a, upper_t)[0], lid_curves(a, lower_t)[1]]) + a.eye_y
    x = a.eye_x + a.eye_width * torch.cat([upper_t, lower_t])
    return torch.cat([torch.stack([-x, y], 1), torch.stack([x, y], 1)[[3, 2, 1, 0, 5, 4]]])


def _mouth(a: Anatomy) -> torch.Tensor:
    """[20, 2], outer edge, then inner edge, of the lips."""
    outer, inner = torch.tensor([-1.0, -0.62, -0.26, 0.0, 0.26, 0.62, 1.0]), torch.tensor([-0.86, -0.40, 0.0, 0.40, 0.86])
    above, _, _, below = lip_curves(a, outer)
    _, top, bottom, _ = lip_curves(a, inner)
    x, inner_x = a.mouth_width * outer, a.mouth_width * inner
    return torch.cat([torch.stack([x, above], 1), torch.stack([x, below], 1)[[5, 4, 3, 2, 1]],
                      torch.stack([inner_x, top], 1), torch.stack([inner_x, bottom], 1)[[3, 2, 1]]])


def _nose(a: Anatomy) -> torch.Tensor:
    """[9, 2]: the bridge from between the eyes to the tip, and the base from nostril to nostril."""
    top = a.eye_y + 0.03
    bridge = torch.stack([torch.zeros(4), top + (a.nose_y - top) * torch.tensor([0.0, 0.33, 0.67, 1.0])], 1)
    x = a.nose_width * torch.tensor([-0.85, -0.42, 0.0, 0.42, 0.85])
    y = a.nose_y - torch.tensor([0.075, 0.098, 0.110, 0.098, 0.075])
    return torch.cat([bridge, torch.stack([x, y], 1)])


def _jaw(clay: Clay, rotation: torch.Tensor) -> torch.Tensor:
    """[17, 2] in camera coordinates: from ear to ear along the jaw or, where the head hides the jaw, along the visible outline."""
    angle = 1.5 * math.pi + torch.linspace(-1.60, 1.60, 17)  # from ear to ear
    forward = 0.05 + 0.25 * (-angle.sin()).clamp(min=0)  # the chin is further forward than the ears
    ways = torch.stack([angle.cos() * forward.cos(), angle.sin() * forward.cos(), forward.sin()])
    far = torch.full((17,), 0.9)
    for _ in range(12):
        point = ways * far
        value, gradient = clay.field(*point)
        far = far - value / sum(g * w for g, w in zip(gradient, ways)).clamp(min=0.3)
    _, gradient = clay.field(*(ways * far))
    seen, slope = rotation @ (ways * far), rotation @ torch.stack(gradient)
    edge = _outline(clay, rotation, seen[:2])
    return torch.where(slope[2] < 0, edge, seen[:2]).T


def _outline(clay: Clay, rotation: torch.Tensor, through: torch.Tensor) -> torch.Tensor:
    """Where the rays in the picture from its centre through points cross the head's outline. through [2, P] -> [2, P]

    Bisection along each ray for the radius at which the minimum of F along the line of sight is zero.
    """
    way = through / through.norm(dim=0)
    low, high = torch.full((way.shape[1],), 0.3), torch.full((way.shape[1],), 1.6)
    depths = torch.linspace(-0.9, 0.9, 61)[:, None]
    for _ in range(14):
        middle = (low + high) / 2
        xy = (way * middle)[:, None].expand(2, 61, -1)
        camera = torch.cat([xy, depths.expand(1, 61, way.shape[1])])
        head = torch.einsum("ji,jkp->ikp", rotation, camera)
        inside = clay.field(*head)[0].amin(0) < 0
        low, high = torch.where(inside, middle, low), torch.where(inside, high, middle)
    return way * middle
