"""Checks for lesson 10: the alignment loss, centring, strength, depthwise-separable convolution, quantised weights."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed


def check_alignment_loss(alignment_loss: Callable[[Callable[[Tensor], Tensor], Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """alignment_loss(f, v [N, D], w [N, w_dim]) -> the mean of (f(v_{n+1} - v_n) - (w_{n+1} - w_n))², the last face being followed by
    the first: what leads from one face to the next, and no face itself (Zheng et al. 2022, relative consistency).

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for count in (6, 3):
            v, w = 2 + torch.randn(count, 5, generator=rng), 3 + torch.randn(count, 4, generator=rng)
            matrix, bias = torch.randn(5, 4, generator=rng), torch.randn(4, generator=rng)

            def f(offset: Tensor, matrix: Tensor = matrix, bias: Tensor = bias) -> Tensor:
                return torch.tanh(offset @ matrix) + bias

            answer = answer_of(alignment_loss, f, v, w)
            compare("alignment_loss", answer, _from_next(f, v, w).square().mean(), _slips_of_alignment(f, v, w))
    except NotWritten:
        return not_yet("alignment_loss")
    return passed("alignment_loss", "f learns what leads from face to face, so the gap between texts and pictures is not in it.")


def _from_next(f: Callable[[Tensor], Tensor], v: Tensor, w: Tensor) -> Tensor:
    return f(v.roll(-1, 0) - v) - (w.roll(-1, 0) - w)


def _slips_of_alignment(f: Callable[[Tensor], Tensor], v: Tensor, w: Tensor) -> list[Slip]:
    error, open_end = _from_next(f, v, w), f(v[1:] - v[:-1]) - (w[1:] - w[:-1])
    mixed = f(v - v.roll(-1, 0)) - (w.roll(-1, 0) - w)
    return [
        ((f(v) - w).square().mean(), "f gets the vectors themselves: it should get what leads from one face to the next."),
        ((f(v.roll(-1, 0)) - f(v) - w.roll(-1, 0) + w).square().mean(), "Subtract before f, not after it: f maps an offset to an offset."),
        (mixed.square().mean(), "One offset leads to the next face and the other one back: both the same way."),
        (open_end.square().mean(), "The last face is followed by the first; that pair is missing."),
        (error.abs().mean(), "Squares, not absolute values."),
        (error.square().sum(), "The mean, not the sum."),
        (error.square().sum(1).mean(), "The mean goes over the entries of w, too."),
    ]


def check_centred(centred: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """centred(texts [N, D], neutral [D]) -> [N, D]: what leads from the neutral text to each text, all of length one before, and
    nothing brought to length one afterwards: how far a text is from the neutral one says how much it asks for.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for count in (4, 1):
            texts, neutral = 3 * torch.randn(count, 6, generator=rng), 0.5 * torch.randn(6, generator=rng)
            unit, base = F.normalize(texts, dim=1), F.normalize(neutral, dim=0)
            slips: list[Slip] = [
                (unit, "The neutral text is not subtracted: f would get a vector that no picture has."),
                (texts - neutral, "Bring CLIP's vectors to length one before you subtract them."),
                (base - unit, "From the neutral text to the text, not back."),
                (F.normalize(unit - base, dim=1), "The difference keeps its length: it says how much the text asks for."),
            ]
            if count > 1:
                slips.append((unit - unit.mean(0), "The neutral text is subtracted, not the mean of the texts."))
            compare("centred", answer_of(centred, texts, neutral), unit - base, slips)
    except NotWritten:
        return not_yet("centred")
    return passed("centred", "what is left leads about the same way from a picture to another one.")


def check_strength(strength: Callable[[Callable[[float], float], float, float, int], float]) -> bool:
    """strength(score, goal, largest, steps) -> the smallest C in [0, largest] with score(C) >= goal, by halving `steps` times.

    score(C) rises with C and takes a while to compute: at most steps + 2 calls. 0 if C = 0 will do; `largest` if nothing does. What
    comes back is the upper end of the last interval, where the goal is reached for sure.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for goal, largest, steps in ((0.5, 2.0, 10), (0.9, 1.0, 6), (0.05, 3.0, 12), (0.0, 1.0, 8), (1.5, 2.0, 8)):
            score = Score()
            answer = answer_of(strength, score, goal, largest, steps)
            _judge_strength(answer, score, goal, largest, steps)
    except NotWritten:
        return not_yet("strength")
    return passed("strength", "each face gets the strength that it needs.")


class Score:
    """A score that rises from 0.1 to 1, slowly at first, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, c: float) -> float:
        self.asked += 1
        if self.asked > 1000:
            raise CheckFailed("strength has asked for 1000 pictures: halve the interval, and stop after `steps` times.")
        return 0.1 + 0.9 * float(c) ** 2 / (0.3 + float(c) ** 2)


def _judge_strength(answer: object, score: Score, goal: float, largest: float, steps: int) -> None:
    called, asked = f"strength(score, goal={goal}, largest={largest:g}, steps={steps})", score.asked
    if not isinstance(answer, (int, float)):
        raise CheckFailed(f"strength should return a number, but returned {type(answer).__name__}.")
    if asked > steps + 2:
        raise CheckFailed(f"{called} has asked for {asked} pictures, and {steps + 2} are enough: at 0, at largest, one for each halving.")
    if score(0.0) >= goal or score(largest) < goal:
        expected = 0.0 if score(0.0) >= goal else largest
        why = "the face is so already" if expected == 0.0 else "even the largest is not enough"
        if answer != expected:
            raise CheckFailed(f"{called} should be {expected:g}, since {why}, and is {answer:g}.")
        return
    width = largest / 2**steps
    if score(answer) < goal:
        raise CheckFailed(f"{called} is {answer:g}, where the score is below the goal: return the upper end of what is left.")
    if answer > width and score(answer - 1.5 * width) >= goal:
        raise CheckFailed(f"{called} is {answer:g}, farther than needed: keep the half in which the goal is crossed.")


def check_multiplications(multiplications: Callable[[int, int, int, int, int], tuple[int, int]]) -> bool:
    """multiplications(in_channels, out_channels, kernel, height, width) -> (of a dense convolution, of a depthwise-separable one), of
    padded convolutions that keep the size.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for i, o, k, h, w in ((8, 16, 3, 4, 6), (512, 256, 3, 32, 32), (7, 5, 5, 9, 3)):
            answer = answer_of(multiplications, i, o, k, h, w)
            pixels, dense, depthwise, pointwise = h * w, k * k * i * o, k * k * i, i * o
            expected = torch.tensor([pixels * dense, pixels * (depthwise + pointwise)]).double()
            if not isinstance(answer, (tuple, list)) or len(answer) != 2:
                raise CheckFailed("multiplications should return two numbers: dense and separable.")
            compare("multiplications", torch.tensor([float(number) for number in answer], dtype=torch.float64), expected, [
                (expected.flip(0), "The two are swapped: first the dense one."),
                (expected / pixels, "That is for one pixel: multiply by height times width."),
                (torch.tensor([pixels * dense, pixels * depthwise]).double(), "The pointwise part, I · O for each pixel, is missing."),
                (torch.tensor([pixels * dense, pixels * pointwise]).double(), "The depthwise part, k² · I for each pixel, is missing."),
                (torch.tensor([pixels * dense, pixels * (k * k * o + pointwise)]).double(),
                 "The depthwise part comes first: it has as many channels as come in."),
                (torch.tensor([pixels * k * i * o, pixels * (k * i + pointwise)]).double(), "A kernel has k · k entries, not k."),
                (torch.tensor([pixels * dense, pixels * depthwise * pointwise]).double(),
                 "The two parts come one after the other: they are added, not multiplied."),
            ], tolerance=1e-9)
    except NotWritten:
        return not_yet("multiplications")
    return passed("multiplications", "about 1/O + 1/k² of the dense one is left.")


def check_quantised(quantised: Callable[[Tensor, int], Tensor], seed: int = 0) -> bool:
    """quantised(weight [O, ...], bits) -> the weight rounded to whole multiples of a step, a step for each output channel: the largest
    absolute value of the channel is 2^(bits-1) - 1 steps.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for shape, bits in (((5, 3, 3, 3), 8), ((4, 6), 4), ((3, 2, 1, 1), 3)):
            weight = torch.randn(shape, generator=rng) * (0.1 + 3 * torch.rand(shape[0], *[1] * (len(shape) - 1), generator=rng))
            largest = weight.abs().flatten(1).amax(1).reshape(-1, *[1] * (len(shape) - 1))
            levels = 2 ** (bits - 1) - 1
            step, common = largest / levels, weight.abs().max() / levels
            compare("quantised", answer_of(quantised, weight, bits), (weight / step).round() * step, [
                ((weight / common).round() * common, "Each output channel has a step of its own; one for all is too coarse."),
                ((weight / step).round(), "Those are the whole numbers; multiply by the step again."),
                ((weight / step).floor() * step, "Round to the nearest multiple, not downwards."),
                ((weight / step).trunc() * step, "Round to the nearest multiple; cutting off goes towards zero."),
                ((weight / (largest / (2**bits - 1))).round() * (largest / (2**bits - 1)),
                 "One bit is for the sign: the largest value is 2^(bits-1) - 1 steps."),
                ((weight / (largest / 2 ** (bits - 1))).round() * (largest / 2 ** (bits - 1)),
                 "The largest value is 2^(bits-1) - 1 steps: 8 bits reach from -127 to 127."),
            ], tolerance=1e-6)
    except NotWritten:
        return not_yet("quantised")
    return passed("quantised", "a quarter of the memory, and a rounding error of at most half a step.")
