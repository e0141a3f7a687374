"""Checks for lesson 03: the arc, the blend of several faces, even steps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from .. import interpolation as reference
from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed


def check_slerp(slerp: Callable[[Tensor, Tensor, float], Tensor], seed: int = 0) -> bool:
    """slerp(a [1, z_dim], b [1, z_dim], t) -> sin((1 - t) θ) / sin θ · a + sin(t θ) / sin θ · b (Shoemake 1985).

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for length in (1.0, 1.7):
            a = torch.randn(1, 12, generator=rng)
            b = length * torch.randn(1, 12, generator=rng)
            for t in (0.3, 0.0, 0.5, 1.0, 1.4):
                answer = answer_of(slerp, a, b, t)
                if isinstance(answer, Tensor) and answer.is_floating_point() and answer.isnan().any():
                    raise CheckFailed("slerp returned nan: acos knows numbers from -1 to 1 only. The cosine of θ is the product of "
                                      "a and b after each was divided by its length.")
                compare("slerp", answer, reference.slerp(a, b, t), _slips_of_slerp(a, b, t))
    except NotWritten:
        return not_yet("slerp")
    return passed("slerp", "equal steps in t are equal angles, and two z of one length have only z of that length between them.")


def check_blend_faces(blend_faces: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """blend_faces(codes [N, num_ws, w_dim], shares [N]) -> [1, num_ws, w_dim], the mean weighted by shares / sum of shares.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    codes = torch.randn(3, 6, 8, generator=rng)
    try:
        for shares in ([0.5, 0.3, 0.2], [2.0, 1.0, 1.0], [0.0, 4.0, 0.0], [3.0, 1.0, -2.0]):
            wanted = torch.tensor(shares)
            answer = answer_of(blend_faces, codes, wanted)
            expected = reference.blend(codes, wanted / wanted.sum())
            if isinstance(answer, Tensor) and answer.shape == expected.shape[1:]:
                raise CheckFailed("blend_faces returned [num_ws, w_dim]: a code that can be drawn has the batch in front, "
                                  "[1, num_ws, w_dim]. Write [None] behind it, or sum with keepdim=True.")
            compare("blend_faces", answer, expected, _slips_of_blend(codes, wanted))
    except NotWritten:
        return not_yet("blend_faces")
    return passed("blend_faces", "any number of faces, any shares, and what comes out is a face again.")


def check_even_weights(even_weights: Callable[[Tensor, Tensor, int], Tensor], seed: int = 0) -> bool:
    """even_weights(weights [N], steps [N - 1], frames) -> [frames], between which the measured path is equally long.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for number, frames in ((6, 6), (9, 5), (4, 11)):
            weights, steps = torch.linspace(0, 1, number), 0.1 + torch.rand(number - 1, generator=rng)
            answer = answer_of(even_weights, weights, steps, frames)
            expected = torch.tensor(reference.even_weights(weights, steps, frames), dtype=torch.float32)
            compare("even_weights", answer, expected, _slips_of_even_weights(weights, steps, frames))
    except NotWritten:
        return not_yet("even_weights")
    return passed("even_weights", "many frames where much happens, few where little does.")


def _slips_of_slerp(a: Tensor, b: Tensor, t: float) -> list[Slip]:
    unit_a, unit_b = a / a.norm(), b / b.norm()
    theta = torch.acos((unit_a * unit_b).sum())
    of_a, of_b = torch.sin((1 - t) * theta) / theta.sin(), torch.sin(t * theta) / theta.sin()
    line = (1 - t) * a + t * b
    return [
        (line, "This is the straight line, which cuts through the inside of the sphere."),
        (line / line.norm() * a.norm(), "This is the straight line, stretched back to the sphere: the right places, at the wrong times. "
                                        "Equal steps in t are to be equal angles."),
        (of_b * a + of_a * b, "a and b are swapped: t = 0 is a."),
        ((of_a * a + of_b * b) * theta.sin(), "The division by sin θ is missing."),
        (of_a * unit_a + of_b * unit_b, "Only θ needs codes of unit length; what is mixed is a and b themselves."),
        ((1 - t) * theta.sin() * a + t * theta.sin() * b, "t belongs inside the sine: sin(t · θ), not t · sin(θ)."),
        (torch.cos((1 - t) * theta) * a + torch.cos(t * theta) * b, "The weights are sines, not cosines."),
    ]


def _slips_of_blend(codes: Tensor, shares: Tensor) -> list[Slip]:
    column = shares[:, None, None]
    weights = [shares.softmax(0), shares.abs() / shares.abs().sum(), shares.clamp(min=0) / shares.clamp(min=0).sum(),
               shares / shares.norm(), torch.full_like(shares, 1 / len(shares))]
    by_softmax, by_size, without_negative, by_norm, equal = ((codes * w[:, None, None]).sum(0, keepdim=True) for w in weights)
    return [
        ((codes * column).sum(0, keepdim=True), "The shares need not sum to 1 when they come: divide them by their sum first."),
        ((codes * column).mean(0, keepdim=True), "mean divides by the number of faces; divide by the sum of the shares."),
        (by_softmax, "softmax changes the proportions: shares of 2 and 1 mean twice as much, not e times as much."),
        (by_size, "A negative share leads away from its face. Divide by the plain sum, and keep the sign."),
        (without_negative, "A negative share is allowed, and leads away from its face: do not cut it off."),
        (by_norm, "Divide by the sum of the shares, not by their length: barycentric weights sum to 1."),
        (equal, "All faces get the same weight; the shares are not used."),
    ]


def _slips_of_even_weights(weights: Tensor, steps: Tensor, frames: int) -> list[Slip]:
    plain, steps = weights.double().numpy(), steps.double().numpy()
    lengths = np.concatenate([[0.0], steps.cumsum()])
    places = np.linspace(0, lengths[-1], frames)
    uniform = np.linspace(plain[0], plain[-1], frames)
    nearest = plain[np.abs(places[:, None] - lengths[None]).argmin(1)]
    late = np.interp(np.linspace(lengths[1], lengths[-1], frames), lengths[1:], plain[1:])
    shifted = np.interp(places, lengths[1:], plain[1:])
    slips = [
        (uniform, "These are equal steps in the weight, as if every step were equally long: the steps are not used."),
        (np.interp(uniform, plain, lengths) / lengths[-1], "You compute how far along the path each weight lies. Invert it: which "
                                                           "weight lies at each place of the path?"),
        (np.interp(uniform, plain, lengths), "These are path lengths at equal weights. Invert them: which weight lies at each length?"),
        (nearest, "You take the nearest weight that was measured; interpolate linearly between two of them."),
        (late, "The path has length 0 at the first weight: put a 0 in front of the sums of the steps."),
        (shifted, "The path has length 0 at the first weight: put a 0 in front of the sums of the steps."),
        (places, "These are lengths along the path; return the weights that lie there."),
        (np.interp(places, lengths, plain)[::-1], "The order is reversed: the first weight stays the first."),
    ]
    return [(torch.tensor(wrong.copy(), dtype=torch.float32), explanation) for wrong, explanation in slips]
