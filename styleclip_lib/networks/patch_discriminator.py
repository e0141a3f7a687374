"""A discriminator that looks at texture alone: picture -> for every place, one number, high for real (Isola et al. 2017, section 3.2.2)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import SLOPE

COARSE = 8
"""Pixels along each side of the squares whose mean counts as coarse."""

GAIN = 40.0
"""The factor by which what is finer is enlarged, since it is faint beside the differences between hair, skin and background."""


class PatchDiscriminator(nn.Module):
    """image [B, 3, R, R] in [-1, 1]  ->  logits [B, 1, R/4, R/4], each for the 20 pixels or so around a place

    It is shown the fine details, enlarged, beside the coarse picture, which tells where they are: hair has locks, skin has none.
    Weights as He et al. (2015) draw them. R is a multiple of 8.
    """

    def __init__(self, channels: Sequence[int]):
        """channels: of the layers at full, half and quarter size, and of one more at quarter size."""
        super().__init__()
        full, half, quarter, last = channels
        self.layers = nn.ModuleList([nn.Conv2d(6, full, 3, 1, 1), nn.Conv2d(full, half, 4, 2, 1), nn.Conv2d(half, quarter, 4, 2, 1),
                                     nn.Conv2d(quarter, last, 3, 1, 1)])
        self.out = nn.Conv2d(last, 1, 1)
        for layer in self.layers:
            nn.init.kaiming_normal_(layer.weight, SLOPE)

    def forward(self, image: Tensor) -> Tensor:
        coarse = F.interpolate(F.avg_pool2d(image, COARSE), scale_factor=COARSE, mode="bilinear")
        x = torch.cat([GAIN * (image - coarse), coarse], 1).contiguous(memory_format=torch.channels_last)
        for layer in self.layers:
            x = F.leaky_relu(layer(x), SLOPE)
        return self.out(x)
