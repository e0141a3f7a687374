"""A small ConvNeXt (Liu et al. 2022), the body of the networks that only measure."""

import torch
from torch import Tensor, nn


class ChannelNorm(nn.LayerNorm):
    """Layer normalisation over the channels of every pixel. x [B, C, H, W] -> the same shape"""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Block(nn.Module):
    """A depthwise convolution mixes positions, two linear layers mix channels, and the result is added to the input.

    x + γ · W₂ GELU(W₁ norm(depthwise₇ₓ₇(x)))      (Liu et al. 2022, figure 4, with LayerScale)
    """

    def __init__(self, channels: int, expansion: int = 3):
        super().__init__()
        self.depthwise = nn.Conv2d(channels, channels, 7, padding=3, groups=channels)
        self.norm = nn.LayerNorm(channels)
        self.mix = nn.Sequential(nn.Linear(channels, expansion * channels), nn.GELU(), nn.Linear(expansion * channels, channels))
        self.gamma = nn.Parameter(torch.full((channels,), 0.1))

    def forward(self, x: Tensor) -> Tensor:
        """x [B, C, H, W] -> the same shape"""
        y = self.norm(self.depthwise(x).permute(0, 2, 3, 1))
        return x + (self.gamma * self.mix(y)).permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """image [B, 3, H, W] in [-1, 1] -> features [B, channels, H / stride, W / stride].

    The stem cuts the picture into patches of 4x4 pixels; each later stage halves the size.
    widths, depths = channels and number of blocks of each stage.
    """

    def __init__(self, widths: tuple[int, ...] = (48, 96, 192, 256), depths: tuple[int, ...] = (1, 2, 4, 1)):
        super().__init__()
        self.channels, self.stride = widths[-1], 4 * 2 ** (len(widths) - 1)
        stages = []
        for number, (before, channels, depth) in enumerate(zip((3, *widths), widths, depths)):
            if number == 0:
                down = [nn.Conv2d(before, channels, 4, stride=4), ChannelNorm(channels)]
            else:
                down = [ChannelNorm(before), nn.Conv2d(before, channels, 2, stride=2)]
            stages.append(nn.Sequential(*down, *(Block(channels) for _ in range(depth))))
        self.stages = nn.Sequential(*stages)

    def forward(self, image: Tensor) -> Tensor:
        return self.stages(image.contiguous(memory_format=torch.channels_last))
