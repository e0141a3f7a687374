"""The surface of the head: an ellipsoid with Gaussian bumps, like a sculpture built up from clay.

F(p) = s·(|(p) / radii| - 1) - Σ_k a_k exp(-|(p - c_k) / w_k|²) is negative inside. The exponents of all bumps are one matrix product with
[1, x, y, z, x², y², z²], and so are the sums for F and its gradient. Rays are intersected with the surface by Newton's method; around the
nose, which hides what is behind it, they are marched in from the front.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F

from ..world.factors import Portrait
from .anatomy import Anatomy
from .shapes import cover
from .view import Hit, View

SCALE = 0.84  # makes F approximately a distance
COARSE = 0.033  # head units between the rays that are solved
FLAT = -50.0  # exponent at which a bump ends, since processors are slow with denormal numbers
CHUNK = 4096  # points at a time, so that the exponentials stay in the cache


@dataclass
class Clay:
    """An ellipsoid around the origin with K bumps. radii three numbers; bumps [K, 7]: height, centre (x, y, z), widths (x, y, z)."""

    radii: tuple[float, float, float]
    bumps: torch.Tensor

    def __post_init__(self):
        a, c, w = self.bumps[:, 0:1], self.bumps[:, 1:4], self.bumps[:, 4:7]
        inverse = w ** -2
        self.exponents = torch.cat([-(c * c * inverse).sum(1, keepdim=True), 2 * c * inverse, -inverse], 1)  # [K, 7]
        self.sums = torch.cat([a, 2 * a * c * inverse, 2 * a * inverse], 1).T.contiguous()  # [7, K]

    def field(self, x, y, z):
        """F and its gradient at points: maps of any one shape -> (F, (F_x, F_y, F_z))"""
        shape, (x, y, z) = x.shape, (v.reshape(-1) for v in (x, y, z))
        basis = torch.stack([torch.ones_like(x), x, y, z, x * x, y * y, z * z])
        height, gx, gy, gz, qx, qy, qz = torch.cat(
            [self.sums @ (self.exponents @ part).clamp_(min=FLAT).exp_() for part in basis.split(CHUNK, 1)], 1)
        rx, ry, rz = self.radii
        norm = (basis[4] / rx**2 + basis[5] / ry**2 + basis[6] / rz**2 + 1e-9).sqrt_()
        value = SCALE * (norm - 1) - height
        slope = SCALE / norm
        gradient = (x * (slope / rx**2 + qx) - gx, y * (slope / ry**2 + qy) - gy, z * (slope / rz**2 + qz) - gz)
        return value.view(shape), tuple(g.view(shape) for g in gradient)

    def near(self, x, y, z) -> "Clay":
        """The same surface without the bumps that do not reach the points (maps of one shape)."""
        points = torch.stack([v.reshape(-1)[::7] for v in (x, y, z)], 1)
        away = (points[:, None] - self.bumps[None, :, 1:4]) / self.bumps[None, :, 4:7]
        return Clay(self.radii, self.bumps[(away.square().sum(2).amin(0) < 7)])


def head_clay(p: Portrait, a: Anatomy) -> Clay:
    """The head of a portrait, without ears and neck."""
    rows = []

    def add(height, x, y, z, wx, wy, wz):
        for side in (-1, 1) if x else (1,):
            rows.append([height, side * x, y, z, wx, wy, wz])

    act, man, child, old = a.act, a.man * (1 - a.child), a.child, a.old
    thin, fat = max(-p.weight, 0.0), max(p.weight, 0.0)
    ex, ey, ny, my = a.eye_x, a.eye_y, a.nose_y, a.mouth_y
    chin_y = -0.93 + 0.06 * child - 0.04 * p.face_length - 0.35 * act.jaw
    # skull and jaw
    add(-0.105 + 0.03 * child, 0.0, 1.06, -0.05, 0.75, 0.36, 0.90)  # crown
    add(0.014 + 0.016 * man, 0.50, 0.52, 0.10, 0.30, 0.30, 0.60)  # sides of the skull
    add(0.030 + 0.030 * child, 0.0, 0.42, 0.62, 0.42, 0.26, 0.40)  # forehead
    add(-0.035 - 0.040 * old, 0.64, 0.14, 0.38, 0.18, 0.20, 0.24)  # temples
    add(0.020 + 0.048 * p.jaw + 0.065 * man + 0.075 * fat - 0.045 * thin - 0.02 * child, 0.50, -0.58, 0.16, 0.22, 0.20, 0.42)  # jaw
    chin_side = -0.028 + 0.065 * man + 0.035 * p.jaw + 0.080 * fat - 0.020 * thin + 0.030 * child - 0.035 * old
    add(chin_side, 0.34, -0.86, 0.28, 0.17, 0.16, 0.42)
    add(0.050 + 0.020 * man + 0.010 * p.jaw - 0.035 * child, 0.0, chin_y, 0.46, 0.19 + 0.05 * man, 0.13, 0.30)  # chin
    add(0.15 * fat + 0.06 * old, 0.0, -0.98, 0.16, 0.36, 0.12, 0.34)  # double chin
    # brow, sockets, lids
    add(0.020 + 0.035 * man - 0.015 * child, 0.24, a.brow_y - 0.03, 0.74, 0.24, 0.075, 0.20)
    add(-0.066 + 0.02 * child, ex - 0.02, ey + 0.01, 0.76, 0.17, 0.12, 0.22)
    add(0.058, ex, ey, 0.72, 0.125, 0.095, 0.22)
    # cheeks
    lift = act.cheek
    add(0.055 + 0.045 * p.cheekbones - 0.02 * child, 0.50, ey - 0.14, 0.46, 0.17, 0.13, 0.28)
    add(0.030 + 0.060 * child + 0.085 * fat - 0.045 * thin + 0.050 * lift, 0.36, -0.33 + 0.06 * lift, 0.62, 0.18, 0.16, 0.24)
    add(-0.065 * thin - 0.055 * old * (1 - fat) + 0.085 * fat + 0.060 * child, 0.46, -0.52, 0.46, 0.15, 0.17, 0.26)  # hollow of the cheek
    add(0.105 * old + 0.060 * fat, 0.40, -0.74, 0.36, 0.14, 0.13, 0.26)  # jowls
    # mouth
    add(0.060, 0.0, my + 0.02, 0.70, 0.24, 0.20, 0.26)
    add(-0.030, 0.0, my - 0.165, 0.70, 0.17, 0.055, 0.22)  # below the lower lip
    add(-0.016, 0.0, my + 0.115, 0.86, 0.030, 0.060, 0.20)  # philtrum
    # nose: bridge, tip, wings, septum
    top, out = ey + 0.06, a.nose_out
    for i, share in enumerate((0.0, 0.33, 0.66)):
        add(out * (0.16 + 0.15 * i), 0.0, top + share * (ny - top), 0.87 + 0.012 * i, 0.096 - 0.004 * i + 0.006 * man, 0.12, 0.17)
    add(out * 0.95, 0.0, ny, 0.90, a.nose_tip, 0.078, 0.16)
    add(out * 0.70, a.nose_width - 0.040, ny - 0.028, 0.80, 0.048, 0.052, 0.14)
    add(out * 0.30, 0.0, ny - 0.075, 0.86, 0.032, 0.045, 0.16)
    return Clay((a.width, a.height, a.depth), torch.tensor(rows))


def meet(clay: Clay, view: View, nose: View) -> Hit:
    """Where the rays of a view meet the head. nose = the part of the view in which the nose may hide what is behind it.

    Away from the nose the surface is smooth, so depths are solved for every few pixels and interpolated; normals are computed at every
    pixel.
    """
    origin, direction = view.rays()
    depth, inside = _interpolated(view, *_solved(clay, *view.coarse(COARSE).rays()))
    here = view.place_of(nose)
    depth[here] = _from_the_front(clay, [o[here] for o in origin], direction, depth[here])
    point = [o + depth * d for o, d in zip(origin, direction)]
    _, gradient = clay.field(*point)
    rotation = view.rotation.tolist()
    normal = [gradient[0] * r[0] + gradient[1] * r[1] + gradient[2] * r[2] for r in rotation]
    length = (normal[0] ** 2 + normal[1] ** 2 + normal[2] ** 2 + 1e-12).sqrt_()
    return Hit(view, cover(inside, view.pixel), *point, tuple(n / length for n in normal), depth)


def _solved(clay, origin, direction):
    """Depth, and distance inside the outline, of the rays' front points.

    The ray's closest point to the head (where F stops decreasing) gives the outline: -F over the slope across the ray. Around it F is
    approximately a parabola, whose front root is the start of Newton's method.
    """
    along = [d / r for d, r in zip(direction, clay.radii)]
    a = sum(v * v for v in along)
    t = sum((o / r) * v for o, r, v in zip(origin, clay.radii, along)) / -a  # of the bare ellipsoid
    curve = SCALE * a  # approximate second derivative of F along the ray
    for _ in range(2):
        _, rise, _ = _on_ray(clay, origin, direction, t)
        t = t - (rise / curve).clamp_(-0.15, 0.15)
    least, _, slope = _on_ray(clay, origin, direction, t)
    t = t + (least.clamp(max=0) * (-2 / curve)).sqrt_()
    for _ in range(3):
        value, rise, _ = _on_ray(clay, origin, direction, t)
        t = t - torch.where(least < 0, value / rise.clamp_(min=0.25), 0.0)
    return t, -least / slope


def _on_ray(clay, origin, direction, t):
    """F at depth t, its derivative along the ray, and the norm of its gradient."""
    value, gradient = clay.field(*(o + t * d for o, d in zip(origin, direction)))
    rise = sum(g * d for g, d in zip(gradient, direction))
    return value, rise, sum(g * g for g in gradient).sqrt_()


def _interpolated(view, *coarse):
    """Maps of `view.coarse(COARSE)`, interpolated to every pixel of the view."""
    h, w = view.x.shape
    step = view.coarse_step(COARSE)
    full = [(n - 1) * step + 1 for n in coarse[0].shape]
    return F.interpolate(torch.stack(coarse)[None], full, mode="bilinear", align_corners=True)[0, :, :h, :w].clone()


def _from_the_front(clay, origin, direction, depth):
    """Marches from in front of the nose until the ray meets the surface."""
    clay = clay.near(*(o + (depth + 0.10) * d for o, d in zip(origin, direction)))
    t = depth + 0.28
    for _ in range(8):
        t = t - 0.72 * clay.field(*(o + t * d for o, d in zip(origin, direction)))[0]
    for _ in range(2):
        value, rise, _ = _on_ray(clay, origin, direction, t)
        t = t - value / rise.clamp_(min=0.4)
    return t
