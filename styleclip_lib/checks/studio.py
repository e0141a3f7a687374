"""Checks for lesson 07: before beside after, and which of many requests are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .feedback import CheckFailed, NotWritten, answer_of, compare, not_yet, passed


def check_split(split: Callable[[Tensor, Tensor, float], Tensor], seed: int = 0) -> bool:
    """split(before [1, 3, H, W], after [1, 3, H, W], share) -> after, with the left share of its width as before.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    before, after = torch.rand(2, 1, 3, 6, 10, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    try:
        for share in (0.3, 0.0, 0.5, 1.0):
            answer = answer_of(split, before, after, share)
            slips = [(_split(after, before, share), "The part on the left shows the face after: it should be the one before."),
                     (_split(before, after, 1 - share), "share says how much is as before, not how much is as after."),
                     (_split_above(before, after, share), "It is split into above and below: the last dimension goes from left to right."),
                     ((1 - share) * after + share * before, "That is a cross-fade: every pixel should be wholly before or wholly after.")]
            compare("split", answer, _split(before, after, share), slips)
    except NotWritten:
        return not_yet("split")
    return passed("split", "the eye compares best at an edge that it can move.")


def check_drawn_requests(drawn_requests: Callable[[Sequence[float], float], Sequence[int]]) -> bool:
    """drawn_requests(times, seconds) -> the numbers of the requests that are drawn when the newest one wins.

    times are sorted. A picture takes some seconds; whoever draws takes, whenever free, the newest request that has come and drops
    those before it, and waits if none has come.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for times, seconds in (([0, 1, 2, 3, 4, 5], 2.5), ([0.0, 0.1, 0.2, 5.0], 1.0), ([0.0, 10.0, 20.0], 1.0), ([3.0], 2.0), ([], 1.0),
                               ([0.0, 1.0, 1.5, 2.0], 1.0)):
            answer = answer_of(drawn_requests, list(times), seconds)
            _compare_numbers(answer, times, seconds)
    except NotWritten:
        return not_yet("drawn_requests")
    return passed("drawn_requests", "the last request is always drawn, and nobody waits for pictures that nobody wants any more.")


def _split(before: Tensor, after: Tensor, share: float) -> Tensor:
    edge = round(share * after.shape[-1])
    return torch.cat([before[..., :edge], after[..., edge:]], dim=-1)


def _split_above(before: Tensor, after: Tensor, share: float) -> Tensor:
    edge = round(share * after.shape[-2])
    return torch.cat([before[..., :edge, :], after[..., edge:, :]], dim=-2)


def _drawn(times: Sequence[float], seconds: float) -> list[int]:
    drawn, free, number = [], 0.0, 0
    while number < len(times):
        start = max(free, times[number])
        while number + 1 < len(times) and times[number + 1] <= start:
            number += 1
        drawn.append(number)
        free, number = start + seconds, number + 1
    return drawn


def _compare_numbers(answer: object, times: Sequence[float], seconds: float) -> None:
    """Raises CheckFailed unless the answer is right, and says what is likely if it is wrong."""
    if not isinstance(answer, (list, tuple)):
        raise CheckFailed(f"drawn_requests should return a list of numbers, but returned {type(answer).__name__}.")
    expected, case = _drawn(times, seconds), f"For requests at {list(times)} and {seconds} seconds a picture"
    if list(answer) == expected:
        return
    if list(answer) == list(range(len(times))):
        raise CheckFailed(f"{case} yours draws every request, one after the other: whoever drags then waits longer and longer. When a "
                          "picture is ready, skip to the newest request that has come.")
    if times and (not answer or answer[-1] != len(times) - 1):
        raise CheckFailed(f"{case} yours never draws the last request, so that the picture does not show where the slider stands.")
    raise CheckFailed(f"{case} the requests {expected} are drawn, not {list(answer)}.")
