"""Which part of a portrait each pixel shows."""

import pytest
import torch

from styleclip_lib.portraits.aligned.drawing.parts import PARTS, parts
from styleclip_lib.portraits.aligned.drawing.render import render
from styleclip_lib.portraits.aligned.world.factors import sample


@pytest.fixture(scope="module")
def people():
    return sample(12, seed=3)


@pytest.fixture(scope="module")
def shown(people):
    return parts(people, 64)


def test_parts_share_every_pixel(shown):
    assert shown.shape == (12, len(PARTS), 64, 64) and shown.min() >= 0
    torch.testing.assert_close(shown.sum(1), torch.ones(12, 64, 64))


def test_parts_are_there_when_the_factors_say_so(people, shown):
    for one, number in zip(shown, range(len(people))):
        p = people.portrait(number)
        amount = dict(zip(PARTS, one.sum((1, 2)).tolist()))
        assert (amount["hat"] > 50) == (p.headwear != "none") and amount["skin"] > 200 and amount["background"] > 200
        assert p.hair_style != "bald" or amount["hair"] < 1


@pytest.mark.slow
def test_only_its_own_part_changes_with_a_colour(people, shown):
    """Another background is seen through no other part; another colour of clothes only on them."""
    for factor, part in (("background", "background"), ("clothes", "clothes")):
        others = people.replace(**{factor: (getattr(people, factor) + 1) % 3})
        moved = (render(others, 64) - render(people, 64)).abs().amax(1) > 0.02
        assert not (moved & (shown[:, PARTS.index(part)] < 1e-3)).any(), factor
