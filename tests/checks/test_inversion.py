"""The checks of lesson 02: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.inversion import check_in_w_plus, check_noise_loss, check_psnr
from styleclip_lib.inversion.projector import noise_regularizer


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_psnr, check_in_w_plus, check_noise_loss])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


# --- psnr ----------------------------------------------------------------------------------------------------------


def mse(a, b):
    return (a - b).square().mean(dim=(1, 2, 3))


@pytest.mark.parametrize("psnr", [
    lambda a, b: 10 * torch.log10(4 / mse(a, b)),
    lambda a, b: 20 * math.log10(2) - 10 * mse(a, b).log10(),
    lambda a, b: 10 * torch.log10(4 / mse(a.clamp(-1, 1), b.clamp(-1, 1))),
    lambda a, b: torch.stack([-10 * torch.log10(F.mse_loss(x / 2, y / 2)) for x, y in zip(a, b)]),
])  # fmt: skip
def test_psnr_right(psnr, capsys):
    assert check_psnr(psnr) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(("psnr", "says"), [
    (lambda a, b: -10 * mse(a, b).log10(), "the range is 2"),
    (lambda a, b: 10 * torch.log10(255**2 / mse(a, b)), "255"),
    (lambda a, b: 10 * torch.log10(mse(a, b) / 4), "sign"),
    (lambda a, b: 20 * torch.log10(4 / mse(a, b)), "20 times"),
    (lambda a, b: 10 * torch.log10(2 / mse(a, b).sqrt()), "factor is 20"),
    (lambda a, b: 10 * torch.log(4 / mse(a, b)), "natural"),
    (lambda a, b: torch.log10(4 / mse(a, b)), "decibels"),
    (lambda a, b: 20 * torch.log10(2 / (a - b).abs().mean((1, 2, 3))), "absolute"),
    (lambda a, b: 10 * torch.log10(4 / (a - b).square().sum((1, 2, 3))), "sum"),
    (lambda a, b: 10 * torch.log10(4 / F.mse_loss(a, b)), "one number for the whole batch"),
    (lambda a, b: (10 * torch.log10(4 / F.mse_loss(a, b))).item(), "one number for the whole batch"),
    (lambda a, b: 10 * torch.log10(3 / mse(a, b)), "off by up to"),
])  # fmt: skip
def test_psnr_wrong(psnr, says):
    with pytest.raises(CheckFailed, match=says):
        check_psnr(psnr)


# --- a code as w_plus ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("in_w_plus", [
    lambda code, num_ws: code.expand(-1, num_ws, -1),
    lambda code, num_ws: code.repeat(1, num_ws, 1) if code.shape[1] == 1 else code,
    lambda code, num_ws: code + torch.zeros(1, num_ws, 1),
])  # fmt: skip
def test_in_w_plus_right(in_w_plus, capsys):
    assert check_in_w_plus(in_w_plus) is True
    assert "sum over all layers" in capsys.readouterr().out


@pytest.mark.parametrize(("in_w_plus", "says"), [
    (lambda code, num_ws: code.detach().expand(-1, num_ws, -1), "cuts the gradient off"),
    (lambda code, num_ws: code.repeat(1, num_ws, 1), "returned shape"),
    (lambda code, num_ws: code, "returned shape"),
    (lambda code, num_ws: code.mean(1, keepdim=True).expand(-1, num_ws, -1), "you average"),
    (lambda code, num_ws: code[:, :1].expand(-1, num_ws, -1), "only the first"),
    (lambda code, num_ws: F.pad(code, (0, 0, 0, num_ws - code.shape[1])), "zeros"),
    (lambda code, num_ws: code.expand(-1, num_ws, -1) / (num_ws if code.shape[1] == 1 else 1), "share it out"),
    (lambda code, num_ws: torch.cat([code[:, :1], code.detach().expand(-1, num_ws, -1)[:, 1:]], 1), "gradient through"),
])  # fmt: skip
def test_in_w_plus_wrong(in_w_plus, says):
    with pytest.raises(CheckFailed, match=says):
        check_in_w_plus(in_w_plus)


# --- the noise regulariser -----------------------------------------------------------------------------------------


def in_a_loop(noise, last=8, halve=lambda n: F.avg_pool2d(n, 2), dims=(2, 3), term=lambda x: x.mean() ** 2):
    total = 0.0
    while True:
        for dim in dims:
            total = total + term(noise * torch.roll(noise, 1, dim))
        if noise.shape[-1] <= last:
            return total
        noise = halve(noise)


def recursive(noise):
    here = sum((noise * noise.roll(-1, dim)).mean() ** 2 for dim in (-1, -2))
    return here if noise.shape[-1] <= 8 else here + recursive(F.interpolate(noise, scale_factor=0.5, mode="area"))


@pytest.mark.parametrize("noise_loss", [
    in_a_loop, recursive, lambda noise: noise_regularizer([noise]), lambda noise: in_a_loop(noise).item(),
])  # fmt: skip
def test_noise_loss_right(noise_loss, capsys):
    assert check_noise_loss(noise_loss) is True
    assert "✓" in capsys.readouterr().out


@pytest.mark.parametrize(("changed", "says"), [
    ({"dims": (3,)}, "to the side only"),
    ({"dims": (2,)}, "above only"),
    ({"term": lambda x: (x**2).mean()}, "Average first"),
    ({"term": lambda x: x.mean()}, "Square each mean"),
    ({"term": lambda x: x.mean().abs()}, "Square each mean"),
    ({"last": 64}, "the map itself only"),
    ({"last": 16}, "8x8 pixels belongs"),
    ({"last": 4}, "down to 4x4"),
    ({"halve": lambda n: n[:, :, ::2, ::2]}, "leaving pixels out"),
    ({"halve": lambda n: F.max_pool2d(n, 2)}, "the largest"),
    ({"halve": lambda n: 2 * F.avg_pool2d(n, 2)}, "scale the map up"),
    ({"term": lambda x: x.mean() ** 2 / 2}, "off by up to"),
])  # fmt: skip
def test_noise_loss_wrong(changed, says):
    with pytest.raises(CheckFailed, match=says):
        check_noise_loss(lambda noise: in_a_loop(noise, **changed))
