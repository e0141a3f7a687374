"""The modulated convolution with shared weights equals the one with a weight for each sample."""

import itertools

import pytest
import torch

from styleclip_lib.networks.modulation import (
    demodulation,
    modulated_conv2d,
    modulated_conv2d_reference,
    modulated_pointwise,
)

SETTINGS = [{"demodulate": demodulate, "up": up, "size": size}
            for demodulate, (up, size) in itertools.product([True, False], [(1, 3), (1, 1), (2, 3)])]


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("with_bias", [False, True])
def test_equals_reference(setting, with_bias):
    x, weight, styles, *added = inputs = made(setting, 3, with_bias, requires_grad=True)
    results = []
    for operation in (modulated_conv2d, modulated_conv2d_reference):
        y = operation(x, weight, styles, setting["demodulate"], setting["up"], 1.5, *added)
        gradients = torch.autograd.grad(y.pow(3).sum(), inputs, create_graph=True)
        seconds = torch.autograd.grad(sum(g.square().sum() for g in gradients), inputs)
        results.append([y, *gradients, *seconds])
    assert results[0][0].shape == (3, 7, 8 * setting["up"], 12 * setting["up"])
    for fast, slow in zip(*results):
        torch.testing.assert_close(fast, slow)


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("with_bias", [False, True])
def test_without_gradients_it_is_the_same_and_leaves_the_inputs_alone(setting, batch, with_bias):
    x, weight, styles, *added = inputs = made(setting, batch, with_bias)
    assert x[0].numel() > weight.numel()  # so that for one picture the weights are scaled
    before = [one.clone() for one in inputs]
    y = modulated_conv2d(x, weight, styles, setting["demodulate"], setting["up"], 1.5, *added)
    torch.testing.assert_close(y, modulated_conv2d_reference(x, weight, styles, setting["demodulate"], setting["up"], 1.5, *added))
    assert all(torch.equal(one, old) for one, old in zip(inputs, before))


def made(setting, batch, with_bias, requires_grad=False):
    """x, weight, styles, and if wanted bias and noise."""
    torch.manual_seed(0)
    shapes = [(batch, 5, 8, 12), (7, 5, setting["size"], setting["size"]), (batch, 5)]
    if with_bias:
        shapes += [(7,), (1, 1, 8 * setting["up"], 12 * setting["up"])]
    return [torch.randn(shape, dtype=torch.float64, requires_grad=requires_grad) for shape in shapes]


def test_pointwise_equals_reference():
    torch.manual_seed(0)
    shapes = [(2, 5, 4, 6), (3, 5, 1, 1), (2, 5)]
    inputs = [torch.randn(shape, dtype=torch.float64, requires_grad=True) for shape in shapes]
    results = []
    for operation in (modulated_pointwise, lambda *args: modulated_conv2d_reference(*args, demodulate=False)):
        y = operation(*inputs)
        results.append([y, *torch.autograd.grad(y.pow(3).sum(), inputs)])
    for fast, slow in zip(*results):
        torch.testing.assert_close(fast, slow)


def test_demodulation_gives_every_output_channel_unit_weights():
    torch.manual_seed(0)
    weight, styles = torch.randn(7, 5, 3, 3), torch.randn(2, 5)
    modulated = weight * styles[:, None, :, None, None] * demodulation(weight, styles)[:, :, None, None, None]
    torch.testing.assert_close(modulated.square().sum(dim=(2, 3, 4)), torch.ones(2, 7))


def test_demodulation_ignores_the_size_of_a_style():
    torch.manual_seed(0)
    x, weight, styles = torch.randn(1, 5, 4, 4), torch.randn(7, 5, 3, 3), torch.randn(1, 5)
    torch.testing.assert_close(modulated_conv2d(x, weight, 10 * styles), modulated_conv2d(x, weight, styles))


def test_autocast_computes_in_bfloat16_with_exact_demodulation():
    torch.manual_seed(0)
    x, weight, styles = torch.randn(2, 32, 8, 8), torch.randn(16, 32, 3, 3), 1 + 0.1 * torch.randn(2, 32)
    exact = modulated_conv2d(x, weight, styles, up=2)
    with torch.autocast("cpu", torch.bfloat16):
        rough = modulated_conv2d(x, weight, styles, up=2)
        torch.testing.assert_close(demodulation(weight, styles), demodulation(weight.double(), styles.double()).float())
    assert rough.dtype == torch.bfloat16
    torch.testing.assert_close(rough.float(), exact, rtol=0, atol=0.05)
