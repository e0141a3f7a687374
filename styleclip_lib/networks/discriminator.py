"""The residual discriminator of StyleGAN2 (Karras et al. 2020, figure 7): picture -> one number, high for real."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..errors import StyleclipError
from .layers import Conv2d, Linear, pyramid


def minibatch_std(x: Tensor, group_size: int, num_features: int = 1) -> Tensor:
    """How much the pictures of a group differ, as additional channels (Karras et al. 2018, section 3).

    The batch is dealt like cards into B/group_size groups. In each, the standard deviation over the pictures is averaged over the pixels
    and over C/num_features channels at a time; every picture of the group gets the result.
    If group_size does not divide B, the largest smaller number that does is used.

    x [B, C, H, W]  ->  [B, num_features, H, W]
    """
    batch, channels, height, width = x.shape
    group = max(size for size in range(1, min(group_size, batch) + 1) if batch % size == 0)
    y = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    y = y.reshape(group, batch // group, num_features, channels // num_features, height, width)
    y = (y.var(dim=0, correction=0) + 1e-8).sqrt().mean(dim=(2, 3, 4))          # [B/group, num_features]
    return y.repeat(group, 1)[:, :, None, None].expand(-1, -1, height, width).to(x.dtype)


class DiscriminatorBlock(nn.Module):
    """Two convolutions plus a shortcut, both halving the size. [B, I, R, R] -> [B, O, R/2, R/2]"""

    def __init__(self, in_channels: int, out_channels: int, from_rgb: bool, conv_clamp: float | None):
        super().__init__()
        if from_rgb:
            self.fromrgb = Conv2d(3, in_channels, 1, clamp=conv_clamp)
        self.conv0 = Conv2d(in_channels, in_channels, 3, clamp=conv_clamp)
        self.conv1 = Conv2d(in_channels, out_channels, 3, down=2, gain=math.sqrt(0.5), clamp=conv_clamp)
        self.skip = Conv2d(in_channels, out_channels, 1, bias=False, down=2, activation=False, gain=math.sqrt(0.5))

    def forward(self, x: Tensor) -> Tensor:
        if hasattr(self, "fromrgb"):
            x = self.fromrgb(x)
        return self.skip(x) + self.conv1(self.conv0(x))


class DiscriminatorEpilogue(nn.Module):
    """The last block, at 4x4: minibatch standard deviation, a convolution, two linear layers. [B, C, 4, 4] -> [B, 1]"""

    def __init__(self, channels: int, mbstd_group_size: int, mbstd_num_features: int, conv_clamp: float | None):
        super().__init__()
        self.mbstd_group_size, self.mbstd_num_features = mbstd_group_size, mbstd_num_features
        self.conv = Conv2d(channels + mbstd_num_features, channels, 3, clamp=conv_clamp)
        self.fc = Linear(channels * 4 * 4, channels, activation=True)
        self.out = Linear(channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        if self.mbstd_num_features > 0:
            x = torch.cat([x, minibatch_std(x, self.mbstd_group_size, self.mbstd_num_features)], dim=1)
        return self.out(self.fc(self.conv(x).flatten(1)))


class Discriminator(nn.Module):
    """image [B, 3, R, R] in [-1, 1]  ->  logits [B, 1]

    img_resolution is a power of two; channels maps every resolution from 4 to img_resolution to its number of channels.
    Blocks are `b{resolution}`, from the largest down to `b4`, with NVIDIA's names inside.
    """

    def __init__(
        self,
        img_resolution: int,
        channels: Mapping[int, int],
        mbstd_group_size: int = 4,
        mbstd_num_features: int = 1,
        conv_clamp: float | None = None,
    ):
        super().__init__()
        self.img_resolution, self.channels = img_resolution, dict(channels)
        self.resolutions = pyramid(img_resolution, channels)[:0:-1]
        for r in self.resolutions:
            self.add_module(f"b{r}", DiscriminatorBlock(channels[r], channels[r // 2], r == img_resolution, conv_clamp))
        self.b4 = DiscriminatorEpilogue(channels[4], mbstd_group_size, mbstd_num_features, conv_clamp)

    def forward(self, image: Tensor) -> Tensor:
        if image.ndim != 4 or image.shape[1:] != (3, self.img_resolution, self.img_resolution):
            raise StyleclipError(
                f"image has shape {list(image.shape)}, but this discriminator needs "
                f"[B, 3, {self.img_resolution}, {self.img_resolution}]."
            )
        x = image.contiguous(memory_format=torch.channels_last)
        for r in self.resolutions:
            x = getattr(self, f"b{r}")(x)
        return self.b4(x)
