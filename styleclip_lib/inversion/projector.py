"""What the projector of StyleGAN2 adds to an inversion (Karras et al. 2020, appendix D).

It adds noise to the latent code at first, so that the search does not settle in the first local minimum; and it optimises the noise
maps too, but keeps them noise, so that no picture can be hidden in them.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from ..networks.mapping import MappingNetwork

SMALLEST_MAP = 8
"""The regulariser halves a noise map until it has so many pixels along each side."""


def latent_noise(step: int, steps: int, length: float = 0.75) -> float:
    """The noise ramp: how much noise is added to the code, from 1 at the beginning to 0 after `length` of the steps.

    max(0, 1 - t / length)²  with t = step / steps; the projector multiplies it by 0.05 and the standard deviation of w.
    """
    return max(0.0, 1 - step / steps / length) ** 2


@torch.no_grad()
def w_deviation(mapping: MappingNetwork, seed: int = 0, count: int = 10_000) -> float:
    """The standard deviation of w: the root of the mean squared distance from the mean w, over `count` random z."""
    z = torch.randn(count, mapping.z_dim, generator=torch.Generator().manual_seed(seed))
    w = mapping.w(z.to(mapping.w_avg.device))
    return float((w - w.mean(0)).square().sum(1).mean().sqrt())


def noise_regularizer(maps: Sequence[torch.Tensor]) -> torch.Tensor:
    """How little the noise maps look like noise: the correlation of neighbouring pixels, at every scale.

    Σ_maps Σ_scales  mean(n · n moved right by one)² + mean(n · n moved down by one)²

    over the pyramid of every map n, halved by averaging until 8x8 pixels (a 4x4 map is taken as it is). White noise has 0 on average.
    maps: [B, 1, r, r] each -> a number
    """
    total = maps[0].new_zeros(())
    for noise in maps:
        while True:
            total = total + sum((noise * noise.roll(1, dims=dim)).mean().square() for dim in (3, 2))
            if noise.shape[-1] <= SMALLEST_MAP:
                break
            noise = F.avg_pool2d(noise, 2)
    return total


def normalized(noise: torch.Tensor) -> torch.Tensor:
    """A map with mean 0 and mean square 1, as the projector leaves it after every step."""
    centred = noise - noise.mean()
    return centred * centred.square().mean().rsqrt()
