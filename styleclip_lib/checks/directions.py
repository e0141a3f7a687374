"""Checks for lesson 06: what a channel is tried with, what its relevance is, how far an edit moves it."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed


def check_tried_styles(tried_styles: Callable[[Tensor, Tensor, Tensor, list, float], Tensor], seed: int = 0) -> bool:
    """tried_styles(styles [N, C], mean [C], std [C], channels, sigmas) -> [len(channels), 2, N, C].

    For each of the channels the styles of all faces with that channel at mean - sigmas · std, and at mean + sigmas · std, every
    other channel being as it was.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    styles, mean = torch.randn(2, 3, 6, generator=rng)
    mean, std = mean[0], 0.5 + torch.rand(6, generator=rng)
    try:
        for channels, sigmas in (([4, 1, 3], 5.0), ([2], 3.0), ([0, 5], 1.0)):
            answer = answer_of(tried_styles, styles, mean, std, channels, sigmas)
            expected = _tried(styles, mean, std, channels, sigmas)
            _same_shape("tried_styles", answer, expected, "[len(channels), 2, N, C]: channels, then low and high, then faces")
            compare("tried_styles", answer, expected, _slips_of_trying(styles, mean, std, channels, sigmas))
    except NotWritten:
        return not_yet("tried_styles")
    return passed("tried_styles", "one channel moves at a time, and the next one starts from untouched faces.")


def check_relevance(relevance_of: Callable[[Tensor, Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """relevance_of(low [C, N, D], high [C, N, D], direction [D]) -> r [C] = ⟨Δi_c, Δt⟩.

    low and high are CLIP's unit vectors of N faces with each channel low and high.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for channels, faces, dimensions in ((7, 5, 6), (4, 4, 4), (3, 1, 8)):
            low = F.normalize(torch.randn(channels, faces, dimensions, generator=rng), dim=2)
            size = 0.1 + 3 * torch.rand(channels, faces, 1, generator=rng)
            high = F.normalize(low + size * torch.randn(channels, faces, dimensions, generator=rng), dim=2)
            direction = F.normalize(torch.randn(dimensions, generator=rng), dim=0)
            answer = answer_of(relevance_of, low, high, direction)
            compare("relevance_of", answer, _relevance(high - low, direction), _slips_of_relevance(low, high, direction))
    except NotWritten:
        return not_yet("relevance_of")
    return passed("relevance_of", "every face counts alike, and so does every channel.")


def check_step(step: Callable[[Tensor, Tensor, float, float], Tensor], seed: int = 0) -> bool:
    """step(relevance [C], std [C], alpha, beta) -> what is added to the styles [C].

    α σ_c r_c / max |r| where |r_c| reaches β, else 0; all 0 where no channel does.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    r, std = 0.6 * torch.rand(40, generator=rng) - 0.35, 0.5 + torch.rand(40, generator=rng)
    r[7] = -0.5  # the largest is negative
    try:
        for alpha, beta in ((4.0, 0.15), (-2.0, 0.2), (1.0, 0.0)):
            compare("step", answer_of(step, r, std, alpha, beta), _step(r, std, alpha, beta), _slips_of_step(r, std, alpha, beta))
        nothing = answer_of(step, r, std, 4.0, 0.9)
    except NotWritten:
        return not_yet("step")
    if isinstance(nothing, Tensor) and not nothing.isfinite().all():
        raise CheckFailed("With beta = 0.9 no channel is left, and you divide 0 by 0. (So does the authors' code.) Return zeros.")
    compare("step", nothing, torch.zeros(40), [])
    return passed("step", "alpha says how far, beta who goes along.")


def _same_shape(name: str, answer: object, expected: Tensor, meant: str) -> None:
    if isinstance(answer, Tensor) and answer.shape != expected.shape:
        raise CheckFailed(f"{name} returned shape {list(answer.shape)}; {list(expected.shape)} was expected, {meant}.")


def _tried(styles: Tensor, mean: Tensor, std: Tensor, channels: list, sigmas: float, own: bool = False, kept: bool = False) -> Tensor:
    """The right answer; own: around each face's own value; kept: a channel once tried is not put back."""
    result, now = [], styles.clone()
    for c in channels:
        ends = []
        for sign in (-1, 1):
            changed = now if kept else styles.clone()
            changed[:, c] = (styles[:, c] if own else mean[c]) + sign * sigmas * std[c]
            ends.append(changed.clone())
        result.append(torch.stack(ends))
    return torch.stack(result)


def _slips_of_trying(styles: Tensor, mean: Tensor, std: Tensor, channels: list, sigmas: float) -> list[Slip]:
    right = _tried(styles, mean, std, channels, sigmas)
    at_mean, now = [], styles.clone()
    for c, ends in zip(channels, right):
        for end in ends:
            changed = now.clone()
            changed[:, c] = end[:, c]
            at_mean.append(changed)
        now[:, c] = mean[c]
    all_at_once = mean.expand_as(right).clone()
    for i, c in enumerate(channels):
        all_at_once[i, :, :, c] = right[i, :, :, c]
    unscaled = torch.ones_like(std)
    restored = ("A channel that was tried is not put back before the next one: each channel starts from the styles as they were given. "
                "The authors' public code has this slip.")
    return [
        (right.flip(1), "Low and high are swapped: mean - sigmas · std comes first."),
        (_tried(styles, mean, std, channels, sigmas, own=True),
         "The two ends lie around the mean of the channel, not around the face's value."),
        (_tried(styles, mean, std, channels, sigmas, kept=True), restored),
        (torch.stack(at_mean).view_as(right), restored),
        (all_at_once, "Only the tried channel is set; the others stay as they are in each face, they do not go to the mean."),
        (_tried(styles, mean, unscaled, channels, sigmas), "The channel moves by sigmas · std, its own standard deviation."),
        (_tried(styles, mean, std, channels, 1.0), "sigmas has no effect: the ends lie sigmas standard deviations from the mean."),
    ]


def _relevance(steps: Tensor, direction: Tensor) -> Tensor:
    return F.normalize(F.normalize(steps, dim=2).mean(1), dim=1) @ direction


def _slips_of_relevance(low: Tensor, high: Tensor, direction: Tensor) -> list[Slip]:
    steps = high - low
    right = _relevance(steps, direction)
    return [
        (-right, "The sign is wrong: the step goes from low to high."),
        (right.abs(), "The sign is lost: a negative relevance says that the channel has to go down."),
        (F.normalize(steps.mean(1), dim=1) @ direction,
         "Bring each face's step to length one before the mean, or the faces with large steps decide alone."),
        (F.normalize(steps, dim=2).mean(1) @ direction, "Bring the mean to length one, too, before the product with the direction."),
        (steps.mean(1) @ direction, "Nothing is brought to length one: channels that change much of anything win."),
        ((F.normalize(high.mean(1), dim=1) - F.normalize(low.mean(1), dim=1)) @ direction,
         "Take the difference for each face first; the mean of the pictures comes too early."),
    ]


def _step(r: Tensor, std: Tensor, alpha: float, beta: float) -> Tensor:
    kept = r * (r.abs() >= beta)
    return alpha * std * kept / kept.abs().max().clamp(min=1e-12)


def _slips_of_step(r: Tensor, std: Tensor, alpha: float, beta: float) -> list[Slip]:
    kept, positive = r * (r.abs() >= beta), r * (r >= beta)
    largest = kept.abs().max()
    return [
        (alpha * std * positive / positive.abs().max(), "Channels with a negative relevance count, too: compare |r| with beta."),
        (alpha * std * kept / kept.max(), "Divide by the largest |r|; here the largest is negative."),
        (alpha * std * r / r.abs().max(), "beta has no effect: channels whose |r| is below it stay where they are."),
        (alpha * std * (r * (r.abs() <= beta)) / (r * (r.abs() <= beta)).abs().max().clamp(min=1e-12),
         "The wrong channels are kept: those whose |r| reaches beta move."),
        (alpha * kept / largest, "The step is to be in units of each channel's standard deviation: multiply by std."),
        (alpha * std * kept, "Divide by the largest |r|, so that alpha = 1 moves the most relevant channel by one standard deviation."),
        (std * kept / largest, "alpha has no effect."),
        (alpha * std * kept.sign(), "Every kept channel moves equally far; it should move in proportion to its relevance."),
        (alpha * std * kept.abs() / largest, "The sign is lost: a negative relevance moves the channel down."),
        (alpha * std * kept / kept.norm(), "Divide by the largest |r|, not by the length of the whole vector."),
    ]
