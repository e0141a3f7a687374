"""The map from CLIP's space to W+: its closed form, and the network that begins as it."""

import pytest
import torch

from styleclip_lib.networks.alignment import Alignment


@pytest.fixture
def pairs():
    """w that depend linearly on v, and a little noise: v [400, 6], w [400, 5]"""
    rng = torch.Generator().manual_seed(0)
    v = torch.randn(400, 6, generator=rng) * torch.tensor([3.0, 2, 1, 1, 0.5, 0.5]) + 1
    true = torch.randn(6, 5, generator=rng)
    return v, v @ true + 2 + 0.01 * torch.randn(400, 5, generator=rng), true


def solved(v, w, depth=0, ridge=1e-6, ridge_text=0.5):
    torch.manual_seed(0)
    network = Alignment(4, 5, 6, depth, width=16, mixing=8)
    network.solve(v, w, ridge, ridge_text)
    return network


def test_the_closed_form_finds_a_linear_map_and_its_inverse(pairs):
    v, w, true = pairs
    network = solved(v, w)
    torch.testing.assert_close(network.of_picture, true, atol=0.02, rtol=0)
    torch.testing.assert_close(network.codes(v), w[:, None].expand(-1, 4, -1), atol=0.1, rtol=0)
    back = (w - network.w_avg) @ network.effect
    assert (back - (v - network.v_avg)).square().mean() < 0.9 * (v - v.mean(0)).square().mean(), "five numbers tell most of six"


def test_the_closed_form_is_the_minimum_of_ridge_regression(pairs):
    v, w, _ = pairs
    network = solved(v, w, ridge_text=0.3)
    x, y = (v - v.mean(0)).double(), (w - w.mean(0)).double()
    noise = 0.3 * x.square().sum(1).mean() / x.shape[1]

    def cost(matrix):
        return (x @ matrix - y).square().sum() / len(x) + noise * matrix.square().sum()

    best = network.of_text.double()
    rng = torch.Generator().manual_seed(1)
    assert all(cost(best) < cost(best + 0.01 * torch.randn(best.shape, generator=rng, dtype=torch.double)) for _ in range(20))
    assert best.norm() < network.of_picture.norm(), "what is taken to be noise is not followed"


def test_a_new_network_is_the_closed_form(pairs):
    v, w, _ = pairs
    offset, deep, plain = (v - v.mean(0))[:7], solved(v, w, depth=3), solved(v, w)
    for of_text in (False, True):
        torch.testing.assert_close(deep(offset, of_text), plain(offset, of_text))
    assert deep(offset).shape == (7, 4, 5)


def test_a_network_can_tell_texts_from_pictures_and_layers_from_one_another(pairs):
    v, w, _ = pairs
    network = solved(v, w, depth=3)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, generator=torch.Generator().manual_seed(parameter.numel()))
    offset = (v - v.mean(0))[:2]
    assert not torch.allclose(network(offset), network(offset, of_text=True))
    assert not torch.allclose(network(offset)[:, 0], network(offset)[:, 1])
    again = Alignment(**network.config())
    again.load_state_dict(network.state_dict())
    assert torch.equal(again(offset), network(offset))
