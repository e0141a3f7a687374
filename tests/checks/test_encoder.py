"""The checks of lesson 08: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.encoder import check_delta_loss, check_discriminator_loss, check_stage
from styleclip_lib.checks.feedback import CheckFailed


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_delta_loss, check_stage, check_discriminator_loss])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


@pytest.mark.parametrize("delta_loss", [
    lambda w, stage: (w[:, 1:stage + 1] - w[:, :1]).norm(dim=2).mean(0).sum(),
    lambda w, stage: sum(((w[:, i] - w[:, 0]).square().sum(1).sqrt().mean() for i in range(1, stage + 1)), torch.tensor(0.0)),
    lambda w, stage: sum((w[:, i] - w[:, 0]).norm(dim=1).mean() for i in range(1, stage + 1)),
])  # fmt: skip
def test_delta_loss_right(delta_loss):
    assert check_delta_loss(delta_loss) is True


@pytest.mark.parametrize("delta_loss, says", [
    (lambda w, stage: (w - w[:, :1]).norm(dim=2).mean(0).sum(), "all offsets"),
    (lambda w, stage: (w[:, 1:stage] - w[:, :1]).norm(dim=2).mean(0).sum(), "One offset is missing"),
    (lambda w, stage: w[:, 1:stage + 1].norm(dim=2).mean(0).sum(), "not the length of w_i"),
    (lambda w, stage: (w[:, 1:] - w[:, :-1])[:, :stage].norm(dim=2).mean(0).sum(), "the w before it"),
    (lambda w, stage: (w[:, 1:stage + 1] - w[:, :1]).square().sum(2).mean(0).sum(), "root is missing"),
    (lambda w, stage: (w[:, 1:stage + 1] - w[:, :1]).norm(dim=2).sum(), "mean over the batch"),
])  # fmt: skip
def test_delta_loss_wrong(delta_loss, says):
    with pytest.raises(CheckFailed, match=says):
        check_delta_loss(delta_loss)


def test_stage_right():
    assert check_stage(lambda step, start, every, num_ws: 0 if step < start else min(num_ws - 1, 1 + (step - start) // every)) is True


@pytest.mark.parametrize("stage_at, says", [
    (lambda step, start, every, num_ws: min(num_ws - 1, 1 + step // every), "before `start`"),
    (lambda step, start, every, num_ws: 0 if step <= start else min(num_ws - 1, 1 + (step - start) // every), "the first offset is in use"),
    (lambda step, start, every, num_ws: 0 if step < start else 1 + (step - start) // every, "the first w has none"),
    (lambda step, start, every, num_ws: 0 if step < start else min(num_ws - 1, 1 + (step - start) / every), "whole number"),
    (lambda step, start, every, num_ws: 0 if step < start else num_ws - 1, "one more comes in"),
])  # fmt: skip
def test_stage_wrong(stage_at, says):
    with pytest.raises(CheckFailed, match=says):
        check_stage(stage_at)


@pytest.mark.parametrize("judge_loss", [
    lambda real, fake: F.softplus(-real).mean() + F.softplus(fake).mean(),
    lambda real, fake: -torch.log(torch.sigmoid(real)).mean() - torch.log(1 - torch.sigmoid(fake)).mean(),
])  # fmt: skip
def test_discriminator_loss_right(judge_loss):
    assert check_discriminator_loss(judge_loss) is True


@pytest.mark.parametrize("judge_loss, says", [
    (lambda real, fake: F.softplus(real).mean() + F.softplus(-fake).mean(), "Signs"),
    (lambda real, fake: F.softplus(-real).mean() + F.softplus(-fake).mean(), "encoder's wish"),
    (lambda real, fake: F.softplus(-real).mean(), "fake ones do not count"),
    (lambda real, fake: (F.softplus(-real).mean() + F.softplus(fake).mean()) / 2, "not their mean"),
    (lambda real, fake: fake.mean() - real.mean(), "logarithm is missing"),
])  # fmt: skip
def test_discriminator_loss_wrong(judge_loss, says):
    with pytest.raises(CheckFailed, match=says):
        check_discriminator_loss(judge_loss)
