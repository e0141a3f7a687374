"""Adaptive discriminator augmentation: what is changed, how often, and how the probability follows the discriminator."""

import math

import pytest
import torch

from styleclip_lib.training.ada import MOST, AdaptiveP, _colors, _geometry, augmented


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def clouds(n=8, size=32):
    small = torch.rand(n, 3, 5, 5, generator=rng()) * 2 - 1
    return torch.nn.functional.interpolate(small, size=(size, size), mode="bicubic", align_corners=False)


def test_without_a_chance_nothing_changes():
    images = clouds()
    assert augmented(images, 0.0, rng()) is images
    assert torch.equal(augmented(images, 0.5, rng(3)), augmented(images, 0.5, rng(3))), "a seed means the same changes"


def test_few_pictures_change_when_the_chance_is_small():
    """Eight kinds of changes of places and colours each: (1 - p)^8 of the pictures are left, and somewhat more, as 0 turns are none."""
    images = clouds(600, 8)
    same = ((augmented(images, 0.05, rng()) - images).abs().amax((1, 2, 3)) < 1e-4).float().mean()
    assert 0.5 < float(same) < 0.75


@pytest.mark.parametrize("p", [0.1, 0.6])
def test_each_change_happens_with_probability_p(p):
    n = 20_000
    places, colors = _geometry(n, p, rng()), _colors(n, p, rng())
    mirrored = (torch.det(places[:, :2, :2]) < 0).float().mean()
    assert float(mirrored) == pytest.approx(p / 2, abs=0.015)
    sizes = torch.det(places[:, :2, :2]).abs().sqrt()
    assert float(((sizes - 1).abs() > 1e-6).float().mean()) == pytest.approx(p, abs=0.02)
    assert sizes.log2()[(sizes - 1).abs() > 1e-6].std().item() == pytest.approx(0.2, abs=0.01)
    flipped = (torch.det(colors[:, :3, :3]) < 0).float().mean()
    assert float(flipped) == pytest.approx(p / 2, abs=0.015)
    brighter = colors[:, 0, 3].abs() > 1e-6
    assert float(brighter.float().mean()) == pytest.approx(p, abs=0.02)


def test_grey_stays_grey_whatever_happens_to_colours():
    matrices = _colors(500, 0.8, rng())
    grey = torch.full((500, 3), 0.4)
    changed = torch.einsum("nij,nj->ni", matrices[:, :3, :3], grey) + matrices[:, :3, 3]
    assert changed.std(1).max() < 1e-5


def test_a_picture_stays_in_view_and_its_values_in_reach():
    images = clouds(64)
    changed = augmented(images, 0.8, rng())
    assert changed.shape == images.shape and torch.isfinite(changed).all()
    assert 0.1 < changed.std(dim=(1, 2, 3)).median() < 2


def test_gradients_flow_through():
    images = clouds(4).requires_grad_()
    augmented(images, 0.8, rng()).square().sum().backward()
    assert images.grad.abs().amax((1, 2, 3)).min() > 0


def test_p_rises_while_the_discriminator_is_too_sure_and_falls_after():
    ada = AdaptiveP(target=0.6, speed=1000, every=4)
    for _ in range(3):
        ada.follow(0.9, 10)
    assert ada.p == 0
    ada.follow(0.9, 10)
    assert ada.p == pytest.approx(0.04) and ada.r_t == pytest.approx(0.9)
    for _ in range(4):
        ada.follow(0.1, 10)
    assert ada.p == pytest.approx(0) and ada.r_t == pytest.approx(0.1)
    for _ in range(4):
        ada.follow(0.6 if math.isclose(ada.p, 0) else 0, 10)
    assert ada.p == pytest.approx(0), "what is just right changes nothing, and p is never negative"
    for _ in range(400):
        ada.follow(1.0, 10)
    assert ada.p == MOST


def test_it_goes_on_where_it_was():
    a, b = AdaptiveP(speed=1000), AdaptiveP(speed=1000)
    for _ in range(6):
        a.follow(0.9, 10)
    b.load_state_dict(a.state_dict())
    for ada in (a, b):
        ada.follow(0.9, 10)
        ada.follow(0.9, 10)
    assert a.p == b.p == pytest.approx(0.08)
