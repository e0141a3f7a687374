"""Where a pixel's ray meets the head: a turned ellipsoid, solved in closed form.

Head coordinates: origin in the middle of the head, x to the viewer's right, y up, z out of the face, in
units of half the head's height. The camera looks along -z from far away (orthographic projection).
"""

from dataclasses import dataclass

import torch

from ..world.factors import Factors
from .shapes import bell, column

YAW_MAX, PITCH_MAX, ROLL_MAX = 0.56, 0.27, 0.10  # radians at factor = 1


@dataclass
class View:
    """Every pixel of N pictures in the coordinates of the N heads.

    x, y      [N, H, W] position in head units, rolled with the head but not turned
    x_face    x undone of the face's outline (jaw, cheeks), to be used for everything that sits on the face
    rotation  [N, 3, 3] head -> camera
    scale     [N, 1, 1] half the head's height in units of half the picture
    pixel     [N, 1, 1] size of a pixel in head units
    """

    x: torch.Tensor
    y: torch.Tensor
    x_face: torch.Tensor
    rotation: torch.Tensor
    scale: torch.Tensor
    pixel: torch.Tensor


@dataclass
class Hit:
    """Where the rays meet a surface: coverage, head coordinates x, y, z, unit normal in the camera's frame, depth."""

    alpha: torch.Tensor
    x: torch.Tensor
    y: torch.Tensor
    z: torch.Tensor
    normal: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
    depth: torch.Tensor


def head_center(f: Factors):
    """The head's middle in the picture, x and y in [-1, 1], and its scale, each [N]."""
    scale = 0.49 + 0.15 * f.face_size
    return 0.05 * f.offset_x, 0.02 + 0.03 * f.offset_y, scale


def head_rotation(f: Factors) -> torch.Tensor:
    """[N, 3, 3], head -> camera: first pitch, then yaw."""
    yaw, pitch = YAW_MAX * f.yaw, PITCH_MAX * f.pitch
    zero, one = torch.zeros_like(yaw), torch.ones_like(yaw)
    tilt = torch.stack([one, zero, zero, zero, pitch.cos(), pitch.sin(), zero, -pitch.sin(), pitch.cos()], 1)
    turn = torch.stack([yaw.cos(), zero, yaw.sin(), zero, one, zero, -yaw.sin(), zero, yaw.cos()], 1)
    return turn.view(-1, 3, 3) @ tilt.view(-1, 3, 3)


def head_radii(f: Factors):
    """Half axes of the head's ellipsoid, each [N, 1, 1]."""
    width = 0.745 + 0.035 * f.weight
    return column(width), column(1.0 + 0.035 * f.face_length), column(0.84 + 0.02 * f.weight)


def outline(f: Factors, y: torch.Tensor) -> torch.Tensor:
    """How much wider than the ellipsoid the face is at height y: jaw, cheeks and cheekbones. y [N, ...]."""
    shape = [-1] + [1] * (y.dim() - 1)
    man = (f.gender == 1).float().view(shape)
    jaw, weight, bones = (v.view(shape) for v in (f.jaw, f.weight, f.cheekbones))
    child = (0.2 - f.age).clamp(min=0).view(shape) * 5
    wide = 1 + (0.02 + 0.045 * jaw + 0.10 * man) * bell(y + 0.72, 0.26) + (0.03 + 0.09 * weight) * bell(y + 0.5, 0.34)
    return wide + 0.035 * bones * bell(y + 0.12, 0.25) + 0.06 * child * bell(y + 0.35, 0.3) - 0.05 * bell(y + 0.95, 0.14)


def make_view(f: Factors, size: int) -> View:
    """The coordinates of every pixel. size = pixels along one side of the square picture."""
    axis = (torch.arange(size, device=f.yaw.device) + 0.5) / size * 2 - 1
    center_x, center_y, scale = head_center(f)
    x = (axis[None, None, :] - column(center_x)) / column(scale)
    y = (-axis[None, :, None] - column(center_y)) / column(scale)
    roll = column(ROLL_MAX * f.roll)
    x, y = x * roll.cos() + y * roll.sin(), y * roll.cos() - x * roll.sin()
    return View(x, y, x / outline(f, y), head_rotation(f), column(scale), 2 / size / column(scale))


def intersect(view: View, center, radii, on_face: bool = False, y=None) -> Hit:
    """The nearest point of a turned ellipsoid on the ray of every pixel.

    With A = R diag(1/r^2) R^T the surface is p^T A p = 1; along a ray p = (x, y, t) this is a quadratic in t.

    center (x, y, z) and radii (x, y, z) in head coordinates, numbers or tensors [N, 1, 1]
    on_face: use the coordinates that follow the face's outline
    y: replaces the height of every pixel (a cylinder is an ellipsoid whose height stops changing)
    """
    rotation = view.rotation
    axes = torch.stack([_as_vector(r, rotation) for r in radii], 1)
    middle = (rotation @ torch.stack([_as_vector(c, rotation) for c in center], 1)[:, :, None])[:, :, 0]
    form = rotation @ torch.diag_embed(axes**-2) @ rotation.transpose(1, 2)
    a = form[:, :, :, None, None]

    x = (view.x_face if on_face else view.x) - column(middle[:, 0])
    y = (view.y if y is None else y) - column(middle[:, 1])
    half_b = a[:, 0, 2] * x + a[:, 1, 2] * y
    c = a[:, 0, 0] * x * x + 2 * a[:, 0, 1] * x * y + a[:, 1, 1] * y * y
    nearest = c - half_b * half_b / a[:, 2, 2]  # smallest value of p^T A p on this ray
    t = (-half_b + torch.sqrt(((1 - nearest) * a[:, 2, 2]).clamp(min=1e-6))) / a[:, 2, 2]

    mean_radius = column(axes[:, :2].mean(1))
    alpha = ((1 - torch.sqrt(nearest.clamp(min=1e-9))) * mean_radius / view.pixel + 0.5).clamp(0, 1)
    normal = [a[:, i, 0] * x + a[:, i, 1] * y + a[:, i, 2] * t for i in range(3)]
    length = torch.sqrt(sum(n * n for n in normal) + 1e-9)
    normal = tuple(n / length for n in normal)

    x, y, t = x + column(middle[:, 0]), y + column(middle[:, 1]), t + column(middle[:, 2])
    r = rotation[:, :, :, None, None]
    head = [r[:, 0, i] * x + r[:, 1, i] * y + r[:, 2, i] * t for i in range(3)]
    return Hit(alpha, *head, normal, t)


def _as_vector(value, like):
    return torch.as_tensor(value, dtype=like.dtype, device=like.device).reshape(-1).expand(len(like))


def project(f: Factors, points: torch.Tensor) -> torch.Tensor:
    """Where points of the head appear in the picture. points [N, P, 3] head -> [N, P, 2], x right, y up, in [-1, 1]."""
    camera = points @ head_rotation(f).transpose(1, 2)
    x, y = camera[..., 0] * outline(f, camera[..., 1]), camera[..., 1]
    roll = ROLL_MAX * f.roll[:, None]
    x, y = x * roll.cos() - y * roll.sin(), x * roll.sin() + y * roll.cos()
    center_x, center_y, scale = (v[:, None] for v in head_center(f))
    return torch.stack([x * scale + center_x, y * scale + center_y], 2)
