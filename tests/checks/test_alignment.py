"""The checks of lesson 10: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.alignment import (
    check_alignment_loss,
    check_centred,
    check_multiplications,
    check_quantised,
    check_strength,
)
from styleclip_lib.checks.feedback import CheckFailed

CHECKS = [check_alignment_loss, check_centred, check_multiplications, check_quantised, check_strength]


@pytest.mark.parametrize("check", CHECKS)
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    def stub(*_):
        raise NotImplementedError

    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


def halved(score, goal, largest, steps):
    if score(0.0) >= goal:
        return 0.0
    if score(largest) < goal:
        return largest
    low, high = 0.0, largest
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if score(middle) >= goal else (middle, high)
    return high


def by_index(f, v, w):
    following = [*range(1, len(v)), 0]
    return F.mse_loss(f(v[following] - v), w[following] - w)


def quantised(weight, bits):
    step = weight.abs().amax(tuple(range(1, weight.dim())), keepdim=True) / (2 ** (bits - 1) - 1)
    return torch.round(weight / step) * step


@pytest.mark.parametrize(("check", "answer"), [
    (check_alignment_loss, by_index),
    (check_alignment_loss, lambda f, v, w: (f(torch.roll(v, -1, 0) - v) - torch.roll(w, -1, 0) + w).pow(2).mean()),
    (check_centred, lambda t, n: t / t.norm(dim=1, keepdim=True) - n / n.norm()),
    (check_strength, halved),
    (check_multiplications, lambda i, o, k, h, w: (i * o * k * k * h * w, i * h * w * (k * k + o))),
    (check_quantised, quantised),
])
def test_right(check, answer):
    assert check(answer) is True


def scanned(score, goal, largest, steps):
    for i in range(2**steps):
        if score(largest * i / 2**steps) >= goal:
            return largest * i / 2**steps
    return largest


def without_end(score, goal, largest, steps):
    while True:
        score(largest)


def lower_end(score, goal, largest, steps):
    high = halved(score, goal, largest, steps)
    return high if high in (0.0, largest) else high - largest / 2**steps


def per_tensor(weight, bits):
    step = weight.abs().max() / (2 ** (bits - 1) - 1)
    return (weight / step).round() * step


@pytest.mark.parametrize(("check", "slip", "said"), [
    (check_alignment_loss, lambda f, v, w: F.mse_loss(f(v), w), "vectors themselves"),
    (check_alignment_loss, lambda f, v, w: F.mse_loss(f(v.roll(-1, 0)) - f(v), w.roll(-1, 0) - w), "before f"),
    (check_alignment_loss, lambda f, v, w: F.mse_loss(f(v - v.roll(-1, 0)), w.roll(-1, 0) - w), "both the same way"),
    (check_alignment_loss, lambda f, v, w: F.mse_loss(f(v[1:] - v[:-1]), w[1:] - w[:-1]), "followed by the first"),
    (check_alignment_loss, lambda f, v, w: F.l1_loss(f(v.roll(-1, 0) - v), w.roll(-1, 0) - w), "Squares"),
    (check_centred, lambda t, n: F.normalize(t, dim=1), "not subtracted"),
    (check_centred, lambda t, n: t - n, "length one before"),
    (check_centred, lambda t, n: F.normalize(n, dim=0) - F.normalize(t, dim=1), "not back"),
    (check_centred, lambda t, n: F.normalize(F.normalize(t, dim=1) - F.normalize(n, dim=0), dim=1), "keeps its length"),
    (check_strength, scanned, "are enough"),
    (check_strength, without_end, "^strength has asked for 1000"),
    (check_strength, lower_end, "below the goal"),
    (check_strength, lambda score, goal, largest, steps: largest, "already|farther"),
    (check_strength, lambda score, goal, largest, steps: halved(score, goal, largest, 2), "farther than needed"),
    (check_strength, lambda score, goal, largest, steps: halved(score, goal, 2 * largest, steps), "not enough|farther|below"),
    (check_multiplications, lambda i, o, k, h, w: (i * o * k * k, i * (k * k + o)), "height times width"),
    (check_multiplications, lambda i, o, k, h, w: (i * o * k * k * h * w, i * k * k * h * w), "pointwise part"),
    (check_multiplications, lambda i, o, k, h, w: (i * o * k * k * h * w, i * o * h * w), "depthwise part"),
    (check_multiplications, lambda i, o, k, h, w: (i * o * k * k * h * w, o * h * w * (k * k + i)), "comes first"),
    (check_quantised, per_tensor, "of its own"),
    (check_quantised, lambda w, bits: quantised(w, bits + 1), "off by|not right"),
    (check_quantised, lambda w, bits: (w * (2 ** (bits - 1) - 1) / w.abs().flatten(1).amax(1).reshape(-1, *[1] * (w.dim() - 1))).round(),
     "whole numbers"),
])
def test_wrong_is_told_why(check, slip, said):
    with pytest.raises(CheckFailed, match=said):
        check(slip)
