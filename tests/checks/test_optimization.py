"""The checks of lesson 04: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.optimization import check_learning_rate, check_styleclip_loss


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_styleclip_loss, check_learning_rate])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


def by_cosine(image, text, w, w_s, person, person_s, l2, identity):
    terms = 1 - F.cosine_similarity(image, text), (w - w_s).pow(2).sum(), 1 - F.cosine_similarity(person, person_s)
    return terms[0] + l2 * terms[1] + identity * terms[2]


def by_norm(image, text, w, w_s, person, person_s, l2, identity):
    return (1 - image @ text.T) + l2 * torch.norm(w - w_s) ** 2 + identity * (1 - person @ person_s.T)


@pytest.mark.parametrize("loss", [by_cosine, by_norm])
def test_loss_right(loss, capsys):
    assert check_styleclip_loss(loss) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (lambda i, t, w, s, p, q, a, b: (i * t).sum() + a * (w - s).square().sum() + b * (1 - (p * q).sum()), "must fall"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * F.mse_loss(w, s) + b * (1 - (p * q).sum()), "not a mean"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * (w - s).norm() + b * (1 - (p * q).sum()), "squared"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * w.square().sum() + b * (1 - (p * q).sum()), "not from 0"),
        (lambda i, t, w, s, p, q, a, b: 1 - (i * t).sum() + a * (w - s).square().sum() + b * (p * q).sum(), "same person"),
        (lambda i, t, w, s, p, q, a, b: by_norm(i, t, w, s, p, q, b, a), "swapped"),
        (lambda i, t, w, s, p, q, a, b: by_norm(i, t, w, s, p, q, 1, 1), "missing"),
        (lambda i, t, w, s, p, q, a, b: 2 * by_norm(i, t, w, s, p, q, a, b), "off by up to"),
        (lambda i, t, w, s, p, q, a, b: 0.5, "should return a tensor"),
    ],
)
def test_loss_wrong(loss, says):
    with pytest.raises(CheckFailed, match=says):
        check_styleclip_loss(loss)


def right_rate(step, steps, lr):
    t = step / steps
    up = min(1, t / 0.05)
    down = 1 if t < 0.75 else 0.5 - 0.5 * math.cos(math.pi * (1 - t) / 0.25)
    return lr * up * down


def test_rate_right(capsys):
    assert check_learning_rate(right_rate) is True
    assert check_learning_rate(lambda step, steps, lr: torch.tensor(right_rate(step, steps, lr))) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("rate", "says"),
    [
        (lambda k, n, lr: lr * (0.5 - 0.5 * math.cos(math.pi * min(1, (1 - k / n) / 0.25))), "beginning is missing"),
        (lambda k, n, lr: lr * min(1, k / n / 0.05), "end is missing"),
        (lambda k, n, lr: lr * min(1, k / n / 0.05) * min(1, (1 - k / n) / 0.25), "straight line"),
        (lambda k, n, lr: right_rate(k, n, 1.0), "lr is missing"),
        (lambda k, n, lr: lr, "off by up to"),
    ],
)
def test_rate_wrong(rate, says):
    with pytest.raises(CheckFailed, match=says):
        check_learning_rate(rate)
