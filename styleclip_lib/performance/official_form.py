"""The generator in the form of the official code: the same computation as `synthesis`, step by step as published, and slower.

Every sample gets weights of its own, all of which go through one grouped convolution, and upsampling inserts the zeros explicitly.
The tests compare both forms, and `styleclip benchmark` measures how much faster the library's is.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.generator import Synthesis
from ..networks.layers import SLOPE, SQRT2
from ..networks.modulation import EPSILON
from ..networks.resampling import TAPS
from ..networks.synthesis import SynthesisLayer, ToRGB


def official_synthesis(synthesis: Synthesis, w_plus: Tensor) -> Tensor:
    """`synthesis(w_plus)` with its stored noise: w_plus [B, num_ws, w_dim] -> image [B, 3, R, R]."""
    styles, rgb_styles = synthesis.styles(w_plus)
    x = synthesis.b4.const.repeat(len(w_plus), 1, 1, 1)
    image, of_layers = None, iter(styles)
    for resolution, rgb_style in zip(synthesis.resolutions, rgb_styles):
        block = getattr(synthesis, f"b{resolution}")
        for _, layer in block.layers():
            x = _convolved(layer, x, next(of_layers))
        rgb = _to_rgb(block.torgb, x, rgb_style)
        image = rgb if image is None else rgb + upfirdn2d(image, up=2, before=2, after=1, gain=4.0)
    return image


def grouped_modulated_conv2d(x: Tensor, weight: Tensor, styles: Tensor, demodulate: bool = True, up: int = 1) -> Tensor:
    """`modulation.modulated_conv2d` with weights for each sample, [B, O, I, K, K], and one group for each sample.

    x [B, I, H, W], weight [O, I, K, K], styles [B, I]  ->  [B, O, up·H, up·W]
    """
    batch, inside, height, width = x.shape
    outside, _, size, _ = weight.shape
    weights = (weight[None] * styles[:, None, :, None, None]).contiguous()
    if demodulate:
        weights = weights * torch.rsqrt(weights.square().sum((2, 3, 4), keepdim=True) + EPSILON)
    x = x.reshape(1, batch * inside, height, width)
    if up == 1:
        x = F.conv2d(x, weights.flatten(0, 1), padding=size // 2, groups=batch)
        return x.view(batch, outside, height, width)
    x = F.conv_transpose2d(x, weights.transpose(1, 2).flatten(0, 1), stride=2, groups=batch)
    return upfirdn2d(x.view(batch, outside, *x.shape[2:]), up=1, before=1, after=1, gain=4.0)


def upfirdn2d(x: Tensor, up: int, before: int, after: int, gain: float) -> Tensor:
    """Inserts a zero after every pixel (up=2), pads with zeros, filters with [1,3,3,1] in both directions, and multiplies by the gain.

    x [B, C, H, W]  ->  [B, C, up·H + before + after - 3, up·W + before + after - 3]
    """
    batch, channels, height, width = x.shape
    x = F.pad(x.view(batch, channels, height, 1, width, 1), [0, up - 1, 0, 0, 0, up - 1]).view(batch, channels, up * height, up * width)
    taps = torch.tensor(TAPS, dtype=x.dtype, device=x.device)
    kernel = (gain * torch.outer(taps, taps)).expand(channels, 1, -1, -1)
    return F.conv2d(F.pad(x, [before, after, before, after]), kernel, groups=channels)


def _convolved(layer: SynthesisLayer, x: Tensor, style: Tensor) -> Tensor:
    weight = layer.weight / math.sqrt(layer.weight[0].numel())
    x = grouped_modulated_conv2d(x, weight, style, up=layer.up)
    x = x + layer.noise_strength * layer.noise_const
    x = F.leaky_relu(x + layer.bias[:, None, None], SLOPE) * SQRT2
    return x if layer.conv_clamp is None else x.clamp(-layer.conv_clamp, layer.conv_clamp)


def _to_rgb(layer: ToRGB, x: Tensor, style: Tensor) -> Tensor:
    weight = layer.weight / math.sqrt(layer.weight.shape[1])
    rgb = grouped_modulated_conv2d(x, weight, style, demodulate=False) + layer.bias[:, None, None]
    return rgb if layer.conv_clamp is None else rgb.clamp(-layer.conv_clamp, layer.conv_clamp)
