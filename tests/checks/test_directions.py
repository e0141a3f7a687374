"""The checks of lesson 06: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.directions import check_find_channel, check_relevance, check_tried_styles
from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.editing.directions.channel_effects import mean_effect
from styleclip_lib.editing.directions.channel_renderer import with_channel


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_tried_styles, check_relevance, check_find_channel])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


# --- trying a channel ----------------------------------------------------------------------------------------------


def by_library(styles, mean, std, channels, sigmas):
    return torch.stack([torch.stack([with_channel(styles, c, mean[c] + sign * sigmas * std[c]) for sign in (-1, 1)]) for c in channels])


def without_a_loop(styles, mean, std, channels, sigmas):
    result = styles.repeat(len(channels), 2, 1, 1)
    rows = torch.arange(len(channels))
    for end, sign in enumerate((-1, 1)):
        result[rows, end, :, channels] = (mean + sign * sigmas * std)[channels][:, None]
    return result


@pytest.mark.parametrize("tried_styles", [by_library, without_a_loop])
def test_tried_styles_right(tried_styles, capsys):
    assert check_tried_styles(tried_styles) is True
    assert "✓" in capsys.readouterr().out


def never_restored(styles, mean, std, channels, sigmas):
    styles, result = styles.clone(), []
    for c in channels:
        for sign in (-1, 1):
            styles[:, c] = mean[c] + sign * sigmas * std[c]
            result.append(styles.clone())
    return torch.stack(result).view(len(channels), 2, *styles.shape)


def as_the_authors(styles, mean, std, channels, sigmas):
    styles, result = styles.clone(), []
    for c in channels:
        for sign in (-1, 1):
            result.append(with_channel(styles, c, mean[c] + sign * sigmas * std[c]))
        styles[:, c] = mean[c]
    return torch.stack(result).view(len(channels), 2, *styles.shape)


def in_place(styles, mean, std, channels, sigmas):
    styles[:, channels[0]] = 0
    return by_library(styles, mean, std, channels, sigmas)


@pytest.mark.parametrize(
    ("tried_styles", "says"),
    [
        (never_restored, "not put back"),
        (as_the_authors, "not put back"),
        (in_place, "clone"),
        (lambda s, m, d, c, k: by_library(s, m, d, c, -k), "swapped"),
        (lambda s, m, d, c, k: torch.stack([torch.stack([with_channel(s, i, s[:, i] + g * k * d[i]) for g in (-1, 1)]) for i in c]),
         "face's value"),
        (lambda s, m, d, c, k: by_library(m.expand_as(s), m, d, c, k), "go to the mean"),
        (lambda s, m, d, c, k: by_library(s, m, torch.ones_like(d), c, k), "own standard deviation"),
        (lambda s, m, d, c, k: by_library(s, m, d, c, 1.0), "sigmas has no effect"),
        (lambda s, m, d, c, k: by_library(s, m, d, c, k).flatten(0, 1), "low and high"),
        (lambda s, m, d, c, k: by_library(s, m, d, c, k + 1), "off by up to"),
    ],
)  # fmt: skip
def test_tried_styles_wrong(tried_styles, says):
    with pytest.raises(CheckFailed, match=says):
        check_tried_styles(tried_styles)


# --- relevance -----------------------------------------------------------------------------------------------------


def unit(x):
    return x / x.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize(
    "relevance",
    [
        lambda low, high, t: F.normalize(F.normalize(high - low, dim=2).mean(1), dim=1) @ t,
        lambda low, high, t: torch.stack([mean_effect(a, b) @ t for a, b in zip(low, high)]),
        lambda low, high, t: (unit(unit(high - low).sum(1)) * t).sum(1),
    ],
)
def test_relevance_right(relevance):
    assert check_relevance(relevance) is True


@pytest.mark.parametrize(
    ("relevance", "says"),
    [
        (lambda low, high, t: unit(unit(low - high).mean(1)) @ t, "sign is wrong"),
        (lambda low, high, t: (unit(unit(high - low).mean(1)) @ t).abs(), "sign is lost"),
        (lambda low, high, t: unit((high - low).mean(1)) @ t, "each face's step"),
        (lambda low, high, t: unit(high - low).mean(1) @ t, "Bring the mean"),
        (lambda low, high, t: (high - low).mean(1) @ t, "Nothing is brought"),
        (lambda low, high, t: (unit(high.mean(1)) - unit(low.mean(1))) @ t, "too early"),
        (lambda low, high, t: unit(high - low) @ t, "shape"),
        (lambda low, high, t: unit(unit(high - low).mean(1)), "shape"),
        (lambda low, high, t: (high - low).mean(1) @ t / 0.0, "not finite"),
    ],
)
def test_relevance_wrong(relevance, says):
    with pytest.raises(CheckFailed, match=says):
        check_relevance(relevance)


# --- finding a channel ---------------------------------------------------------------------------------------------


def scores(read, styles, std, wanted, score, restored=True):
    now, best = styles.clone(), []
    for channel in range(styles.shape[1]):
        now = styles.clone() if restored else now
        now[:, channel] += 5 * std[channel]
        change = (read(now) - read(styles)).mean(0)
        best.append(score(change[wanted], change[torch.arange(len(change)) != wanted]))
    return torch.stack(best)


def margin(change, others):
    return change.abs() - others.abs().max()


def find(score, restored=True, pick=torch.argmax, scaled=True):
    def find_channel(read, styles, std, wanted):
        return int(pick(scores(read, styles, std if scaled else torch.ones_like(std), wanted, score, restored)))

    return find_channel


@pytest.mark.parametrize("find_channel", [find(margin), lambda *given: torch.argmax(scores(*given, margin))])
def test_find_channel_right(find_channel, capsys):
    assert check_find_channel(find_channel) is True
    assert "✓" in capsys.readouterr().out


def in_place_of_the_styles(read, styles, std, wanted):
    styles[:, 0] += std[0]
    return 2


@pytest.mark.parametrize(
    ("find_channel", "says"),
    [
        (find(lambda change, others: change.abs()), "subtract the largest other change"),
        (find(lambda change, others: change - others.abs().max()), "sign of the change"),
        (find(margin, scaled=False), "multiply by std"),
        (find(margin, restored=False), "put the last one back"),
        (find(margin, pick=torch.argmin), "largest score"),
        (in_place_of_the_styles, "clone"),
        (lambda *given: 17, "channel 17 instead of 2"),
        (lambda *given: scores(*given, margin), "number of a channel"),
    ],
)
def test_find_channel_wrong(find_channel, says):
    with pytest.raises(CheckFailed, match=says):
        check_find_channel(find_channel)
