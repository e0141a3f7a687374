"""The synthesis network: styles -> picture, in blocks of doubling resolution (Karras et al. 2020, figures 2 and 7)."""

import math

import torch
from torch import Tensor, nn

from ..errors import StyleclipError
from .layers import SQRT2, Linear, leaky_relu
from .modulation import modulated_conv2d, modulated_pointwise


class SynthesisLayer(nn.Module):
    """Modulated 3x3 convolution, noise, bias, leaky ReLU. `affine` turns w into the layer's style."""

    noise_const: Tensor

    def __init__(
        self, in_channels: int, out_channels: int, w_dim: int, resolution: int, up: int, conv_clamp: float | None
    ):
        super().__init__()
        self.resolution, self.up, self.conv_clamp = resolution, up, conv_clamp
        self.affine = Linear(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.noise_strength = nn.Parameter(torch.zeros([]))
        self.register_buffer("noise_const", torch.randn(resolution, resolution))

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None) -> Tensor:
        """x [B, I, H, W], style [B, I], noise [1 or B, 1, R, R] or None  ->  [B, O, R, R]"""
        # The 1/sqrt(fan-in) of the equalised learning rate is applied to the style, the activation's sqrt(2) to each term of the sum.
        style = style / math.sqrt(self.weight[0].numel())
        noise = None if noise is None else noise * (self.noise_strength * SQRT2)
        x = modulated_conv2d(x, self.weight, style, up=self.up, gain=SQRT2, bias=self.bias * SQRT2, noise=noise)
        return leaky_relu(x, self.conv_clamp)

    def noise(self, mode: str, batch: int) -> Tensor | None:
        """The layer's noise [1 or B, 1, R, R], or None for mode "none".

        "const": the stored map. "random": new noise for every sample, drawn on the CPU, so that `torch.manual_seed`
        gives the same picture on every device. Raises StyleclipError for another mode.
        """
        if mode == "const":
            return self.noise_const[None, None]
        if mode == "random":
            return torch.randn(batch, 1, self.resolution, self.resolution).to(self.noise_const)
        if mode == "none":
            return None
        raise StyleclipError(f'noise_mode is {mode!r}; it must be "const", "random" or "none".')


class ToRGB(nn.Module):
    """Modulated 1x1 convolution to red, green and blue, not demodulated and without activation."""

    def __init__(self, in_channels: int, w_dim: int, conv_clamp: float | None):
        super().__init__()
        self.conv_clamp = conv_clamp
        self.affine = Linear(w_dim, in_channels, bias_init=1.0)
        self.weight = nn.Parameter(torch.randn(3, in_channels, 1, 1))
        self.bias = nn.Parameter(torch.zeros(3))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x [B, I, R, R], style [B, I]  ->  [B, 3, R, R], in the precision of the weights"""
        style = style / math.sqrt(self.weight.shape[1])
        rgb = modulated_pointwise(x, self.weight, style).to(self.bias.dtype) + self.bias[:, None, None]
        return rgb if self.conv_clamp is None else rgb.clamp(-self.conv_clamp, self.conv_clamp)


class SynthesisBlock(nn.Module):
    """One resolution: `conv0` doubles the size (the first block starts from `const` instead), `conv1`, `torgb`."""

    def __init__(
        self, in_channels: int | None, out_channels: int, w_dim: int, resolution: int, conv_clamp: float | None
    ):
        super().__init__()
        if in_channels is None:
            self.const = nn.Parameter(torch.randn(out_channels, resolution, resolution))
        else:
            self.conv0 = SynthesisLayer(in_channels, out_channels, w_dim, resolution, 2, conv_clamp)
        self.conv1 = SynthesisLayer(out_channels, out_channels, w_dim, resolution, 1, conv_clamp)
        self.torgb = ToRGB(out_channels, w_dim, conv_clamp)

    def layers(self) -> list[tuple[str, SynthesisLayer]]:
        """The block's convolutions and their names, in order."""
        names = ["conv0", "conv1"] if hasattr(self, "conv0") else ["conv1"]
        return [(name, getattr(self, name)) for name in names]
