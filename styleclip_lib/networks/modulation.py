"""The modulated convolution: how a style controls a convolution in StyleGAN2 (Karras et al. 2020, section 2.2)."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .resampling import filter2d, filter2d_reference

EPSILON = 1e-8


def demodulation(weight: Tensor, styles: Tensor) -> Tensor:
    """The factor that brings every output channel back to unit standard deviation (Karras et al. 2020, eq. 3).

    d[b,o] = 1 / sqrt(Σ_ik (s[b,i] · w[o,i,k])² + 1e-8) needs no copy of the weights for each sample, since the sum over k does not
    depend on b.

    weight [O, I, K, K], styles [B, I]  ->  [B, O]
    """
    with torch.autocast(styles.device.type, enabled=False):
        return torch.rsqrt(styles.square() @ weight.square().sum(dim=(2, 3)).t() + EPSILON)


def modulated_conv2d(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    demodulate: bool = True,
    up: int = 1,
    gain: float = 1.0,
    bias: Tensor | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """Convolution whose weights are scaled by a style, the core of StyleGAN2.

    w'[o,i,k] = s[i] · w[o,i,k];   w''[o,i,k] = w'[o,i,k] / sqrt(Σ_ik w'² + 1e-8)      (Karras et al. 2020, eq. 1, 3)

    The whole batch shares the weights: scaling the input by s and the output by the demodulation factor gives the same sum, without a
    copy of the weights for every sample. Only for a single picture that is larger than the weights, and without gradients, the weights
    are scaled instead.
    With up=2 a transposed convolution doubles the size and the [1,3,3,1] filter smooths the result.
    `gain` multiplies the result; then bias and noise are added to it.

    x [B, I, H, W], weight [O, I, K, K], styles [B, I], bias [O], noise [1 or B, 1, up·H, up·W]  ->  [B, O, up·H, up·W]
    """
    differentiated = torch.is_grad_enabled() and (x.requires_grad or weight.requires_grad or styles.requires_grad)
    factor = gain * demodulation(weight, styles) if demodulate else styles.new_full((len(styles), len(weight)), gain)
    if len(x) == 1 and x.numel() > weight.numel() and not differentiated:
        x = _convolved(x, weight * (factor[0, :, None] * styles)[:, :, None, None], up, bias)
    else:
        x = _convolved(x * styles.to(x.dtype)[:, :, None, None], weight, up)
        factor, shift = factor.to(x.dtype)[:, :, None, None], None if bias is None else bias.to(x.dtype)[None, :, None, None]
        # In place unless gradients are needed: a large tensor costs more to allocate than to compute. Scaling and shifting in one
        # operation is faster (in bfloat16 adding takes ten times as long as multiplying), but its gradient needs one more tensor.
        if differentiated:
            x = x * factor if shift is None else (x * factor).add_(shift)
        else:
            x = x.mul_(factor) if shift is None else torch.addcmul(shift, x, factor, out=x)
    return x if noise is None else x.add_(noise.to(x.dtype))


def _convolved(x: Tensor, weight: Tensor, up: int, bias: Tensor | None = None) -> Tensor:
    if up == 1:
        return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)
    return filter2d(F.conv_transpose2d(x, weight.transpose(0, 1), stride=2), padding=1, gain=4.0, bias=bias)


def modulated_pointwise(x: Tensor, weight: Tensor, styles: Tensor) -> Tensor:
    """`modulated_conv2d` without demodulation for kernels of size 1 and few output channels, as in toRGB.

    Here the weights of each sample are far smaller than its picture, so it is faster to scale the weights.

    x [B, I, H, W], weight [O, I, 1, 1], styles [B, I]  ->  [B, O, H, W]
    """
    batch, channels, height, width = x.shape
    weights = weight[None, :, :, 0, 0] * styles[:, None]                               # [B, O, I]
    pixels = x.movedim(1, -1).reshape(batch, height * width, channels)
    return torch.bmm(pixels, weights.transpose(1, 2)).reshape(batch, height, width, len(weight)).movedim(-1, 1)


def modulated_conv2d_reference(
    x: Tensor,
    weight: Tensor,
    styles: Tensor,
    demodulate: bool = True,
    up: int = 1,
    gain: float = 1.0,
    bias: Tensor | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """`modulated_conv2d` to the letter of the equations: every sample is convolved with weights of its own.

    For up=2 the zeros between the pixels are inserted explicitly.
    """
    size = weight.shape[-1]
    results = []
    for one, style in zip(x, styles):
        w = weight * style[None, :, None, None]
        if demodulate:
            w = w / torch.sqrt(w.square().sum(dim=(1, 2, 3), keepdim=True) + EPSILON)
        if up == 1:
            y = F.conv2d(one[None], w, padding=size // 2)
        else:
            channels, height, width = one.shape
            zeros = one.new_zeros(1, channels, 2 * height - 1, 2 * width - 1)
            zeros[0, :, ::2, ::2] = one
            y = F.conv2d(zeros, w.flip(2, 3), padding=size - 1)
            y = filter2d_reference(y, padding=1, gain=4.0)
        results.append(y * gain)
    result = torch.cat(results)
    for added in (None if bias is None else bias[:, None, None], noise):
        result = result if added is None else result + added
    return result
