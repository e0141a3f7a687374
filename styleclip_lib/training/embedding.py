"""The w that the generator is taught for each portrait: a linear image of what is known about it.

A mapping network that learns alone may fold the world into W as it likes. Here the world is known, and so the goal can be set:
every factor a straight line in W, all at one scale, the disentanglement that Karras et al. (2019, section 4.2) measure as linear
separability. Then the synthesis network need not wait for the mapping network, and each learns by itself what is its own.
"""

import torch
from torch import Tensor

from ..errors import StyleclipError
from .worlds import World

OFFSET = 3.0
"""The mean of w: it keeps w on the straight side of the mapping network's last leaky ReLU."""


KNOTS = 6
"""In how many values a curved number is described."""


class Embedding:
    """factors -> w = OFFSET + E · code, with E a random matrix of orthonormal columns, times a number that gives w variance 1.

    The code is that of the world, and for a number whose effect is curved also its nearness to each of `KNOTS` values: the colours of a
    palette are linear in that. Every column has mean 0 and variance 1, so that the rare values of categories count as much.
    """

    def __init__(self, world: World, w_dim: int, seed: int, count: int = 20_000):
        rng = torch.Generator().manual_seed(seed)
        self.world = world
        raw = self._raw(world.from_uniform(torch.rand(count, len(world.factor_names), generator=rng)))
        self.mean, self.std = raw.mean(0), raw.std(0) + 1e-3
        self.size, self.w_dim = raw.shape[1], w_dim
        if w_dim < self.size:
            raise StyleclipError(f"w_dim is {w_dim}, but a portrait's code has {self.size} numbers: w needs at least as many.")
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

        softness [N] in [0, 1/2): the categories go that share of the way to those of the next portrait, and stay what they are
        (the largest). So truncated and interpolated latents, which lie between categories, learn to show one of them.
        """
        raw = self._raw(factors)
        if softness is not None:
            blended = torch.lerp(raw, raw.roll(1, 0), softness[:, None])
            raw = torch.where(self.is_category, blended, raw)
        return OFFSET + ((raw - self.mean) / self.std) @ self.matrix

    def _raw(self, factors) -> Tensor:
        """The code before it is standardised, and the nearness to knots."""
        return torch.cat([self.world.code_of(factors), *(tents(getattr(factors, name)) for name in self.world.curved)], 1)


def tents(numbers: Tensor) -> Tensor:
    """How near numbers in [0, 1] are to each of `KNOTS` evenly spaced values: 1 at it, 0 from its neighbours on. [N] -> [N, KNOTS]

    Whatever is linear between the knots is linear in these.
    """
    places = torch.linspace(0, 1, KNOTS, device=numbers.device)
    return (1 - (KNOTS - 1) * (numbers[:, None] - places).abs()).clamp(min=0)
