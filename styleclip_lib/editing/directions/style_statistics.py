"""What the styles of a generator's faces are like, channel by channel."""

from dataclasses import dataclass

import torch

from ...networks.generator import Generator

_AT_ONCE = 1000


@dataclass
class StyleStatistics:
    """mean, std [num_channels] of the styles of many faces, and some of these faces to try things on.

    styles [N, num_channels], rgb_styles [N, num_rgb_channels]: the first N of the faces
    rgb_mean, rgb_std [num_rgb_channels]: as mean and std, for the styles of the toRGB layers
    """

    mean: torch.Tensor
    std: torch.Tensor
    styles: torch.Tensor
    rgb_styles: torch.Tensor
    rgb_mean: torch.Tensor
    rgb_std: torch.Tensor


@torch.no_grad()
def style_statistics(generator: Generator, images: int, samples: int, truncation_psi: float, seed: int) -> StyleStatistics:
    """Draws `samples` faces and keeps the styles of the first `images` of them. A seed means the same faces on every machine."""
    device = generator.mapping.w_avg.device
    z = torch.randn(samples, generator.z_dim, generator=torch.Generator().manual_seed(seed))
    total = squares = torch.zeros((), dtype=torch.float64)
    for part in z.split(_AT_ONCE):
        both = torch.cat(generator.styles(generator.mapping(part.to(device), truncation_psi)), dim=1).double()
        total, squares = total + both.sum(0), squares + both.square().sum(0)
    mean = total / samples
    std = (squares / samples - mean.square()).clamp(min=0).sqrt()
    styles, rgb_styles = generator.styles(generator.mapping(z[:images].to(device), truncation_psi))
    (mean, rgb_mean), (std, rgb_std) = (both.float().split([generator.num_channels, generator.num_rgb_channels]) for both in (mean, std))
    return StyleStatistics(mean, std, styles, rgb_styles, rgb_mean, rgb_std)
