"""IR-SE50, the body of ArcFace and of e4e: a residual network with squeeze-and-excitation (Deng et al. 2019; Hu et al. 2018).

Its parts are named as in the official files, so that their tensors can be loaded unchanged.
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BLOCKS = (64,) * 3 + (128,) * 4 + (256,) * 14 + (512,) * 3
"""Output channels of each block."""


class SqueezeExcite(nn.Module):
    """Scales every channel by a factor in (0, 1), computed from the means of all channels. [B, C, H, W] -> the same shape"""

    def __init__(self, channels: int):
        super().__init__()
        self.fc1 = nn.Conv2d(channels, channels // 16, 1, bias=False)
        self.fc2 = nn.Conv2d(channels // 16, channels, 1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        means = x.mean((2, 3), keepdim=True)
        return x * self.fc2(self.fc1(means).relu()).sigmoid()


class Block(nn.Module):
    """[B, in_channels, H, W] -> [B, out_channels, H/stride, W/stride]. The second convolution has the stride."""

    def __init__(self, in_channels: int, out_channels: int, stride: int):
        super().__init__()
        if in_channels == out_channels:
            self.shortcut_layer = nn.MaxPool2d(1, stride)
        else:
            self.shortcut_layer = nn.Sequential(nn.Conv2d(in_channels, out_channels, 1, stride, bias=False), nn.BatchNorm2d(out_channels))
        self.res_layer = nn.Sequential(
            nn.BatchNorm2d(in_channels),
            nn.Conv2d(in_channels, out_channels, 3, padding=1, bias=False),
            nn.PReLU(out_channels),
            nn.Conv2d(out_channels, out_channels, 3, stride, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            SqueezeExcite(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.shortcut_layer(x) + self.res_layer(x)


class Irse50(nn.Module):
    """image [B, 3, H, W] in [-1, 1] -> a list of features, one for each group of blocks with the same number of channels.

    The first block of a group halves the size: with `BLOCKS` 64 channels at H/2, 128 at H/4, 256 at H/8, 512 at H/16.
    """

    def __init__(self, blocks: Sequence[int] = BLOCKS):
        super().__init__()
        self.blocks = tuple(blocks)
        first = blocks[0]
        self.input_layer = nn.Sequential(nn.Conv2d(3, first, 3, padding=1, bias=False), nn.BatchNorm2d(first), nn.PReLU(first))
        begins = [True, *(a != b for a, b in pairwise(blocks))]
        self.ends = [*begins[1:], True]
        self.widths = [width for width, is_end in zip(blocks, self.ends) if is_end]
        self.body = nn.ModuleList(Block(a, b, 2 if begin else 1) for a, b, begin in zip((first, *blocks), blocks, begins))

    def forward(self, image: Tensor) -> list[Tensor]:
        x = self.input_layer(image.contiguous(memory_format=torch.channels_last))
        features = []
        for block, is_end in zip(self.body, self.ends):
            x = block(x)
            if is_end:
                features.append(x)
        return features


def at_256(image: Tensor) -> Tensor:
    """image [B, 3, H, W] -> [B, 3, 256, 256], by adaptive average pooling as in the official code."""
    return image if image.shape[-2:] == (256, 256) else F.adaptive_avg_pool2d(image, 256)
