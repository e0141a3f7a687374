"""Layers with an equalised learning rate, and the leaky ReLU that goes with them (Karras et al. 2018, section 4.1).

Weights are drawn from N(0, 1) and scaled in the forward pass by 1/sqrt(fan-in), so that all layers have the same scale for the optimiser.
"""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import StyleclipError
from .resampling import downsample2d, filter2d

SLOPE = 0.2
SQRT2 = math.sqrt(2.0)


def leaky_relu(x: Tensor, clamp: float | None = None) -> Tensor:
    """Leaky ReLU with slope 0.2. x has any shape and is overwritten, since large tensors are slow to allocate.

    StyleGAN2 multiplies the result by sqrt(2), which preserves the variance. Since leaky_relu(a·x) = a·leaky_relu(x) for a > 0,
    callers apply that factor where it costs nothing: to the small weights and biases before.
    `clamp` limits the result to [-clamp, clamp].
    """
    x = F.leaky_relu(x, SLOPE, inplace=True)
    return x if clamp is None else x.clamp(-clamp, clamp)


def pyramid(img_resolution: int, channels: Mapping[int, int]) -> list[int]:
    """The resolutions [4, 8, ..., img_resolution]. Raises StyleclipError unless `channels` names all of them."""
    if img_resolution < 8 or img_resolution & (img_resolution - 1):
        raise StyleclipError(f"img_resolution is {img_resolution}; it must be a power of two from 8 up.")
    resolutions = [2**i for i in range(2, img_resolution.bit_length())]
    missing = [r for r in resolutions if r not in channels]
    if missing:
        raise StyleclipError(f"channels has no number for {missing}; it needs one for each of {resolutions}.")
    return resolutions


class Linear(nn.Module):
    """y = (W · lr_multiplier / sqrt(in)) x + b · lr_multiplier; with `activation`, then leaky ReLU times sqrt(2).

    Computed in the precision of the weights even under autocast: these layers are small, and styles need the precision.
    [B, in_features] -> [B, out_features]
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias_init: float = 0.0,
        lr_multiplier: float = 1.0,
        activation: bool = False,
    ):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_features, in_features) / lr_multiplier)
        self.bias = nn.Parameter(torch.full([out_features], float(bias_init) / lr_multiplier))
        self.lr_multiplier = lr_multiplier
        self.activation = activation

    def forward(self, x: Tensor) -> Tensor:
        gain = self.lr_multiplier * (SQRT2 if self.activation else 1.0)
        with torch.autocast(x.device.type, enabled=False):
            weight = self.weight * (gain / math.sqrt(self.weight.shape[1]))
            x = F.linear(x.to(weight.dtype), weight, self.bias * gain)
        return leaky_relu(x) if self.activation else x


class Conv2d(nn.Module):
    """Convolution of the discriminator: optional downsampling, bias, leaky ReLU times sqrt(2), and a gain.

    With `down=2` the input is smoothed with [1,3,3,1] before every second pixel is taken.
    [B, in_channels, H, W] -> [B, out_channels, H/down, W/down]
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int,
        bias: bool = True,
        down: int = 1,
        activation: bool = True,
        gain: float = 1.0,
        clamp: float | None = None,
    ):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, kernel_size, kernel_size))
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None
        self.down = down
        self.activation = activation
        self.gain = gain * (SQRT2 if activation else 1.0)
        self.clamp = None if clamp is None else clamp * gain

    def forward(self, x: Tensor) -> Tensor:
        size = self.weight.shape[-1]
        weight = self.weight * (self.gain / math.sqrt(self.weight[0].numel()))
        bias = None if self.bias is None else self.bias * self.gain
        if self.down == 1:
            x = F.conv2d(x, weight, bias, padding=size // 2)
        elif size == 1:
            x = F.conv2d(downsample2d(x), weight, bias)
        else:
            x = F.conv2d(filter2d(x, padding=2), weight, bias, stride=2)
        return leaky_relu(x, self.clamp) if self.activation else x
