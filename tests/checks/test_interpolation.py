"""The checks of lesson 03: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from styleclip_lib import interpolation
from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.interpolation import check_blend_faces, check_even_weights, check_slerp


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_slerp, check_blend_faces, check_even_weights])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


# --- the arc -------------------------------------------------------------------------------------------------------


def slerp(a, b, t):
    theta = torch.acos(F.cosine_similarity(a, b))
    return (torch.sin((1 - t) * theta) * a + torch.sin(t * theta) * b) / torch.sin(theta)


def slerp_by_turning(a, b, t):
    """The same arc for codes of one length: a turned toward the part of b that is perpendicular to it."""
    unit = F.normalize(a)
    aside = b - (b * unit).sum() * unit
    theta = torch.atan2(aside.norm(), (b * unit).sum())
    of_b = torch.sin(t * theta) / torch.sin(theta)
    return a * (torch.sin((1 - t) * theta) / torch.sin(theta)) + of_b * b


@pytest.mark.parametrize("right", [slerp, slerp_by_turning, interpolation.slerp])
def test_slerp_right(right, capsys):
    assert check_slerp(right) is True
    assert "✓" in capsys.readouterr().out


def angle(a, b):
    return torch.acos(F.cosine_similarity(a, b))


def stretched(a, b, t):
    line = torch.lerp(a, b, t)
    return line / line.norm() * a.norm()


def raw_product(a, b, t):
    theta = torch.acos((a * b).sum())
    return (torch.sin((1 - t) * theta) * a + torch.sin(t * theta) * b) / torch.sin(theta)


def in_place(a, b, t):
    a /= a.norm()
    return slerp(a, b, t)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda a, b, t: (1 - t) * a + t * b, "straight line, which cuts"),
        (stretched, "wrong times"),
        (lambda a, b, t: slerp(b, a, t), "swapped"),
        (lambda a, b, t: slerp(a, b, t) * torch.sin(angle(a, b)), "division by sin"),
        (lambda a, b, t: slerp(F.normalize(a), F.normalize(b), t), "a and b themselves"),
        (lambda a, b, t: (1 - t) * torch.sin(angle(a, b)) * a + t * torch.sin(angle(a, b)) * b, "inside the sine"),
        (raw_product, "acos knows numbers"),
        (lambda a, b, t: slerp(a, b, t)[0], "shape"),
        (lambda a, b, t: slerp(a, b, t / 2), "off by up to"),
        (in_place, "clone"),
    ],
)
def test_slerp_wrong(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        check_slerp(wrong)


# --- the blend -----------------------------------------------------------------------------------------------------


def blend_faces(codes, shares):
    weights = shares / shares.sum()
    return (weights[:, None, None] * codes).sum(dim=0, keepdim=True)


@pytest.mark.parametrize(
    "right",
    [
        blend_faces,
        lambda codes, shares: torch.einsum("n,nlw->lw", shares / shares.sum(), codes)[None],
        lambda codes, shares: sum(share * code for share, code in zip(shares, codes))[None] / shares.sum(),
    ],
)
def test_blend_right(right):
    assert check_blend_faces(right) is True


def divided_in_place(codes, shares):
    shares /= shares.sum()
    return blend_faces(codes, shares)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda codes, shares: (shares[:, None, None] * codes).sum(0, keepdim=True), "divide them by their sum"),
        (lambda codes, shares: (shares[:, None, None] * codes).mean(0, keepdim=True), "number of faces"),
        (lambda codes, shares: blend_faces(codes, shares.softmax(0)), "softmax"),
        (lambda codes, shares: blend_faces(codes, shares.abs()), "keep the sign"),
        (lambda codes, shares: blend_faces(codes, shares.clamp(min=0)), "do not cut it off"),
        (lambda codes, shares: (F.normalize(shares, dim=0)[:, None, None] * codes).sum(0, keepdim=True), "not by their length"),
        (lambda codes, shares: codes.mean(0, keepdim=True), "same weight"),
        (lambda codes, shares: blend_faces(codes, shares)[0], "batch in front"),
        (lambda codes, shares: blend_faces(codes, shares.flip(0)), "off by up to"),
        (divided_in_place, "clone"),
    ],
)
def test_blend_wrong(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        check_blend_faces(wrong)


# --- even steps ----------------------------------------------------------------------------------------------------


def even_weights(weights, steps, frames):
    lengths = torch.cat([torch.zeros(1), steps.cumsum(0)])
    places = torch.linspace(0, lengths[-1].item(), frames)
    right = torch.searchsorted(lengths, places).clamp(1, len(steps))
    share = (places - lengths[right - 1]) / steps[right - 1]
    return torch.lerp(weights[right - 1], weights[right], share)


def by_loop(weights, steps, frames):
    found, step, behind = [], 0, 0.0
    for frame in range(frames):
        wanted = frame / (frames - 1) * steps.sum()
        while step < len(steps) - 1 and behind + steps[step] < wanted:
            behind, step = behind + steps[step], step + 1
        found.append(weights[step] + (wanted - behind) / steps[step] * (weights[step + 1] - weights[step]))
    return torch.stack(found)


def interpolated(places, at, values):
    return torch.tensor(np.interp(places, at, values), dtype=torch.float32)


def by_numpy(weights, steps, frames):
    lengths = np.concatenate([[0], steps.numpy().cumsum()])
    return interpolated(np.linspace(0, lengths[-1], frames), lengths, weights)


@pytest.mark.parametrize("right", [even_weights, by_loop, by_numpy])
def test_even_weights_right(right):
    assert check_even_weights(right) is True


def turned_round(weights, steps, frames):
    lengths = np.concatenate([[0], steps.numpy().cumsum()])
    return interpolated(np.linspace(0, 1, frames), weights, lengths / lengths[-1])


def without_zero(weights, steps, frames):
    lengths = steps.numpy().cumsum()
    return interpolated(np.linspace(0, lengths[-1], frames), lengths, weights[1:])


def nearest(weights, steps, frames):
    lengths = torch.cat([torch.zeros(1), steps.cumsum(0)])
    return weights[(torch.linspace(0, lengths[-1].item(), frames)[:, None] - lengths).abs().argmin(1)]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (lambda weights, steps, frames: torch.linspace(0, 1, frames), "steps are not used"),
        (turned_round, "Invert"),
        (lambda weights, steps, frames: turned_round(weights, steps, frames) * steps.sum(), "Invert"),
        (without_zero, "put a 0 in front"),
        (nearest, "nearest weight"),
        (lambda weights, steps, frames: torch.linspace(0, steps.sum().item(), frames), "lengths along the path"),
        (lambda weights, steps, frames: even_weights(weights, steps, frames).flip(0), "reversed"),
        (lambda weights, steps, frames: even_weights(weights, steps, len(weights)), "shape|off by up to"),
        (lambda weights, steps, frames: even_weights(weights, steps.square(), frames), "off by up to"),
        (lambda weights, steps, frames: by_numpy(weights, steps, frames).numpy(), "return a tensor"),
    ],
)
def test_even_weights_wrong(wrong, says):
    with pytest.raises(CheckFailed, match=says):
        check_even_weights(wrong)
