"""Smoothing, enlarging and shrinking pictures: with the filter [1, 3, 3, 1], as StyleGAN2 does, and by area, as StyleCLIP does.

Each fast operation stands beside a slow reference that follows the definition. Both give the same result.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

TAPS = (1 / 8, 3 / 8, 3 / 8, 1 / 8)


def _kernel(x: Tensor, gain: float) -> Tensor:
    """The 4 x 4 filter once per channel of x, as depthwise convolution weights [C, 1, 4, 4]."""
    taps = torch.tensor(TAPS, dtype=x.dtype, device=x.device)
    return (gain * torch.outer(taps, taps)).expand(x.shape[1], 1, 4, 4)


def filter2d(x: Tensor, padding: int, gain: float = 1.0, bias: Tensor | None = None) -> Tensor:
    """Smooths every channel: pads with zeros, filters with outer([1,3,3,1]) / 64 * gain, and adds the channel's bias.

    One depthwise convolution; on a CPU with channels-last tensors it costs about as much as four element-wise steps.

    x [B, C, H, W], bias [C]  ->  [B, C, H + 2·padding - 3, W + 2·padding - 3]
    """
    return F.conv2d(x, _kernel(x, gain), bias, padding=padding, groups=x.shape[1])


def filter2d_reference(x: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """`filter2d` as a sum over the sixteen taps."""
    x = F.pad(x, [padding] * 4)
    height, width = x.shape[2] - 3, x.shape[3] - 3
    total = torch.zeros_like(x[:, :, :height, :width])
    for i, vertical in enumerate(TAPS):
        for j, horizontal in enumerate(TAPS):
            total = total + gain * vertical * horizontal * x[:, :, i:i + height, j:j + width]
    return total


def upsample2d(x: Tensor) -> Tensor:
    """Doubles the size: inserts a zero after every pixel in both directions, then filters with gain 4.

    The transposed convolution never touches the inserted zeros.

    x [B, C, H, W]  ->  [B, C, 2H, 2W]
    """
    return F.conv_transpose2d(x, _kernel(x, 4.0), stride=2, padding=1, groups=x.shape[1])


def upsample2d_reference(x: Tensor) -> Tensor:
    """`upsample2d` with the zeros inserted explicitly."""
    batch, channels, height, width = x.shape
    zeros = x.new_zeros(batch, channels, 2 * height, 2 * width)
    zeros[:, :, ::2, ::2] = x
    return filter2d_reference(F.pad(zeros, [2, 1, 2, 1]), padding=0, gain=4.0)


def downsample2d(x: Tensor) -> Tensor:
    """Halves the size: filters, then takes every second pixel.

    A depthwise convolution with stride 2 would compute less, but its gradient is ten times slower on a CPU.

    x [B, C, H, W], H and W even  ->  [B, C, H/2, W/2]
    """
    return F.avg_pool2d(filter2d(x, padding=1), kernel_size=1, stride=2)


def downsample2d_reference(x: Tensor) -> Tensor:
    """`downsample2d` with the pixels selected by index."""
    return filter2d_reference(x, padding=1)[:, :, ::2, ::2]


def resized(image: Tensor, size: int | None) -> Tensor:
    """A square picture resized to a network's input size, antialiased; None: unchanged. image [B, C, H, H] -> [B, C, size, size]"""
    if size is None or image.shape[-1] == size:
        return image
    return F.interpolate(image, size=(size, size), mode="bilinear", antialias=True, align_corners=False)


def fractional_area_resize(image: Tensor, size: int) -> Tensor:
    """Every new pixel is the mean over the area it covers; each old pixel counts by the part of it inside that area.

    StyleCLIP resizes its pictures this way to the 224 pixels of CLIP's input (without CLIP's mean and standard deviation).
    The pattern repeats wherever an old and a new border coincide: from 1024 to 224, 32 old pixels become 7 new ones, 32 times.
    One small matrix for each direction is therefore enough.

    image [B, C, H, W]  ->  [B, C, size, size]
    """
    rows, columns = (_shares(length, size).to(image) for length in image.shape[2:])
    image = (rows @ image.unflatten(2, (-1, rows.shape[1]))).flatten(2, 3)
    return (image.unflatten(3, (-1, columns.shape[1])) @ columns.T).flatten(3)


def _shares(length: int, size: int) -> Tensor:
    """The share of each old pixel in each new one, over one period of the pattern: [new, old], whose rows sum to one."""
    repeats = math.gcd(length, size)
    old, new = length // repeats, size // repeats
    begin_old, begin_new = torch.arange(old) * new, torch.arange(new)[:, None] * old    # in units in which both are whole numbers
    overlap = torch.minimum(begin_old + new, begin_new + old) - torch.maximum(begin_old, begin_new)
    return overlap.clamp(min=0).double() / old


def fractional_area_resize_reference(image: Tensor, size: int) -> Tensor:
    """`fractional_area_resize` as StyleCLIP does it: pixels are repeated until whole numbers of them can be averaged."""
    rows, columns = (math.gcd(length, size) for length in image.shape[2:])
    large = F.interpolate(image, scale_factor=(size // rows, size // columns), mode="nearest")
    return F.avg_pool2d(large, (image.shape[2] // rows, image.shape[3] // columns))
