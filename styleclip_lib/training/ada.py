"""Adaptive discriminator augmentation: a GAN from few pictures (Karras et al. 2020, "Training GANs with limited data").

With few pictures the discriminator soon overfits. So every picture it sees, real or generated, is augmented at random: each
augmentation happens with probability p, and p follows how confident the discriminator has become on real pictures. As long as p stays
below about 0.8, the augmentations do not leak into the generated pictures.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

MOST = 0.8
"""Above this p, augmentations begin to leak into the generated pictures (section 2.2)."""

LUMA = (1 / math.sqrt(3),) * 3
"""The unit vector from black to white in RGB."""


def augmented(images: Tensor, p: float, rng: torch.Generator) -> Tensor:
    """Pictures [B, 3, H, W] in [-1, 1], each augmented at random: mirrored, rotated, shifted, scaled, recoloured (appendix B, table 2,
    without filtering and corruption). p: the probability of each augmentation; 0 returns the pictures unchanged. Differentiable."""
    if p == 0:
        return images
    grid = F.affine_grid(_geometry(len(images), p, rng)[:, :2].to(images), list(images.shape), align_corners=False)
    images = F.grid_sample(images, grid, mode="bilinear", padding_mode="reflection", align_corners=False)
    colors = _colors(len(images), p, rng).to(images)
    return torch.einsum("nij,njhw->nihw", colors[:, :3, :3], images) + colors[:, :3, 3, None, None]


def _geometry(n: int, p: float, rng: torch.Generator) -> Tensor:
    """Matrices [n, 3, 3] from positions in the augmented picture to positions in the original, both in [-1, 1]."""
    def chosen(values: Tensor, usual: float, probability: float = p) -> Tensor:
        return torch.where(torch.rand(n, generator=rng) < probability, values, torch.full((n,), usual))

    def uniform() -> Tensor:
        return torch.rand(n, generator=rng) * 2 - 1

    def normal() -> Tensor:
        return torch.randn(n, generator=rng)

    turn = 1 - math.sqrt(1 - p)  # drawn twice, so that at least one rotation happens with probability p
    zero, one = torch.zeros(n), torch.ones(n)
    mirror = torch.where(chosen(torch.randint(2, (n,), generator=rng).float(), 0) > 0, -one, one)
    quarter = chosen(torch.randint(4, (n,), generator=rng).float(), 0) * (math.pi / 2)
    shift = chosen(uniform(), 0) * 0.25, chosen(uniform(), 0) * 0.25
    scale, stretch = 2 ** chosen(0.2 * normal(), 0), 2 ** chosen(0.2 * normal(), 0)
    first, last = chosen(uniform() * math.pi, 0, turn), chosen(uniform() * math.pi, 0, turn)
    move = chosen(0.25 * normal(), 0), chosen(0.25 * normal(), 0)
    parts = (_matrix(mirror, zero, zero, zero, one, zero), _rotation(quarter), _matrix(one, zero, shift[0], zero, one, shift[1]),
             _matrix(1 / scale, zero, zero, zero, 1 / scale, zero), _rotation(first),
             _matrix(1 / stretch, zero, zero, zero, stretch, zero), _rotation(last), _matrix(one, zero, move[0], zero, one, move[1]))
    return _product(parts)


def _colors(n: int, p: float, rng: torch.Generator) -> Tensor:
    """Matrices [n, 4, 4] that change colours (r, g, b, 1): brightness, contrast, luma flip, hue, saturation."""
    def chosen(values: Tensor, usual: float) -> Tensor:
        return torch.where(torch.rand(n, generator=rng) < p, values, torch.full((n,), usual))

    brightness, contrast = chosen(0.2 * torch.randn(n, generator=rng), 0), 2 ** chosen(0.5 * torch.randn(n, generator=rng), 0)
    flip = chosen(torch.randint(2, (n,), generator=rng).float(), 0)
    hue, saturation = chosen((torch.rand(n, generator=rng) * 2 - 1) * math.pi, 0), 2 ** chosen(torch.randn(n, generator=rng), 0)
    axis = torch.tensor(LUMA)
    along = torch.outer(axis, axis).expand(n, 3, 3)
    eye = torch.eye(3).expand(n, 3, 3)
    cross = torch.tensor([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]]).expand(n, 3, 3)
    cos, sin = hue.cos()[:, None, None], hue.sin()[:, None, None]
    turned = cos * eye + sin * cross + (1 - cos) * along
    vivid = along + (eye - along) * saturation[:, None, None]
    linear = vivid @ turned @ (eye - 2 * along * flip[:, None, None]) * contrast[:, None, None]
    result = torch.eye(4).repeat(n, 1, 1)
    result[:, :3, :3] = linear
    result[:, :3, 3] = (linear / contrast[:, None, None]).sum(2) * (brightness * contrast)[:, None]
    return result


def _matrix(*six: Tensor) -> Tensor:
    result = torch.eye(3).repeat(len(six[0]), 1, 1)
    result[:, :2] = torch.stack(six, 1).view(-1, 2, 3)
    return result


def _rotation(angle: Tensor) -> Tensor:
    cos, sin, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    return _matrix(cos, -sin, zero, sin, cos, zero)


def _product(matrices: tuple[Tensor, ...]) -> Tensor:
    result = matrices[0]
    for matrix in matrices[1:]:
        result = result @ matrix
    return result


class AdaptiveP:
    """The probability of the augmentations. It rises while r_t = E[sign(D(x))] on real pictures is above the target, and falls while it is
    below (section 3, heuristic r_t).

    speed: pictures in which p rises from 0 to 1;  every: steps between two changes of p
    """

    def __init__(self, target: float = 0.6, speed: float = 500_000, every: int = 4, p: float = 0.0):
        self.target, self.speed, self.every, self.p = target, speed, every, p
        self.r_t, self._sum, self._steps, self._pictures = 0.0, 0.0, 0, 0

    def follow(self, mean_sign: float, pictures: int) -> None:
        """Updates p after a step: the mean of sign(D(x)) over its real pictures, and their number."""
        self._sum, self._steps, self._pictures = self._sum + mean_sign, self._steps + 1, self._pictures + pictures
        if self._steps < self.every:
            return
        self.r_t = self._sum / self._steps
        direction = (self.r_t > self.target) - (self.r_t < self.target)
        self.p = min(MOST, max(0.0, self.p + direction * self._pictures / self.speed))
        self._sum, self._steps, self._pictures = 0.0, 0, 0

    def state_dict(self) -> dict:
        return {"p": self.p, "r_t": self.r_t, "sum": self._sum, "steps": self._steps, "pictures": self._pictures}

    def load_state_dict(self, state: dict) -> None:
        self.p, self.r_t, self._sum, self._steps, self._pictures = (state[name] for name in ("p", "r_t", "sum", "steps", "pictures"))
