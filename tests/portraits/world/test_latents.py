"""A portrait for every z: Gaussian in, the table's shares out, and back again."""

import pytest
import torch

from styleclip_lib.portraits.world.attributes import BY_NAME
from styleclip_lib.portraits.world.factors import NAMES, from_uniform, share_edges
from styleclip_lib.portraits.world.latents import (
    Z_DIM,
    factors_of_latents,
    is_category,
    latents_of_uniform,
    rotation,
    widths,
)

COUNT = 4000


@pytest.fixture(scope="module")
def uniform():
    return torch.rand(COUNT, len(NAMES), generator=torch.Generator().manual_seed(1))


@pytest.fixture(scope="module")
def latents(uniform):
    return latents_of_uniform(uniform, seed=2)


@pytest.fixture(scope="module")
def drawn():
    return factors_of_latents(torch.randn(20_000, Z_DIM, generator=torch.Generator().manual_seed(4)))


def test_the_portraits_of_the_latents_are_those_of_the_uniform_numbers(uniform, latents):
    back, wanted = factors_of_latents(latents), from_uniform(uniform)
    for name, value in back.items():
        if is_category(name):
            assert (value == getattr(wanted, name)).float().mean() > 0.999, name
        else:
            difference = (value - getattr(wanted, name)).abs()
            assert difference.max() < 0.05 and (difference < 1e-4).float().mean() > 0.998, name


def test_a_seed_means_the_same_latents(uniform, latents):
    again = latents_of_uniform(uniform[:50], seed=2)
    assert torch.equal(again, latents_of_uniform(uniform[:50], seed=2))
    assert not torch.equal(again, latents_of_uniform(uniform[:50], seed=3)), "what the portrait leaves open is drawn"


def test_latents_are_like_gaussian_ones(latents):
    assert latents.shape == (COUNT, Z_DIM) and latents.dtype == torch.float32
    assert latents.mean(0).abs().max() < 0.1
    assert latents.std(0).sub(1).abs().max() < 0.1
    assert latents.norm(dim=1).median() == pytest.approx(Z_DIM**0.5, rel=0.01)
    covariance = latents.T @ latents / COUNT
    assert (covariance - torch.diag(covariance.diagonal())).abs().max() < 0.12


def test_only_the_direction_counts():
    z = torch.randn(50, Z_DIM, generator=torch.Generator().manual_seed(0))
    near, far = factors_of_latents(0.1 * z), factors_of_latents(7 * z)
    for name, value in near.items():
        torch.testing.assert_close(value, getattr(far, name), rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    "name",
    [n for n in NAMES if is_category(n) and n not in ("facial_hair", "makeup", "earrings", "headwear", "hair_color")],
)
def test_shares_of_gumbel_max(drawn, name):
    counts = torch.bincount(getattr(drawn, name), minlength=len(BY_NAME[name].values)) / len(drawn)
    assert counts.tolist() == pytest.approx(list(BY_NAME[name].shares), abs=0.015)


def test_numbers_are_uniform(drawn):
    for name in ("age", "yaw", "skin_tone", "light"):
        value = getattr(drawn, name).sort().values
        low = value.min().round()
        wanted = low + (1 - low) * (torch.arange(len(value)) + 0.5) / len(value)
        assert (value - wanted).abs().max() < 0.03, name


def test_the_rotation_is_one_and_hides_the_attributes():
    torch.testing.assert_close(rotation() @ rotation().T, torch.eye(Z_DIM), rtol=0, atol=1e-5)
    assert rotation().abs().max() < 0.5, "no coordinate of z is an attribute"


def test_categories_take_a_coordinate_for_each_value():
    by_name = dict(zip(NAMES, widths()))
    assert by_name["hair_style"] == 6 and by_name["background"] == 8 and by_name["yaw"] == by_name["gender"] == 1
    assert sum(by_name.values()) < Z_DIM - 30, "a good part of z is left to chance"


def test_a_z_between_two_people_is_a_person():
    a, b = torch.randn(2, Z_DIM, generator=torch.Generator().manual_seed(8))
    way = torch.stack([(1 - t) * a + t * b for t in torch.linspace(0, 1, 50)])
    yaw = factors_of_latents(way).yaw
    assert yaw.diff().abs().max() < 0.2, "numbers change gradually"


def test_extreme_uniform_numbers_have_latents():
    for edge in (0.0, 1 - 1e-6):
        z = latents_of_uniform(torch.full((3, len(NAMES)), edge), seed=0)
        assert torch.isfinite(z).all()


def test_edges_of_shares_belong_to_one_value():
    """A number on the border between two values means the same in both directions."""
    uniform = torch.full((5, len(NAMES)), 0.5)
    uniform[:, NAMES.index("clothes")] = share_edges("clothes")[1:6]
    assert torch.equal(factors_of_latents(latents_of_uniform(uniform, 0)).clothes, from_uniform(uniform).clothes)
