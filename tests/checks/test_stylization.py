"""The checks of lesson 09: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.stylization import (
    check_directional_loss,
    check_patch_loss,
    check_random_crops,
    check_temporal_loss,
    check_total_variation,
)
from styleclip_lib.stylization import losses
from styleclip_lib.stylization.motion import Motion
from styleclip_lib.stylization.motion import temporal_loss as library_temporal
from styleclip_lib.stylization.patches import random_patches

CHECKS = [check_directional_loss, check_patch_loss, check_random_crops, check_temporal_loss, check_total_variation]


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", CHECKS)
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


def unit(x):
    return x / x.norm(dim=1, keepdim=True)


def direction_by_library(image, before, target, source):
    return losses.direction_terms(image, before, losses.text_direction(target, source))


def direction_by_hand(image, before, target, source):
    moved, wanted = unit(unit(image) - unit(before)), unit(unit(target) - unit(source))
    return 1 - moved @ wanted[0]


@pytest.mark.parametrize("answer", [direction_by_library, direction_by_hand])
def test_directional_loss_right(answer):
    assert check_directional_loss(answer) is True


@pytest.mark.parametrize(("slip", "message"), [
    (lambda i, b, t, s: 1 - F.cosine_similarity(i, t), "global loss"),
    (lambda i, b, t, s: 1 - F.cosine_similarity(i - b, t - s), "length one before"),
    (lambda i, b, t, s: 1 - ((unit(i) - unit(b)) * (unit(t) - unit(s))).sum(1), "both directions"),
    (lambda i, b, t, s: F.cosine_similarity(unit(i) - unit(b), unit(t) - unit(s)), "a loss falls"),
    (lambda i, b, t, s: 1 - F.cosine_similarity(unit(b) - unit(i), unit(t) - unit(s)), "backwards"),
    (lambda i, b, t, s: direction_by_hand(i, b, t, s).mean(), "shape"),
])
def test_directional_loss_slips(slip, message):
    with pytest.raises(CheckFailed, match=message):
        check_directional_loss(slip)


def test_patch_loss_right():
    assert check_patch_loss(lambda terms, threshold: (terms * (terms >= threshold)).mean()) is True


@pytest.mark.parametrize(("slip", "message"), [
    (lambda terms, threshold: terms.mean(), "does nothing"),
    (lambda terms, threshold: terms[terms >= threshold].mean(), "over all patches"),
    (lambda terms, threshold: (terms * (terms <= threshold)).mean(), "other way round"),
    (lambda terms, threshold: (terms - threshold).clamp(min=0).mean(), "in full"),
    (lambda terms, threshold: (terms * (terms >= threshold)).sum(), "sum")])
def test_patch_loss_slips(slip, message):
    with pytest.raises(CheckFailed, match=message):
        check_patch_loss(slip)


def crops(image, count, size, reach=1, same=False):
    height, width = image.shape[-2:]
    tops, lefts = (torch.randint(side - size + reach, (count,)) for side in (height, width))
    if same:
        lefts = tops
    return torch.stack([image[0, :, top:top + size, left:left + size] for top, left in zip(tops.tolist(), lefts.tolist())])


def test_random_crops_right():
    state = torch.get_rng_state()
    assert check_random_crops(crops) is True
    assert check_random_crops(lambda image, count, size: random_patches(tuple(image.shape[-2:]), count, size, 0.0,
                                                                        torch.Generator().manual_seed(1)).of(image)) is True
    assert torch.equal(state, torch.get_rng_state())


@pytest.mark.parametrize(("slip", "message"), [
    (lambda image, count, size: crops(image, count, size, reach=0), "bottom and the right edge"),
    (lambda image, count, size: crops(image, count, size, same=True), "edge"),
    (lambda image, count, size: crops(image, 1, size).expand(count, -1, -1, -1), "same one"),
    (lambda image, count, size: F.interpolate(image, (size, size)).expand(count, -1, -1, -1), "no pieces"),
    (lambda image, count, size: crops(image, count, size)[:, :1], "was expected"),
    (lambda image, count, size: [image], "list")])
def test_random_crops_slips(slip, message):
    with pytest.raises(CheckFailed, match=message):
        check_random_crops(slip)


def right(x):
    return x[..., 1:] - x[..., :-1]


def down(x):
    return x[..., 1:, :] - x[..., :-1, :]


def test_total_variation_right():
    assert check_total_variation(lambda x: right(x).square().sum().sqrt() + torch.linalg.vector_norm(down(x))) is True


@pytest.mark.parametrize(("slip", "message"), [
    (lambda x: right(x).abs().sum() + down(x).abs().sum(), "absolute"),
    (lambda x: right(x).square().sum() + down(x).square().sum(), "roots"),
    (lambda x: (right(x).square().sum() + down(x).square().sum()).sqrt(), "Two norms"),
    (lambda x: right(x).abs().mean() + down(x).abs().mean(), "not means"), (lambda x: right(x).norm(), "Downwards"),
    (lambda x: down(x).norm(), "To the right")])
def test_total_variation_slips(slip, message):
    with pytest.raises(CheckFailed, match=message):
        check_total_variation(slip)


def temporal(second, moved, own, valid):
    error = (second - moved - own).square().mean(1, keepdim=True)
    return (error * valid).sum() / valid.sum()


def temporal_by_library(second, moved, own, valid):
    still = torch.zeros(len(second), 2, *second.shape[-2:])
    return library_temporal(moved, second, Motion(torch.zeros_like(own), own, still, valid))


@pytest.mark.parametrize("answer", [temporal, temporal_by_library])
def test_temporal_loss_right(answer):
    assert check_temporal_loss(answer) is True


@pytest.mark.parametrize(("slip", "message"), [
    (lambda s, m, o, v: ((s - m - o).square() * v).mean(), "valid places only"), (lambda s, m, o, v: (s - m - o).square().mean(), "no say"),
    (lambda s, m, o, v: temporal(s, m, 0 * o, v), "subtract own"), (lambda s, m, o, v: temporal(s, m, -o, v), "wrong sign"),
    (lambda s, m, o, v: 3 * temporal(s, m, o, v), "three colours"),
    (lambda s, m, o, v: ((s - m - o).abs().mean(1, keepdim=True) * v).sum() / v.sum(), "Squares")])
def test_temporal_loss_slips(slip, message):
    with pytest.raises(CheckFailed, match=message):
        check_temporal_loss(slip)
