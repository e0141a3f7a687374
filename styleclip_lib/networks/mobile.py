"""A generator for small devices: MobileStyleGAN's blocks with the interface of `Generator` (Belousov 2021).

The student has every layer of its teacher, and the teacher's affine layers, so that z, w, w_plus and the styles mean the same: an edit of
the teacher's faces is an edit of the student's. Inside it differs:

* A convolution is split in two: over the positions of each channel (depthwise), then over the channels of each position (pointwise).
  Instead of 9 · I · O multiplications for each pixel, that takes 9 · I + I · O.
* Demodulation is folded in: the style is scaled to a root mean square of 1, and the rest of the factor is a constant in the pointwise
  weights.
* The last resolution is never computed directly: its layers work at half of it, and the last toRGB draws the four sub-bands of a Haar
  wavelet, from which the picture is assembled.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import StyleclipError
from .generator import Generator, Synthesis, enlarged
from .layers import SQRT2, leaky_relu
from .modulation import EPSILON, modulated_pointwise
from .resampling import TAPS

SUBBANDS = 4
"""Of a Haar wavelet: the mean of each 2x2 pixels, and their differences from left to right, from top to bottom, and diagonally."""


def haar_join(bands: Tensor) -> Tensor:
    """The inverse Haar transform: four sub-bands of each channel -> a picture twice as large.

    The first band is the mean of the 2x2 pixels; the others are added with the signs of left/right, top/bottom and both.

    bands [B, 4·C, H, W], the four of a channel side by side -> [B, C, 2H, 2W]
    """
    low, across, down, cross = bands.unflatten(1, (-1, SUBBANDS)).unbind(2)
    pixels = torch.stack([low + across + down + cross, low - across + down - cross,
                          low + across - down - cross, low - across - down + cross], dim=2)
    return F.pixel_shuffle(pixels.flatten(1, 2), 2)


def haar_split(image: Tensor) -> Tensor:
    """The Haar transform, whose inverse is `haar_join`. image [B, C, H, W], H and W even -> [B, 4·C, H/2, W/2]"""
    a, b, c, d = F.pixel_unshuffle(image, 2).unflatten(1, (-1, SUBBANDS)).unbind(2)
    return torch.stack([a + b + c + d, a - b + c - d, a + b - c - d, a - b - c + d], dim=2).flatten(1, 2) / 4


class MobileLayer(nn.Module):
    """Modulated depthwise-separable convolution, bias, leaky ReLU. With up=2 the pointwise part comes first, at the small size, and the
    depthwise part enlarges. `weight` is the pointwise part; it has the name and the second dimension of the teacher's weight.

    kernels: the number of depthwise kernels for each channel; more of them approximate a dense convolution better.
    """

    def __init__(self, affine: nn.Module, in_channels: int, out_channels: int, resolution: int, up: int, kernels: int):
        super().__init__()
        self.resolution, self.up, self.kernels = resolution, up, kernels
        self.affine = affine
        self.weight = nn.Parameter(torch.randn(out_channels * (kernels if up == 2 else 1), in_channels * (kernels if up == 1 else 1), 1, 1))
        nn.init.normal_(self.weight, std=self.weight.shape[1] ** -0.5)
        self.bias = nn.Parameter(torch.zeros(out_channels))
        taps = torch.tensor(TAPS) * 2
        first = torch.outer(taps, taps) if up == 2 else F.pad(torch.ones(1, 1), (1, 1, 1, 1))
        channels = (out_channels if up == 2 else in_channels) * kernels
        self.depthwise = nn.Parameter(first.repeat(channels, 1, 1, 1) + 0.1 * first.mean() * torch.randn(channels, 1, *first.shape))

    def forward(self, x: Tensor, style: Tensor, noise: Tensor | None = None) -> Tensor:
        """x [B, I, H, W], style [B, I] -> [B, O, up·H, up·W]. `noise` is ignored: the student draws without noise."""
        style = style * torch.rsqrt(style.square().mean(1, keepdim=True) + EPSILON)
        x = x * style.to(x.dtype)[:, :, None, None]
        if self.up == 2:
            x = F.conv2d(x, self.weight)
            x = F.conv_transpose2d(x, self.depthwise, stride=2, padding=1, groups=x.shape[1])
            x = x.unflatten(1, (-1, self.kernels)).sum(2) if self.kernels > 1 else x
            x = x + self.bias.to(x.dtype)[:, None, None]
        else:
            x = F.conv2d(x, self.depthwise, padding=1, groups=x.shape[1])
            x = F.conv2d(x, self.weight, self.bias)
        return leaky_relu(x * SQRT2)

    @property
    def noise_const(self) -> Tensor:
        raise StyleclipError("The mobile student draws without noise maps: take a space without ' noise' in its name.")

    def noise(self, mode: str, batch: int) -> None:
        """None, whatever the mode: the student draws without noise."""


class MobileToRGB(nn.Module):
    """Modulated 1x1 convolution to red, green and blue, or to the four sub-bands of each."""

    def __init__(self, affine: nn.Module, in_channels: int, bands: int):
        super().__init__()
        self.affine = affine
        self.weight = nn.Parameter(torch.randn(3 * bands, in_channels, 1, 1) * 0.1)
        self.bias = nn.Parameter(torch.zeros(3 * bands))

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        """x [B, I, R, R], style [B, I] -> [B, 3 · bands, R, R]"""
        style = style / self.weight.shape[1] ** 0.5
        return modulated_pointwise(x, self.weight, style).to(self.bias.dtype) + self.bias[:, None, None]


class MobileBlock(nn.Module):
    """One resolution of the teacher: the same layers under the same names. The last block works at half its resolution."""

    def __init__(self, teacher: nn.Module, resolution: int, last: bool, kernels: int):
        super().__init__()
        size = resolution // 2 if last else resolution
        if hasattr(teacher, "const"):
            self.const = nn.Parameter(torch.randn_like(teacher.const))
        for name, layer in teacher.layers():
            out_channels, in_channels = layer.weight.shape[:2]
            up = 1 if last else layer.up
            self.add_module(name, MobileLayer(layer.affine, in_channels, out_channels, size, up, kernels))
        self.torgb = MobileToRGB(teacher.torgb.affine, teacher.torgb.weight.shape[1], SUBBANDS if last else 1)

    def layers(self) -> list[tuple[str, MobileLayer]]:
        """The block's convolutions and their names, in order."""
        return [(name, getattr(self, name)) for name in ("conv0", "conv1") if hasattr(self, name)]


class MobileSynthesis(Synthesis):
    """w_plus -> styles -> image, as `Synthesis`, with the blocks of this file."""

    def __init__(self, teacher: Synthesis, kernels: int = 1):
        nn.Module.__init__(self)
        self.img_resolution, self.w_dim, self.kernels = teacher.img_resolution, teacher.w_dim, kernels
        self.resolutions, self.num_ws = teacher.resolutions, teacher.num_ws
        for r in self.resolutions:
            self.add_module(f"b{r}", MobileBlock(getattr(teacher, f"b{r}"), r, r == self.img_resolution, kernels))

    def sums(self, rgbs: Sequence[Tensor]) -> list[Tensor]:
        """The pictures of all resolutions; the last is assembled from its sub-bands, of which the picture before is the mean."""
        images = [rgbs[0]]
        for rgb in rgbs[1:]:
            if rgb.shape[1] == 3 * SUBBANDS:
                bands = rgb.unflatten(1, (3, SUBBANDS))
                low = bands[:, :, :1] + images[-1][:, :, None]
                images.append(haar_join(torch.cat([low, bands[:, :, 1:]], dim=2).flatten(1, 2)))
            else:
                images.append(rgb + enlarged(images[-1]))
        return images


class MobileGenerator(Generator):
    """z -> image by the student of a generator. `mapping`, the affine layers, and all names and sizes are the teacher's.

    teacher  a `Generator`, of which only the mapping network and the affine layers are copied;  kernels: see `MobileLayer`
    """

    def __init__(self, teacher: Generator, kernels: int = 1):
        nn.Module.__init__(self)
        self.img_resolution, self.z_dim, self.w_dim, self.num_ws = teacher.img_resolution, teacher.z_dim, teacher.w_dim, teacher.num_ws
        self.channels = teacher.channels
        self.mapping = copy.deepcopy(teacher.mapping)
        self.synthesis = MobileSynthesis(copy.deepcopy(teacher.synthesis), kernels)
        self.layer_resolutions = teacher.layer_resolutions
        self.style_slices, self.rgb_style_slices = teacher.style_slices, teacher.rgb_style_slices
        self.num_channels, self.num_rgb_channels = teacher.num_channels, teacher.num_rgb_channels

    def learnt(self) -> dict[str, nn.Parameter]:
        """The student's own parameters by name: all but those of the mapping network and the affine layers."""
        return {name: parameter for name, parameter in self.named_parameters()
                if name.startswith("synthesis.") and ".affine." not in name}
