"""A small network that applies one style to any picture (after Johnson et al. 2016), fast enough for videos."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .style_unet import EDGE

STRIDE = 4
"""Both sides of a picture must be multiples of it."""


class Residual(nn.Module):
    """x + two 3x3 convolutions. [B, C, H, W] -> the same shape"""

    def __init__(self, channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"), nn.InstanceNorm2d(channels, affine=True), nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"), nn.InstanceNorm2d(channels, affine=True))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class FastStyle(nn.Module):
    """image [B, 3, H, W] in [-1, 1], H and W multiples of `STRIDE` -> the restyled picture, the same shape and range.

    It works at a quarter of the size, where 4x4 pixels become 48 channels, and returns to full size by interpolation and a convolution,
    twice. A pixel shuffle would be faster, but it soon draws a 4x4 grid (Odena et al. 2016 on such patterns), which CLIP accepts as many
    a style. An untrained network returns the picture itself: its last layer, initially zero, is added to the picture's logit.
    width = channels at a quarter of the size, an even number; blocks = number of residual blocks.
    """

    def __init__(self, width: int = 64, blocks: int = 3):
        super().__init__()
        self.width, self.blocks = width, blocks
        self.inwards = nn.Sequential(nn.PixelUnshuffle(STRIDE), nn.Conv2d(3 * STRIDE**2, width, 3, padding=1, padding_mode="reflect"),
                                     nn.InstanceNorm2d(width, affine=True), nn.ReLU())
        self.middle = nn.Sequential(*(Residual(width) for _ in range(blocks)))
        self.outwards = nn.Sequential(nn.Conv2d(width, width // 2, 3, padding=1, padding_mode="reflect"), nn.ReLU())
        self.last = nn.Conv2d(width // 2, 3, 3, padding=1, padding_mode="reflect")
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, image: Tensor) -> Tensor:
        x = self.middle(self.inwards(image).contiguous(memory_format=torch.channels_last))
        added = self.last(_doubled(self.outwards(_doubled(x))))
        return torch.sigmoid(added + torch.logit((image + 1) / 2, EDGE)) * 2 - 1


def _doubled(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
