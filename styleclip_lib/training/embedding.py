"""The w assigned to each portrait for training the generator: a linear function of the portrait's factors.

A mapping network trained adversarially may arrange the factors in W in any way. Here the factors are known, so the arrangement can be
chosen: every factor is a straight line in W, all at the same scale. Karras et al. (2019, section 4.2) measure this disentanglement as
linear separability. The synthesis network and the mapping network can then be trained independently.
"""

import torch
from torch import Tensor

from ..errors import StyleclipError
from .worlds import World

OFFSET = 3.0
"""The mean of w: it keeps w in the linear range of the mapping network's last leaky ReLU."""


KNOTS = 6
"""The number of values by which a number with a nonlinear effect is described."""


class Embedding:
    """factors -> w = OFFSET + E · code, where E is a random matrix with orthonormal columns, scaled so that w has variance 1.

    The code is the world's; for a number with a nonlinear effect it also has the number's proximity to each of `KNOTS` values, in which,
    for instance, the colours of a palette are linear. Every column has mean 0 and variance 1, so that rare values of categories count as
    much as frequent ones.
    """

    def __init__(self, world: World, w_dim: int, seed: int, count: int = 20_000):
        rng = torch.Generator().manual_seed(seed)
        self.world = world
        raw = self._raw(world.from_uniform(torch.rand(count, len(world.factor_names), generator=rng)))
        self.mean, self.std = raw.mean(0), raw.std(0) + 1e-3
        self.size, self.w_dim = raw.shape[1], w_dim
        if w_dim < self.size:
            raise StyleclipError(f"w_dim is {w_dim}, but a portrait's code has {self.size} numbers: w_dim must be at least that.")
        categories = [world.kinds(name) > 0 for name in world.factor_names for _ in range(world.kinds(name) or 1)]
        self.is_category = torch.tensor(categories + [False] * (self.size - len(categories)))
        parts = (len(categories), self.size - len(categories))
        directions = torch.cat([torch.randn(w_dim, part, generator=rng, dtype=torch.float64) for part in parts], 1)
        orthonormal = torch.linalg.qr(directions)[0]
        self.matrix = (orthonormal.T * (w_dim / self.size) ** 0.5).float()

    def code(self, factors) -> Tensor:
        """factors of length N -> the standardised code [N, size]"""
        return (self._raw(factors) - self.mean) / self.std

    def w(self, factors, softness: Tensor | None = None) -> Tensor:
        """factors of length N -> w [N, w_dim].

        softness [N] in [0, 1/2): the share by which the categories are blended with those of the next portrait; the original remains the
        largest. This way truncated and interpolated latents, which lie between categories, learn to show one of them.
        """
        raw = self._raw(factors)
        if softness is not None:
            blended = torch.lerp(raw, raw.roll(1, 0), softness[:, None])
            raw = torch.where(self.is_category, blended, raw)
        return OFFSET + ((raw - self.mean) / self.std) @ self.matrix

    def _raw(self, factors) -> Tensor:
        """The code before it is standardised, with the proximities to the knots."""
        return torch.cat([self.world.code_of(factors), *(tents(getattr(factors, name)) for name in self.world.curved)], 1)


def tents(numbers: Tensor) -> Tensor:
    """The proximity of numbers in [0, 1] to each of `KNOTS` evenly spaced values: 1 at the value, 0 from its neighbours on.

    Any function that is linear between the knots is linear in these (a basis of hat functions).    [N] -> [N, KNOTS]
    """
    places = torch.linspace(0, 1, KNOTS, device=numbers.device)
    return (1 - (KNOTS - 1) * (numbers[:, None] - places).abs()).clamp(min=0)
