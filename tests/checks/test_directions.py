"""The checks of lesson 06: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.directions import check_relevance, check_step, check_tried_styles
from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.editing.directions.channel_effects import mean_effect
from styleclip_lib.editing.directions.channel_renderer import with_channel
from styleclip_lib.editing.directions.global_directions import steps_of


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_tried_styles, check_relevance, check_step])
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


# --- threshold and strength ----------------------------------------------------------------------------------------


def by_hand(r, std, alpha, beta):
    result, largest = torch.zeros_like(r), float(r.abs().max())
    for c in range(len(r)):
        if abs(r[c]) >= beta:
            result[c] = alpha * std[c] * r[c] / largest
    return result


@pytest.mark.parametrize("step", [by_hand, lambda r, std, alpha, beta: alpha * std * steps_of(r, beta)])
def test_step_right(step):
    assert check_step(step) is True


def kept(r, beta):
    return torch.where(r.abs() >= beta, r, 0)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (lambda r, s, a, b: a * s * (k := torch.where(r >= b, r, 0)) / k.max(), "negative relevance count"),
        (lambda r, s, a, b: a * s * (k := kept(r, b)) / k.max(), "largest is negative"),
        (lambda r, s, a, b: a * s * r / r.abs().max(), "beta has no effect"),
        (lambda r, s, a, b: a * (k := kept(r, b)) / k.abs().max(), "multiply by std"),
        (lambda r, s, a, b: a * s * kept(r, b), "alpha = 1 moves"),
        (lambda r, s, a, b: s * (k := kept(r, b)) / k.abs().max(), "alpha has no effect"),
        (lambda r, s, a, b: a * s * kept(r, b).sign(), "in proportion"),
        (lambda r, s, a, b: a * s * (k := kept(r, b)).abs() / k.abs().max(), "sign is lost"),
        (lambda r, s, a, b: a * s * (k := kept(r, b)) / k.norm(), "length of the whole"),
        (lambda r, s, a, b: a * s * (k := kept(r, b)) / k.abs().max(), "divide 0 by 0"),
        (lambda r, s, a, b: by_hand(r, s, a, b)[:, None], "shape"),
    ],
)
def test_step_wrong(step, says):
    with pytest.raises(CheckFailed, match=says):
        check_step(step)
