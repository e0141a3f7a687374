"""Checks for lesson 06: what a channel is tried with, what its relevance is, which channel does what is wanted."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed

Read = Callable[[Tensor], Tensor]


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


def check_find_channel(find_channel: Callable[[Read, Tensor, Tensor, int], int], seed: int = 0) -> bool:
    """find_channel(read, styles [N, C], std [C], wanted) -> the channel that changes the wanted reading most, and others least.

    read(styles [N, C]) -> [N, A], the readings of A attributes of N faces. For each channel, raised alone by 5 std, the changes of the
    readings are averaged over the faces; the channel's score is the size of the wanted change minus that of the largest other one.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    styles, std = 0.2 * torch.randn(4, 7, generator=rng), torch.tensor([1.0, 1.0, 1.0, 1.0, 0.1, 1.0, 2.0])
    effects = torch.tensor([[0.5, 0, 0], [0.3, 0, 0], [-0.7, 0.1, 0], [0.9, 0.9, 0], [4.0, 0, 0], [0, -0.1, 0.8], [0, 0.2, 0.1]])

    def read(styles: Tensor) -> Tensor:
        return styles @ effects

    try:
        for wanted, right in ((0, 2), (2, 5), (1, 6)):
            answer = answer_of(find_channel, read, styles, std, wanted)
            _explain_channel(answer, right, _slips_of_finding(read, styles, std, wanted))
    except NotWritten:
        return not_yet("find_channel")
    return passed("find_channel", "it does what is wanted, and little else.")


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


def _margins(read: Read, styles: Tensor, steps: Tensor, wanted: int, restored: bool = True) -> tuple[Tensor, Tensor]:
    """For each channel, raised by its step: the mean change [C] of the wanted reading, and the size [C] of the largest other one."""
    changes, now = [], styles.clone()
    for channel, step in enumerate(steps):
        now = styles.clone() if restored else now
        now[:, channel] += step
        changes.append((read(now) - read(styles)).mean(0))
    table = torch.stack(changes)
    others = torch.cat([table[:, :wanted], table[:, wanted + 1 :]], dim=1)
    return table[:, wanted], others.abs().amax(1)


def _slips_of_finding(read: Read, styles: Tensor, std: Tensor, wanted: int) -> list[tuple[int, str]]:
    change, others = _margins(read, styles, 5 * std, wanted)
    unscaled = _margins(read, styles, torch.full_like(std, 5.0), wanted)
    piled_up = _margins(read, styles, 5 * std, wanted, restored=False)
    return [
        (int(change.abs().argmax()), "It changes what is wanted most, and something else as much: subtract the largest other change."),
        (int((change - others).argmax()), "The sign of the change does not matter: a channel that lowers the reading can be lowered."),
        (int((unscaled[0].abs() - unscaled[1]).argmax()), "A channel moves by 5 of its own standard deviations: multiply by std."),
        (int((piled_up[0].abs() - piled_up[1]).argmax()), "Each channel starts from the styles as they were given: put the last one back."),
        (int((change.abs() - others).argmin()), "The best channel has the largest score, not the smallest."),
    ]


def _explain_channel(answer: object, right: int, slips: list[tuple[int, str]]) -> None:
    if isinstance(answer, Tensor) and answer.numel() == 1:
        answer = answer.item()
    if not isinstance(answer, int) or isinstance(answer, bool):
        raise CheckFailed(f"find_channel should return the number of a channel, but returned {type(answer).__name__}.")
    if answer != right:
        why = next((explanation for channel, explanation in slips if channel == answer), "Compare your lines with the task, one by one.")
        raise CheckFailed(f"find_channel is not right yet: it returned channel {answer} instead of {right}. {why}")
