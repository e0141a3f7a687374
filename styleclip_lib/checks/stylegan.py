"""Checks for lesson 01: truncation, style mixing, the modulated convolution."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.modulation import EPSILON, modulated_conv2d_reference
from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed


def check_truncate(truncate: Callable[[Tensor, Tensor, float], Tensor], seed: int = 0) -> bool:
    """truncate(w_plus [B, num_ws, w_dim], w_avg [w_dim], psi) -> w_avg + psi · (w_plus - w_avg).

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    w_plus, w_avg = torch.randn(3, 5, 8, generator=rng), torch.randn(8, generator=rng)
    try:
        for psi in (0.7, 0.0, 1.0, -0.5, 1.3):
            answer = answer_of(truncate, w_plus, w_avg, psi)
            compare("truncate", answer, w_avg + psi * (w_plus - w_avg), _slips_of_truncation(w_plus, w_avg, psi))
    except NotWritten:
        return not_yet("truncate")
    return passed("truncate", "psi = 0 gives the average face, psi = 1 changes nothing, psi < 0 gives the anti-face.")


def check_mix(mix: Callable[[Tensor, Tensor, int], Tensor], seed: int = 0) -> bool:
    """mix(w_a, w_b, layer), both [B, num_ws, w_dim] -> w_a in the layers below `layer`, w_b from `layer` on.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    w_a, w_b = torch.randn(2, 3, 6, 8, generator=rng)
    try:
        for layer in (3, 0, 1, 5, 6):
            answer = answer_of(mix, w_a, w_b, layer)
            compare("mix", answer, _cut(w_a, w_b, layer), _slips_of_mixing(w_a, w_b, layer))
    except NotWritten:
        return not_yet("mix")
    return passed("mix", "coarse layers from A, fine layers from B, wherever you cut.")


def check_modulated_conv(modulated_conv: Callable[[Tensor, Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """modulated_conv(x [B, I, H, W], weight [O, I, 3, 3], styles [B, I]) -> [B, O, H, W], modulated and demodulated.

    Compared with one convolution for each picture of the batch (Karras et al. 2020, eq. 1 and 3).
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for channels_out, channels_in in ((5, 5), (6, 4)):
            x = torch.randn(3, channels_in, 7, 7, generator=rng)
            weight = torch.randn(channels_out, channels_in, 3, 3, generator=rng)
            styles = 0.3 + 2 * torch.rand(3, channels_in, generator=rng)
            answer = answer_of(modulated_conv, x, weight, styles)
            if isinstance(answer, Tensor) and answer.shape == (3, channels_out, 5, 5):
                raise CheckFailed("modulated_conv returned 5x5 pixels of 7x7: a 3x3 kernel needs padding=1.")
            expected = modulated_conv2d_reference(x, weight, styles)
            compare("modulated_conv", answer, expected, _slips_of_modulation(x, weight, styles), tolerance=1e-3)
    except NotWritten:
        return not_yet("modulated_conv")
    return passed("modulated_conv", "every picture is convolved with weights of its own, all of unit size.")


def _slips_of_truncation(w_plus: Tensor, w_avg: Tensor, psi: float) -> list[Slip]:
    away, mean = w_plus - w_avg, w_plus.mean((0, 1))
    first_only = torch.cat([w_avg + psi * away[:, :1], w_plus[:, 1:]], 1)
    return [
        (psi * w_plus, "You scale w itself; what psi scales is the distance from w_avg."),
        (w_plus - psi * away, "psi works the wrong way round: with psi = 1 nothing should change."),
        (w_avg + psi * w_plus, "Subtract the average from w before psi scales it."),
        (psi * away, "Add the average again after psi has scaled the distance from it."),
        (mean + psi * (w_plus - mean), "Use the w_avg that is given, not the mean of this batch."),
        (first_only, "Only the first layer moves; all of w_plus is to be truncated."),
    ]


def _cut(a: Tensor, b: Tensor, at: int, dim: int = 1) -> Tensor:
    """a before place `at` of a dimension, b from there on."""
    at = min(max(at, 0), a.shape[dim])
    return torch.cat([a.narrow(dim, 0, at), b.narrow(dim, at, a.shape[dim] - at)], dim)


def _slips_of_mixing(w_a: Tensor, w_b: Tensor, layer: int) -> list[Slip]:
    return [
        (_cut(w_b, w_a, layer), "A and B are swapped: the layers below `layer` come from A."),
        (_cut(w_a, w_b, layer + 1), "You are one layer too late: number `layer` itself already comes from B."),
        (_cut(w_a, w_b, layer - 1), "You are one layer too early: number `layer` is the first that comes from B."),
        (_cut(w_a, w_b, layer, dim=0), "You cut along the faces of the batch; the layers are dimension 1."),
        (_cut(w_a, w_b, layer, dim=2), "You cut along the numbers of w; the layers are dimension 1."),
        ((w_a + w_b) / 2, "You average; mixing takes each layer whole, from one face or from the other."),
    ]


def _slips_of_modulation(x: Tensor, weight: Tensor, styles: Tensor) -> list[Slip]:
    def convolved(weights: Tensor) -> Tensor:
        """x with weights [B, O, I, K, K], a set for each picture."""
        return torch.cat([F.conv2d(one[None], w, padding=1) for one, w in zip(x, weights)])

    def size(weights: Tensor, dims: tuple[int, ...]) -> Tensor:
        return (weights.square().sum(dims, keepdim=True) + EPSILON).sqrt()

    plain = weight[None].expand(len(x), -1, -1, -1, -1)
    w = plain * styles[:, None, :, None, None]
    right = size(w, (2, 3, 4))
    of_first = (w / right)[:1].expand_as(w)
    slips = [
        (convolved(w), "It is modulated, but not demodulated: divide by sqrt(Σ_ik w'² + 1e-8)."),
        (convolved(w / size(plain, (2, 3, 4))), "The sum in the demodulation is over w'², with s in it, not over w²."),
        (convolved(plain / size(plain, (2, 3, 4))), "The styles have no effect; they are to scale the input channels."),
        (convolved(w / right.square()), "The square root is missing in the demodulation."),
        (convolved(w / size(w, (1, 2, 3, 4))), "The sum runs over o, too; every output channel has a sum of its own."),
        (convolved(w / size(w, (1, 3, 4))), "The sum runs over i and k (input channels, kernel), not over o."),
        (convolved(w / size(w, (3, 4))), "The sum runs over the kernel only; the input channels belong to it, too."),
        (convolved(w / size(w, (2,))), "The sum runs over the input channels only; the kernel belongs to it, too."),
        (convolved(of_first), "All pictures get the style of the first; every picture has its own."),
        (convolved((w / right).flip(3, 4)), "The kernel is flipped; F.conv2d already does what is meant here."),
    ]
    if weight.shape[0] == weight.shape[1]:
        by_output = convolved(plain * styles[:, :, None, None, None])
        slips.append((by_output, "The styles scale the output channels; they belong to the input channels."))
    return slips
