"""StyleGAN2's losses where the answer is known."""

import math

import pytest
import torch

from styleclip_lib.training.adversarial import (
    PathLength,
    discriminator_loss,
    generator_loss,
    mix_styles,
    r1_penalty,
    update_average,
)

LOGITS = torch.tensor([[-2.0], [0.0], [3.0]])


def test_the_logistic_losses():
    by_hand = sum(math.log(1 + math.exp(-x)) for x in (-2, 0, 3)) / 3
    assert generator_loss(LOGITS).item() == pytest.approx(by_hand, rel=1e-6)
    both = by_hand + sum(math.log(1 + math.exp(x)) for x in (-2, 0, 3)) / 3
    assert discriminator_loss(LOGITS, LOGITS).item() == pytest.approx(both, rel=1e-6)
    assert generator_loss(torch.tensor([1e4])) == 0 and generator_loss(torch.tensor([-1e4])) == pytest.approx(1e4)


def test_r1_of_a_plane_is_its_slope():
    slope = torch.randn(3, 4, 4, generator=torch.Generator().manual_seed(0))
    penalty = r1_penalty(lambda x: (x * slope).sum((1, 2, 3))[:, None], torch.randn(5, 3, 4, 4))
    assert penalty.item() == pytest.approx(slope.square().sum().item(), rel=1e-5)


def test_r1_of_a_bowl_grows_with_the_distance():
    real = torch.randn(5, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    penalty = r1_penalty(lambda x: 0.5 * x.square().sum((1, 2, 3))[:, None], real)
    assert penalty.item() == pytest.approx(real.square().sum((1, 2, 3)).mean().item(), rel=1e-5)


def test_r1_reaches_the_discriminator():
    """D(x) = a Σ x has |grad|² = a² · 48, whose derivative is 96 a."""
    a = torch.tensor(0.7, requires_grad=True)
    r1_penalty(lambda x: a * x.sum((1, 2, 3))[:, None], torch.randn(2, 3, 4, 4)).backward()
    assert a.grad.item() == pytest.approx(96 * 0.7, rel=1e-5)


def linear_images(w_plus, matrix):
    """images [B, 3, 4, 4] = Σ_layers w · matrix, matrix [w_dim, 48]."""
    return (w_plus.sum(1) @ matrix).view(-1, 3, 4, 4)


def test_path_length_of_a_linear_map():
    """For x = Σ_l w_l M the gradient of <x, y> with respect to every w_l is M y."""
    matrix = torch.randn(6, 48, generator=torch.Generator().manual_seed(0))
    w_plus = torch.randn(4, 3, 6).requires_grad_()
    path_length = PathLength(decay=0.1)
    penalty = path_length(linear_images(w_plus, matrix), w_plus, torch.Generator().manual_seed(5))
    noise = torch.randn(4, 3, 4, 4, generator=torch.Generator().manual_seed(5)) / 4
    lengths = (noise.flatten(1) @ matrix.T).norm(dim=1)
    mean = 0.1 * lengths.mean().item()
    assert path_length.mean == pytest.approx(mean, rel=1e-5)
    assert penalty.item() == pytest.approx((lengths - mean).square().mean().item(), rel=1e-5)


def test_path_length_settles_at_the_length_of_the_map():
    """With orthogonal rows of length c, E |M y|² = c² · w_dim / pixels."""
    rows = torch.linalg.qr(torch.randn(48, 6, generator=torch.Generator().manual_seed(0)))[0].T
    path_length, rng = PathLength(decay=0.05), torch.Generator().manual_seed(0)
    for _ in range(150):
        w_plus = torch.randn(64, 3, 6, generator=rng).requires_grad_()
        path_length(linear_images(w_plus, 2.0 * rows), w_plus, rng)
    assert path_length.mean == pytest.approx(2 * (6 / 16) ** 0.5, rel=0.06)
    again = PathLength()
    again.load_state_dict(path_length.state_dict())
    assert again.mean == path_length.mean


def test_path_length_reaches_the_generator():
    matrix = torch.randn(6, 48, generator=torch.Generator().manual_seed(0)).requires_grad_()
    w_plus = torch.randn(4, 3, 6).requires_grad_()
    PathLength()(linear_images(w_plus, matrix), w_plus, torch.Generator().manual_seed(0)).backward()
    assert matrix.grad.abs().sum() > 0


class Mapping:
    """z repeated for every layer."""

    num_ws = 6

    def __call__(self, z):
        return z[:, None].repeat(1, self.num_ws, 1)


def test_styles_are_mixed_at_one_layer():
    z = torch.randn(300, 5)
    mixed = mix_styles(Mapping(), z, 1.0, torch.Generator().manual_seed(0))
    own = (mixed == z[:, None]).all(2)
    assert own[:, 0].all() and not own[:, -1].any(), "the first layer is one's own, the last another's"
    cuts = own.sum(1)
    assert (own == (torch.arange(6)[None] < cuts[:, None])).all()
    assert set(cuts.tolist()) == {1, 2, 3, 4, 5}
    others = mixed[:, -1]
    assert all(torch.equal(mixed[n, cuts[n] :], others[n].expand(6 - cuts[n], 5)) for n in range(300))


@pytest.mark.parametrize("probability", [0.0, 0.3, 0.9])
def test_how_often_styles_are_mixed(probability):
    z = torch.randn(2000, 5)
    mixed = mix_styles(Mapping(), z, probability, torch.Generator().manual_seed(0))
    assert torch.equal(mixed[:, 0], z)
    assert (mixed[:, -1] != z).any(1).float().mean() == pytest.approx(probability, abs=0.03)


def test_mixing_is_repeatable():
    z = torch.randn(4, 5)
    one, two = (mix_styles(Mapping(), z, 0.5, torch.Generator().manual_seed(1)) for _ in range(2))
    assert torch.equal(one, two)


def test_the_average_follows_the_network():
    network, average = torch.nn.BatchNorm1d(2), torch.nn.BatchNorm1d(2)
    with torch.no_grad():
        network.weight.copy_(torch.tensor([3.0, 5.0]))
        network.running_mean.copy_(torch.tensor([7.0, 7.0]))
    for _ in range(10):
        update_average(average, network, decay=0.5**0.1)
    torch.testing.assert_close(average.weight.data, torch.tensor([2.0, 3.0])), "half of the way in a half-life"
    assert torch.equal(average.running_mean, network.running_mean), "buffers are copied"
    assert network.weight.tolist() == [3, 5]
