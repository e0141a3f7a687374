"""Every fast resampling operation equals its slow reference, with its first and second derivatives."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.resampling import (
    downsample2d,
    downsample2d_reference,
    filter2d,
    filter2d_reference,
    fractional_area_resize,
    fractional_area_resize_reference,
    upsample2d,
    upsample2d_reference,
)

PAIRS = {
    "filter, padding 1": (lambda x: filter2d(x, 1), lambda x: filter2d_reference(x, 1)),
    "filter, padding 2, gain 4": (lambda x: filter2d(x, 2, 4.0), lambda x: filter2d_reference(x, 2, 4.0)),
    "upsample": (upsample2d, upsample2d_reference),
    "downsample": (downsample2d, downsample2d_reference),
    "areas, to smaller": (lambda x: fractional_area_resize(x, 4), lambda x: fractional_area_resize_reference(x, 4)),
    "areas, to larger": (lambda x: fractional_area_resize(x, 9), lambda x: fractional_area_resize_reference(x, 9)),
}


@pytest.mark.parametrize("name", PAIRS)
def test_equals_reference(name):
    torch.manual_seed(0)
    x = torch.randn(2, 3, 6, 8, dtype=torch.float64, requires_grad=True)
    results = []
    for operation in PAIRS[name]:
        y = operation(x)
        (gradient,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        (second,) = torch.autograd.grad(gradient.square().sum(), x)
        results.append((y, gradient, second))
    for fast, slow in zip(*results):
        torch.testing.assert_close(fast, slow)


def test_sizes():
    x = torch.randn(1, 2, 6, 8)
    assert filter2d(x, 1).shape == (1, 2, 5, 7)
    assert filter2d(x, 2).shape == (1, 2, 7, 9)
    assert upsample2d(x).shape == (1, 2, 12, 16)
    assert downsample2d(x).shape == (1, 2, 3, 4)


def test_upsample_by_hand():
    """A new pixel is 3/4 of the nearer old one and 1/4 of the farther one, in both directions; outside is zero."""
    up = upsample2d(torch.tensor([[[[16.0, 32.0]]]]))[0, 0]
    torch.testing.assert_close(up, 0.75 * torch.tensor([[12.0, 20.0, 28.0, 24.0]] * 2))


def test_areas_by_hand():
    """Three pixels become two: each new one is the whole of an outer pixel and half of the middle one."""
    row = fractional_area_resize(torch.tensor([[[[3.0, 6.0, 12.0]] * 3]]), 2)[0, 0]
    torch.testing.assert_close(row, torch.tensor([[4.0, 10.0]] * 2))


@pytest.mark.parametrize("size", [256, 1024])
def test_areas_as_styleclip_takes_them(size):
    """Each pixel repeated seven times, then the mean of as many as make up one of 224."""
    x = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    wanted = F.avg_pool2d(F.interpolate(x, scale_factor=7, mode="nearest"), size // 32)
    torch.testing.assert_close(fractional_area_resize(x, 224), wanted, rtol=0, atol=2e-5)


@pytest.mark.parametrize("operation", [lambda x: filter2d(x, 2), upsample2d, downsample2d])
def test_keeps_channels_last_and_precision(operation):
    x = torch.randn(2, 3, 8, 8, dtype=torch.bfloat16).contiguous(memory_format=torch.channels_last)
    y = operation(x)
    assert y.is_contiguous(memory_format=torch.channels_last)
    assert y.dtype == torch.bfloat16
