"""Smoothing, enlarging and shrinking pictures with the filter [1, 3, 3, 1], as StyleGAN2 does.

Each fast operation stands beside a slow reference that does what the definition says. Both give the same numbers.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

TAPS = (1 / 8, 3 / 8, 3 / 8, 1 / 8)


def _kernel(x: Tensor, gain: float) -> Tensor:
    """The 4 x 4 filter once per channel of x, as depthwise convolution weights [C, 1, 4, 4]."""
    taps = torch.tensor(TAPS, dtype=x.dtype, device=x.device)
    return (gain * torch.outer(taps, taps)).expand(x.shape[1], 1, 4, 4)


def filter2d(x: Tensor, padding: int, gain: float = 1.0) -> Tensor:
    """Smooth every channel: pad with zeros, then filter with outer([1,3,3,1]) / 64 * gain.

    One depthwise convolution; on a CPU with channels-last tensors it costs about as much as four element-wise steps.

    x [B, C, H, W]  ->  [B, C, H + 2·padding - 3, W + 2·padding - 3]
    """
    return F.conv2d(x, _kernel(x, gain), padding=padding, groups=x.shape[1])


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
    """Twice as large: a zero after every pixel in both directions, then the filter with gain 4.

    The transposed convolution never touches the inserted zeros.

    x [B, C, H, W]  ->  [B, C, 2H, 2W]
    """
    return F.conv_transpose2d(x, _kernel(x, 4.0), stride=2, padding=1, groups=x.shape[1])


def upsample2d_reference(x: Tensor) -> Tensor:
    """`upsample2d` with the zeros written out."""
    batch, channels, height, width = x.shape
    zeros = x.new_zeros(batch, channels, 2 * height, 2 * width)
    zeros[:, :, ::2, ::2] = x
    return filter2d_reference(F.pad(zeros, [2, 1, 2, 1]), padding=0, gain=4.0)


def downsample2d(x: Tensor) -> Tensor:
    """Half as large: the filter, then every second pixel.

    A depthwise convolution with stride 2 would compute less, but its gradient is ten times slower on a CPU.

    x [B, C, H, W], H and W even  ->  [B, C, H/2, W/2]
    """
    return F.avg_pool2d(filter2d(x, padding=1), kernel_size=1, stride=2)


def downsample2d_reference(x: Tensor) -> Tensor:
    """`downsample2d` with the pixels picked by index."""
    return filter2d_reference(x, padding=1)[:, :, ::2, ::2]
