"""The checks of lesson 05: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

from itertools import combinations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.mapper import check_agreement, check_level_norm, check_mapper_loss
from styleclip_lib.networks.mapping import pixel_norm


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_level_norm, check_mapper_loss, check_agreement])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


# --- the norm over the layers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "level_norm",
    [
        pixel_norm,
        lambda x: x / x.square().mean(dim=1, keepdim=True).sqrt(),
        lambda x: F.normalize(x, dim=1) * x.shape[1] ** 0.5,
        lambda x: torch.stack([one / one.pow(2).mean(0).sqrt() for one in x]),
    ],
)
def test_level_norm_right(level_norm, capsys):
    assert check_level_norm(level_norm) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("level_norm", "says"),
    [
        (lambda x: x / x.square().mean(2, keepdim=True).sqrt(), "over the features"),
        (lambda x: x / x.square().mean((1, 2), keepdim=True).sqrt(), "together"),
        (lambda x: x / x.square().mean(1, keepdim=True), "square root"),
        (lambda x: F.normalize(x, dim=1), "not their sum"),
        (lambda x: x / x.std(1, keepdim=True), "standard deviation"),
        (lambda x: (x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True), "Nothing is subtracted"),
        (lambda x: x / x.square().mean(1).sqrt(), "stopped with"),
        (lambda x: x.square().mean(1, keepdim=True).sqrt(), "shape"),
        (lambda x: 2 * x, "off by up to"),
    ],
)
def test_level_norm_wrong(level_norm, says):
    with pytest.raises(CheckFailed, match=says):
        check_level_norm(level_norm)


# --- the loss ------------------------------------------------------------------------------------------------------


def right(offset, text, person, l2, same):
    return (1 - text).mean() + l2 * offset.square().mean() + same * (1 - person).mean()


@pytest.mark.parametrize(
    "mapper_loss",
    [
        right,
        lambda offset, text, person, l2, same: (1 - text + l2 * offset.square().mean((1, 2)) + same * (1 - person)).mean(),
        lambda offset, text, person, l2, same: 1 - text.mean() + l2 * F.mse_loss(offset, 0 * offset) + same - same * person.mean(),
    ],
)
def test_mapper_loss_right(mapper_loss):
    assert check_mapper_loss(mapper_loss) is True


@pytest.mark.parametrize(
    ("mapper_loss", "says"),
    [
        (lambda o, t, p, a, b: (1 - t).mean() + a * o.square().sum() + b * (1 - p).mean(), "latent optimisation"),
        (lambda o, t, p, a, b: (1 - t).mean() + a * o.norm(dim=(1, 2)).square().mean() + b * (1 - p).mean(), "over layers and features"),
        (lambda o, t, p, a, b: (1 - t).mean() + a * o.mean() + b * (1 - p).mean(), "Square the offset before"),
        (lambda o, t, p, a, b: t.mean() + a * o.square().mean() + b * (1 - p).mean(), "picture and text agree"),
        (lambda o, t, p, a, b: (1 - t).mean() + a * o.square().mean() + b * p.mean(), "same person"),
        (lambda o, t, p, a, b: right(o, t, p, b, a), "swapped"),
        (lambda o, t, p, a, b: right(o, t, p, 1, 1), "not used"),
        (lambda o, t, p, a, b: 1 - t + a * o.square().mean() + b * (1 - p), "shape"),
        (lambda o, t, p, a, b: right(o, t, p, a, b).item(), "tensor"),
    ],
)
def test_mapper_loss_wrong(mapper_loss, says):
    with pytest.raises(CheckFailed, match=says):
        check_mapper_loss(mapper_loss)


# --- how much steps agree ------------------------------------------------------------------------------------------


def by_pairs(offsets):
    return torch.stack([F.cosine_similarity(a.flatten(), b.flatten(), dim=0) for a, b in combinations(offsets, 2)]).mean()


def by_matrix(offsets):
    unit = F.normalize(offsets.flatten(1), dim=1)
    return (unit @ unit.T)[~torch.eye(len(unit), dtype=torch.bool)].mean()


@pytest.mark.parametrize("agreement", [by_pairs, by_matrix])
def test_agreement_right(agreement):
    assert check_agreement(agreement) is True


@pytest.mark.parametrize(
    ("agreement", "says"),
    [
        (lambda o: (F.normalize(o.flatten(1), dim=1) @ F.normalize(o.flatten(1), dim=1).T).mean(), "diagonal"),
        (lambda o: torch.stack([(a * b).sum() for a, b in combinations(o, 2)]).mean(), "inner products"),
        (lambda o: torch.stack([F.cosine_similarity(a, b, dim=1).mean() for a, b in combinations(o, 2)]).mean(), "for each layer"),
        (lambda o: by_pairs(o) * (len(o) * (len(o) - 1)), "sum over the pairs"),
        (lambda o: by_pairs(o)[None], "shape"),
        (lambda o: by_pairs(o).item(), "tensor"),
        (lambda o: 1 - by_pairs(o), "off by up to"),
    ],
)
def test_agreement_wrong(agreement, says):
    with pytest.raises(CheckFailed, match=says):
        check_agreement(agreement)
