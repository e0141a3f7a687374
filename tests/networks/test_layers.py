"""Equalised learning rate, and where the sqrt(2) of the activation went."""

import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.layers import Conv2d, Linear, leaky_relu
from styleclip_lib.networks.resampling import downsample2d_reference, filter2d_reference


def test_leaky_relu():
    x = torch.tensor([-2.0, 0.0, 3.0])
    torch.testing.assert_close(leaky_relu(x.clone()), torch.tensor([-0.4, 0.0, 3.0]))
    torch.testing.assert_close(leaky_relu(x.clone(), clamp=1.0), torch.tensor([-0.4, 0.0, 1.0]))


def test_linear_scales_weight_and_bias():
    torch.manual_seed(0)
    layer = Linear(16, 4, bias_init=0.5, lr_multiplier=0.01, activation=True)
    x = torch.randn(3, 16)
    plain = x @ (layer.weight * 0.01 / 4).t() + layer.bias * 0.01
    torch.testing.assert_close(layer(x), F.leaky_relu(plain, 0.2) * math.sqrt(2))
    torch.testing.assert_close(layer.bias * 0.01, torch.full([4], 0.5))


def test_linear_keeps_its_precision_under_autocast():
    torch.manual_seed(0)
    layer = Linear(16, 4)
    x = torch.randn(3, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(layer(x), layer(x.clone()))
        assert layer(x).dtype == torch.float32
        inside = layer(x)
    torch.testing.assert_close(inside, layer(x), rtol=0, atol=0)


@pytest.mark.parametrize("size, down", [(1, 1), (3, 1), (1, 2), (3, 2)])
def test_conv_by_its_definition(size, down):
    torch.manual_seed(0)
    layer = Conv2d(3, 4, size, down=down, gain=0.5, clamp=0.3).double()
    torch.nn.init.normal_(layer.bias)
    x = torch.randn(2, 3, 8, 8, dtype=torch.float64)
    weight = layer.weight / math.sqrt(3 * size * size)
    if down == 1:
        y = F.conv2d(x, weight, padding=size // 2)
    elif size == 1:
        y = F.conv2d(downsample2d_reference(x), weight)
    else:
        y = F.conv2d(filter2d_reference(x, 2), weight)[:, :, ::2, ::2]
    y = F.leaky_relu(y + layer.bias[:, None, None], 0.2) * math.sqrt(2) * 0.5
    torch.testing.assert_close(layer(x), y.clamp(-0.15, 0.15))


def test_conv_without_activation_has_no_sqrt_two():
    torch.manual_seed(0)
    layer = Conv2d(4, 5, 1, bias=False, activation=False)
    x = torch.randn(2, 4, 3, 3)
    torch.testing.assert_close(layer(x), F.conv2d(x, layer.weight / 2))
