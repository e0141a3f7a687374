import math

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.discriminator import Discriminator, minibatch_std

CHANNELS = {4: 8, 8: 6, 16: 4}


def discriminator(**settings):
    torch.manual_seed(0)
    return Discriminator(16, CHANNELS, **settings)


def minibatch_std_by_hand(x, group_size, num_features):
    """Loops over groups, features, channels and pixels."""
    batch, channels, height, width = x.shape
    result = torch.zeros(batch, num_features, height, width, dtype=x.dtype)
    num_groups = batch // group_size
    for g in range(num_groups):
        members = range(g, batch, num_groups)
        for f in range(num_features):
            deviations = []
            for c in range(f * channels // num_features, (f + 1) * channels // num_features):
                for i in range(height):
                    for j in range(width):
                        values = [float(x[b, c, i, j]) for b in members]
                        mean = sum(values) / len(values)
                        deviations.append(math.sqrt(sum((v - mean) ** 2 for v in values) / len(values) + 1e-8))
            for b in members:
                result[b, f] = sum(deviations) / len(deviations)
    return result


@pytest.mark.parametrize("batch, group, features", [(4, 4, 1), (8, 4, 1), (8, 4, 2), (6, 3, 1), (1, 1, 1)])
def test_minibatch_std(batch, group, features):
    torch.manual_seed(0)
    x = torch.randn(batch, 4, 2, 3, dtype=torch.float64)
    torch.testing.assert_close(minibatch_std(x, group, features), minibatch_std_by_hand(x, group, features))


def test_minibatch_std_of_an_odd_batch_takes_the_largest_group_that_fits():
    x = torch.randn(6, 2, 2, 2)
    assert torch.equal(minibatch_std(x, 4), minibatch_std(x, 3))
    assert torch.equal(minibatch_std(x[:2], 4), minibatch_std(x[:2], 2))


@pytest.mark.parametrize("settings", [{}, {"mbstd_num_features": 0}, {"mbstd_group_size": 2, "mbstd_num_features": 2},
                                      {"conv_clamp": 256.0}])
def test_one_number_for_each_picture(settings):
    network = discriminator(**settings)
    assert network(torch.randn(4, 3, 16, 16)).shape == (4, 1)


def test_names_in_the_state_dict():
    names = set(discriminator().state_dict())
    assert names == {
        "b16.fromrgb.weight", "b16.fromrgb.bias", "b16.conv0.weight", "b16.conv0.bias",
        "b16.conv1.weight", "b16.conv1.bias", "b16.skip.weight",
        "b8.conv0.weight", "b8.conv0.bias", "b8.conv1.weight", "b8.conv1.bias", "b8.skip.weight",
        "b4.conv.weight", "b4.conv.bias", "b4.fc.weight", "b4.fc.bias", "b4.out.weight", "b4.out.bias"}
    assert discriminator().b4.conv.weight.shape == (8, 9, 3, 3)


def test_without_minibatch_std_pictures_are_judged_alone():
    network, images = discriminator(mbstd_num_features=0), torch.randn(4, 3, 16, 16)
    torch.testing.assert_close(network(images)[:1], network(images[:1]))
    network = discriminator()
    assert not torch.allclose(network(images)[:1], network(images[:1]))


def test_clamp_acts():
    images = 100 * torch.randn(4, 3, 16, 16)
    assert not torch.allclose(discriminator(conv_clamp=1.0)(images), discriminator()(images))
    torch.testing.assert_close(discriminator(conv_clamp=1e6)(images), discriminator()(images))


def test_gradient_penalty_has_gradients_and_is_right():
    """R1 (Mescheder et al. 2018): the penalty's derivative with respect to a weight, against finite differences."""
    network = discriminator().double()
    images = torch.randn(2, 3, 16, 16, dtype=torch.float64)

    def penalty():
        x = images.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(network(x).sum(), x, create_graph=True)
        return gradient.square().sum()

    penalty().backward()
    for name in ("b16.fromrgb.weight", "b16.conv1.weight", "b8.skip.weight", "b4.fc.weight"):
        weight = network.get_parameter(name)
        analytic, step = weight.grad.view(-1)[0].item(), 1e-6
        with torch.no_grad():
            weight.view(-1)[0] += step
            above = penalty_value(penalty)
            weight.view(-1)[0] -= 2 * step
            below = penalty_value(penalty)
            weight.view(-1)[0] += step
        assert analytic == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-7), name


def penalty_value(penalty):
    with torch.enable_grad():
        return penalty().item()


def test_autocast_stays_near():
    network, images = discriminator(), torch.randn(4, 3, 16, 16)
    exact = network(images)
    with torch.autocast("cpu", torch.bfloat16):
        rough = network(images)
    assert rough.dtype == torch.float32
    assert 0 < (rough - exact).abs().max() < 0.1


@pytest.mark.parametrize("call, words", [
    (lambda: discriminator()(torch.zeros(1, 3, 8, 8)), r"\[B, 3, 16, 16\]"),
    (lambda: Discriminator(24, CHANNELS), "power of two"),
    (lambda: Discriminator(32, CHANNELS), "32"),
])
def test_mistakes_are_named(call, words):
    with pytest.raises(StyleclipError, match=words):
        call()
