"""Muon: steps of one size in every direction of a matrix."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from styleclip_lib.training.muon import Muon, orthogonalized, reader_optimizers


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("shape", [(6, 6), (4, 30), (30, 4), (1, 9)])
def test_singular_values_come_near_1(shape):
    """Also those that are a hundredth of the largest."""
    a = torch.randn(shape, generator=rng())
    u, s, v = torch.linalg.svd(a, full_matrices=False)
    stretched = u @ torch.diag(torch.logspace(0, -2, len(s))) @ v
    found = torch.linalg.svdvals(orthogonalized(stretched))
    assert found.min() > 0.3 and found.max() < 1.4
    cosine = torch.nn.functional.cosine_similarity(orthogonalized(a).flatten(), (u @ v).flatten(), dim=0)
    assert cosine > 0.9


@pytest.mark.parametrize("shape", [(8, 4, 3, 3), (16, 16), (3, 40)])
def test_the_learning_rate_is_the_size_of_a_step(shape):
    weight = nn.Parameter(torch.randn(shape, generator=rng()))
    before = weight.detach().clone()
    weight.grad = torch.randn(shape, generator=rng(1)) * 1e-6
    Muon([weight], lr=0.01).step()
    change = (weight.detach() - before).square().mean().sqrt().item()
    assert change == pytest.approx(0.01, rel=0.35), "however small the gradient is"
    assert (weight.detach() - before).flatten() @ weight.grad.flatten() < 0


def test_a_convolution_counts_as_a_matrix():
    start = torch.randn(6, 4, 3, 3, generator=rng())
    gradient = torch.randn(6, 4, 3, 3, generator=rng(1))
    weights = [nn.Parameter(start.clone()), nn.Parameter(start.flatten(1).clone()),
               nn.Parameter(start.clone().contiguous(memory_format=torch.channels_last))]  # fmt: skip
    for weight in weights:
        weight.grad = gradient.view_as(weight)
        optimizer = Muon([weight], lr=0.1)
        optimizer.step()
        optimizer.step()
    torch.testing.assert_close(weights[0].flatten(1), weights[1])
    torch.testing.assert_close(weights[0], weights[2].contiguous())


def fitted(make_optimizer, steps=60):
    """The loss of a linear map that learns another one, from inputs of very different sizes."""
    wanted, scale = torch.randn(8, 8, generator=rng()), torch.logspace(0, -1.5, 8)
    weight, noise = nn.Parameter(torch.zeros(8, 8)), rng(1)
    optimizer = make_optimizer(weight)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 0.1 * (1 - step / steps)
        x = torch.randn(32, 8, generator=noise) * scale
        loss = (x @ (weight - wanted).T).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return (weight - wanted).square().mean().item()


def test_rare_directions_are_learnt():
    assert fitted(lambda w: Muon([w], lr=0.1)) < 0.3 * fitted(lambda w: torch.optim.SGD([w], lr=0.1))


def test_a_reader_has_muon_for_its_matrices_and_adam_for_the_rest():
    convolutions = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(4, 4, 3, groups=4)
    network = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(4, 5), nn.Linear(5, 2))
    optimizers = reader_optimizers(network, network[-1], SimpleNamespace(muon_lr=0.1, adam_lr=0.2))
    parts = {name: {id(p) for group in optimizer.param_groups for p in group["params"]} for name, optimizer in optimizers.items()}
    assert parts["muon"] == {id(network[0].weight), id(network[4].weight)}
    assert parts["adam"] == {id(p) for p in network.parameters()} - parts["muon"]
    assert [optimizers[name].param_groups[0]["lr"] for name in ("muon", "adam")] == [0.1, 0.2]


def test_it_goes_on_from_its_state(tmp_path):
    gradients = torch.randn(3, 4, 4, generator=rng())
    first, second = (nn.Parameter(torch.ones(4, 4)) for _ in range(2))
    optimizer, later = Muon([first], lr=0.1), Muon([second], lr=0.1)
    for step, gradient in enumerate(gradients):
        first.grad = gradient.clone()
        optimizer.step()
        if step == 0:
            torch.save(optimizer.state_dict(), tmp_path / "state.pt")
            second.data.copy_(first.data)
    later.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for gradient in gradients[1:]:
        second.grad = gradient.clone()
        later.step()
    torch.testing.assert_close(first, second)


def test_what_has_no_gradient_stays():
    weight = nn.Parameter(torch.ones(2, 2))
    Muon([weight], lr=0.1).step()
    assert torch.equal(weight, torch.ones(2, 2))
