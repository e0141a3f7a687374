"""The checks of lesson 07: right answers pass, usual slips are recognised."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.studio import check_drawn_requests, check_split


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_split, check_drawn_requests])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


def split(before, after, share):
    edge = round(share * after.shape[3])
    return torch.cat([before[:, :, :, :edge], after[:, :, :, edge:]], dim=3)


def split_by_mask(before, after, share):
    width = after.shape[-1]
    return torch.where(torch.arange(width) < round(share * width), before, after)


@pytest.mark.parametrize("right", [split, split_by_mask])
def test_split_right(right):
    assert check_split(right) is True


def split_in_place(before, after, share):
    after[..., : round(share * after.shape[-1])] = before[..., : round(share * after.shape[-1])]
    return after


@pytest.mark.parametrize(("wrong", "says"), [
    (lambda b, a, s: split(a, b, s), "face after"),
    (lambda b, a, s: split(b, a, 1 - s), "how much is as before"),
    (lambda b, a, s: split(b.mT, a.mT, s).mT, "above and below"),
    (lambda b, a, s: torch.lerp(a, b, s), "cross-fade"),
    (split_in_place, "changes a tensor"),
    (lambda b, a, s: a, "not right yet"),
])  # fmt: skip
def test_split_wrong(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        check_split(wrong)


def drawn_requests(times, seconds):
    drawn, free = [], 0.0
    while not drawn or drawn[-1] < len(times) - 1:
        if not times:
            return []
        start = max(free, times[drawn[-1] + 1] if drawn else times[0])
        drawn.append(max(number for number, time in enumerate(times) if time <= start))
        free = start + seconds
    return drawn


def test_drawn_requests_right():
    assert check_drawn_requests(drawn_requests) is True


def first_come(times, seconds):
    """Draws those that come while it is free, and drops the others."""
    drawn, free = [], 0.0
    for number, time in enumerate(times):
        if time >= free:
            drawn.append(number)
            free = time + seconds
    return drawn


@pytest.mark.parametrize(("wrong", "says"), [
    (lambda times, seconds: list(range(len(times))), "every request"),
    (first_come, "never draws the last"),
    (lambda times, seconds: [len(times) - 1] if times else [], "are drawn, not"),
    (lambda times, seconds: len(times), "a list of numbers"),
])  # fmt: skip
def test_drawn_requests_wrong(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        check_drawn_requests(wrong)
