"""The checks of lesson 01: right answers pass, however they are written; usual slips are recognised."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.checks.feedback import CheckFailed
from styleclip_lib.checks.stylegan import check_mix, check_modulated_conv, check_truncate
from styleclip_lib.networks.modulation import modulated_conv2d, modulated_conv2d_reference


def stub(*_):
    raise NotImplementedError


@pytest.mark.parametrize("check", [check_truncate, check_mix, check_modulated_conv])
def test_a_stub_says_so_and_does_not_stop_the_lesson(check, capsys):
    assert check(stub) is False
    assert "not written yet" in capsys.readouterr().out


# --- truncation ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "truncate",
    [
        lambda w_plus, w_avg, psi: w_avg + psi * (w_plus - w_avg),
        lambda w_plus, w_avg, psi: torch.lerp(w_avg.expand_as(w_plus), w_plus, psi),
        lambda w_plus, w_avg, psi: psi * w_plus + (1 - psi) * w_avg[None, None],
    ],
)
def test_truncate_right(truncate, capsys):
    assert check_truncate(truncate) is True
    assert "✓" in capsys.readouterr().out


def in_place(w_plus, w_avg, psi):
    w_plus -= w_avg
    w_plus *= psi
    return w_plus + w_avg


@pytest.mark.parametrize(
    ("truncate", "says"),
    [
        (lambda w_plus, w_avg, psi: psi * w_plus, "distance from w_avg"),
        (lambda w_plus, w_avg, psi: w_plus + psi * (w_avg - w_plus), "wrong way round"),
        (lambda w_plus, w_avg, psi: w_avg + psi * w_plus, "Subtract the average"),
        (lambda w_plus, w_avg, psi: psi * (w_plus - w_avg), "Add the average again"),
        (lambda w_plus, w_avg, psi: (m := w_plus.mean((0, 1))) + psi * (w_plus - m), "mean of this batch"),
        (lambda w_plus, w_avg, psi: w_avg + max(psi, 0) * (w_plus - w_avg), "off by up to"),
        (lambda w_plus, w_avg, psi: (w_avg + psi * (w_plus - w_avg))[:, 0], "shape"),
        (in_place, "clone"),
    ],
)
def test_truncate_wrong(truncate, says):
    with pytest.raises(CheckFailed, match=says):
        check_truncate(truncate)


# --- style mixing --------------------------------------------------------------------------------------------------


def by_index(w_a, w_b, layer):
    w_plus = w_a.clone()
    w_plus[:, layer:] = w_b[:, layer:]
    return w_plus


def by_mask(w_a, w_b, layer):
    from_b = torch.arange(w_a.shape[1])[None, :, None] >= layer
    return torch.where(from_b, w_b, w_a)


@pytest.mark.parametrize(
    "mix", [by_index, by_mask, lambda w_a, w_b, layer: torch.cat([w_a[:, :layer], w_b[:, layer:]], dim=1)]
)
def test_mix_right(mix):
    assert check_mix(mix) is True


def without_clone(w_a, w_b, layer):
    w_a[:, layer:] = w_b[:, layer:]
    return w_a


@pytest.mark.parametrize(
    ("mix", "says"),
    [
        (lambda a, b, layer: by_index(b, a, layer), "swapped"),
        (lambda a, b, layer: by_index(a, b, layer + 1), "too late"),
        (lambda a, b, layer: by_index(a, b, max(layer - 1, 0)), "too early"),
        (lambda a, b, layer: torch.cat([a[:, :, :layer], b[:, :, layer:]], 2), "numbers of w"),
        (lambda a, b, layer: torch.cat([a[:2], b[2:]]), "off by up to"),
        (lambda a, b, layer: (a + b) / 2, "average"),
        (lambda a, b, layer: torch.cat([a[:, :layer], b[:, layer:]]), "shape"),
        (lambda a, b, layer: torch.cat([a[:layer], b[layer + 1]]), "stopped with"),
        (without_clone, "clone"),
    ],
)
def test_mix_wrong(mix, says):
    with pytest.raises(CheckFailed, match=says):
        check_mix(mix)


# --- modulated convolution -----------------------------------------------------------------------------------------


def by_groups(x, weight, styles):
    """The official implementation's way: the pictures as groups of one convolution."""
    w = weight[None] * styles[:, None, :, None, None]
    w = w * (w.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
    batch, _, height, width = x.shape
    y = F.conv2d(x.reshape(1, -1, height, width), w.flatten(0, 1), padding=1, groups=batch)
    return y.view(batch, -1, height, width)


def grouped(scale, dims, root=0.5):
    """`by_groups` with something else in the place of a step."""

    def wrong(x, weight, styles):
        w = weight[None] * (styles[:, None, :, None, None] if scale == "in" else styles[:, :, None, None, None])
        if dims:
            w = w / (w.square().sum(dims, keepdim=True) + 1e-8) ** root
        return torch.cat([F.conv2d(one[None], each, padding=1) for one, each in zip(x, w)])

    return wrong


@pytest.mark.parametrize("modulated_conv", [modulated_conv2d, modulated_conv2d_reference, by_groups])
def test_modulated_conv_right(modulated_conv):
    assert check_modulated_conv(modulated_conv) is True


@pytest.mark.parametrize(
    ("modulated_conv", "says"),
    [
        (lambda x, w, s: modulated_conv2d(x, w, s, demodulate=False), "not demodulated"),
        (lambda x, w, s: modulated_conv2d(x, w, torch.ones_like(s)), "no effect"),
        (lambda x, w, s: modulated_conv2d(x * s[:, :, None, None], w, torch.ones_like(s)), "with s in it"),
        (lambda x, w, s: modulated_conv2d(x, w, s[:1].expand_as(s)), "style of the first"),
        (lambda x, w, s: modulated_conv2d(x, w.flip(2, 3), s), "flipped"),
        (lambda x, w, s: modulated_conv2d(x, w, s)[:, :, 1:-1, 1:-1], "padding=1"),
        (lambda x, w, s: modulated_conv2d(x, w, s + 1), "off by up to"),
        (grouped("in", (2, 3, 4), root=1.0), "square root"),
        (grouped("in", (1, 2, 3, 4)), "over o, too"),
        (grouped("in", (1, 3, 4)), "not over o"),
        (grouped("in", (3, 4)), "kernel only"),
        (grouped("in", (2,)), "input channels only"),
        (grouped("out", (2, 3, 4)), "no effect"),  # the demodulation takes them out again
        (grouped("out", ()), "output channels"),
    ],
)
def test_modulated_conv_wrong(modulated_conv, says):
    with pytest.raises(CheckFailed, match=says):
        check_modulated_conv(modulated_conv)
