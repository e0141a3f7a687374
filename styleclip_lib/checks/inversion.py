"""Checks for lesson 02: the PSNR, a code as w_plus, and the noise regulariser."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..inversion.projector import noise_regularizer
from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed


def check_psnr(psnr: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """psnr(a, b), both [B, 3, H, W] in [-1, 1] -> [B], in dB.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for size, noise in ((8, 0.05), (12, 0.4)):
            a = 2 * torch.rand(3, 3, size, size, generator=rng) - 1
            b = (a + noise * torch.rand(3, 1, 1, 1, generator=rng) * torch.randn(a.shape, generator=rng)).clamp(-1, 1)
            answer = answer_of(psnr, a, b)
            if isinstance(answer, (Tensor, float)) and torch.as_tensor(answer).ndim == 0:
                raise CheckFailed("psnr gave one number for the whole batch; each picture has its own: average over dimensions 1, 2, 3.")
            compare("psnr", answer, -10 * _share(a, b).log10(), _slips_of_psnr(a, b))
    except NotWritten:
        return not_yet("psnr")
    return passed("psnr", "20 dB are an error of a tenth of the range, 40 dB of a hundredth.")


def check_in_w_plus(in_w_plus: Callable[[Tensor, int], Tensor], seed: int = 0) -> bool:
    """in_w_plus(code [B, 1, w_dim] or [B, num_ws, w_dim], num_ws) -> w_plus [B, num_ws, w_dim], through which gradients flow.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    num_ws = 6
    try:
        for rows in (1, num_ws):
            code = torch.randn(2, rows, 5, generator=rng).requires_grad_()
            answer = answer_of(in_w_plus, code, num_ws)
            compare("in_w_plus", answer, code.detach() + torch.zeros(1, num_ws, 1), _slips_of_expansion(code.detach(), num_ws))
            weight = torch.randn(2, num_ws, 5, generator=rng)
            if not answer.requires_grad:
                raise CheckFailed("in_w_plus cuts the gradient off (detach, .data, no_grad?): the optimiser would never move.")
            gradient = torch.autograd.grad((answer * weight).sum(), code)[0]
            expected = weight.sum(1, keepdim=True) if rows == 1 else weight
            compare("the gradient through in_w_plus", gradient, expected, [])
    except NotWritten:
        return not_yet("in_w_plus")
    return passed("in_w_plus", "and the gradient of the one w is the sum over all layers.")


def check_noise_loss(noise_loss: Callable[[Tensor], Tensor], seed: int = 0) -> bool:
    """noise_loss(noise [1, 1, r, r]) -> the regulariser of one map, as `projector.noise_regularizer` has it.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for size in (8, 32, 4, 16):
            noise = torch.randn(1, 1, size, size, generator=rng)
            noise = noise + 0.5 * noise.roll(1, 3) + 0.3 * noise.roll(1, 2)     # so that every term has something to say
            answer = answer_of(noise_loss, noise)
            answer = torch.tensor(answer) if isinstance(answer, float) else answer
            compare("noise_loss", answer, noise_regularizer([noise]), _slips_of_noise(noise), tolerance=1e-3)
    except NotWritten:
        return not_yet("noise_loss")
    return passed("noise_loss", "white noise costs nothing, anything with a pattern does, however coarse.")


def _share(a: Tensor, b: Tensor, peak: float = 2.0) -> Tensor:
    """The mean squared error of each picture as a share of the squared peak."""
    return ((a - b) / peak).square().mean((1, 2, 3))


def _slips_of_psnr(a: Tensor, b: Tensor) -> list[Slip]:
    right = _share(a, b)
    return [
        (-10 * _share(a, b, 1.0).log10(), "The peak is not 1: from -1 to 1 the range is 2, so divide the difference by 2."),
        (-10 * _share(a, b, 255.0).log10(), "255 is the range of bytes; these pictures go from -1 to 1, so it is 2."),
        (10 * right.log10(), "The sign is wrong: a smaller error is a larger PSNR."),
        (-20 * right.log10(), "20 times the logarithm is for the root of the mean squared error; for the error itself it is 10."),
        (-10 * right.sqrt().log10(), "With the root of the error, the factor is 20; without the root it is 10."),
        (-10 * right.log(), "This is the natural logarithm; decibels take the one to base 10 (torch.log10)."),
        (-right.log10(), "The factor 10 is missing: these are bels, not decibels."),
        (-20 * ((a - b).abs() / 2).mean((1, 2, 3)).log10(), "Square the differences before you average; you take their absolute values."),
        (-10 * ((a - b) / 2).square().sum((1, 2, 3)).log10(), "Take the mean over the pixels, not their sum."),
    ]


def _slips_of_expansion(code: Tensor, num_ws: int) -> list[Slip]:
    slips = [(code.mean(1, keepdim=True).expand(-1, num_ws, -1), "A code with a w for each layer stays as it is; you average its layers."),
             (code[:, :1].expand(-1, num_ws, -1), "A code with a w for each layer stays as it is; you keep only the first.")]
    if code.shape[1] == 1:
        padded = torch.cat([code, torch.zeros(len(code), num_ws - 1, code.shape[2])], 1)
        slips = [(padded, "Every layer gets the same w; you fill up with zeros."),
                 (code.expand(-1, num_ws, -1) / num_ws, "Every layer gets the whole w; do not share it out.")]
    return slips


def _slips_of_noise(noise: Tensor) -> list[Slip]:
    def pyramid(last: int, halve: Callable[[Tensor], Tensor] = lambda n: F.avg_pool2d(n, 2)) -> list[Tensor]:
        levels = [noise]
        while levels[-1].shape[-1] > last:
            levels.append(halve(levels[-1]))
        return levels

    def total(levels: list[Tensor], dims=(2, 3), term=lambda x: x.mean().square()) -> Tensor:
        return sum(term(n * n.roll(1, dim)) for n in levels for dim in dims)

    levels = pyramid(8)
    slips = [
        (total(levels, (3,)), "You compare each pixel with its neighbour to the side only; those above and below count, too."),
        (total(levels, (2,)), "You compare each pixel with the one above only; the neighbour to the side counts, too."),
        (total(levels, term=lambda x: x.square().mean()), "Average first, then square; you average the squares."),
        (total(levels, term=lambda x: x.mean()), "Square each mean: correlations of either sign are to cost something."),
        (total(levels, term=lambda x: x.mean().abs()), "Square each mean; you take its absolute value."),
        (total(pyramid(8, lambda n: 2 * F.avg_pool2d(n, 2))), "Halving averages four pixels; do not scale the map up again."),
        (total(pyramid(8, lambda n: F.max_pool2d(n, 2))), "Halve by averaging (F.avg_pool2d), not by taking the largest."),
        (total(pyramid(8, lambda n: n[:, :, ::2, ::2])), "Halve by averaging (F.avg_pool2d), not by leaving pixels out."),
        (total(pyramid(4)), "You go down to 4x4; the last map that is looked at has 8x8 pixels (a 4x4 map only itself)."),
        (total(pyramid(16)), "You stop too early: the map of 8x8 pixels belongs to it, too."),
    ]
    if len(levels) > 1:
        slips.append((total(levels[1:]), "The map itself is missing; it is the first scale of the pyramid."))
        slips.append((total(levels[:1]), "You look at the map itself only; halve it by averaging and look again, down to 8x8."))
    return slips
