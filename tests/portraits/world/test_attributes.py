"""The table of attributes."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.world.attributes import ATTRIBUTES, BY_NAME, index_of, number_of
from styleclip_lib.portraits.world.factors import NAMES

CATEGORIES = [a for a in ATTRIBUTES if not a.is_scale]
SCALES = [a for a in ATTRIBUTES if a.is_scale]


def test_every_attribute_is_a_factor_and_has_one_row():
    assert len(BY_NAME) == len(ATTRIBUTES)
    assert set(BY_NAME) <= set(NAMES)
    assert all(len(set(a.values)) == len(a.values) >= 2 for a in ATTRIBUTES)


@pytest.mark.parametrize("attribute", CATEGORIES, ids=lambda a: a.name)
def test_a_category(attribute):
    assert sum(attribute.shares) == pytest.approx(1)
    assert len(attribute.shares) == len(attribute.values) and min(attribute.shares) > 0.05
    every = torch.arange(len(attribute.values))
    assert torch.equal(attribute.is_true(every), torch.eye(len(every), dtype=torch.bool))
    assert torch.equal(attribute.is_false(every), ~torch.eye(len(every), dtype=torch.bool))


@pytest.mark.parametrize("attribute", SCALES, ids=lambda a: a.name)
def test_a_scale(attribute):
    lowest = 0.0 if attribute.intervals[0][0] == 0 else -1.0
    assert attribute.intervals[0][0] == lowest and attribute.intervals[-1][1] == 1.0
    for (_, high), (low, _) in zip(attribute.intervals, attribute.intervals[1:]):
        assert high < low, "the intervals are in order and leave a gap"
    numbers = torch.linspace(lowest, 1, 2001)
    true, false = attribute.is_true(numbers), attribute.is_false(numbers)
    assert not (true & false).any()
    assert (true.sum(1) <= 1).all() and true.any(0).all() and false.any(0).all()
    undecided = ~true & ~false
    assert undecided.any(0).all(), "between clearly true and clearly false something is left open"


def test_what_is_true_of_a_scale():
    yaw = BY_NAME["yaw"]
    assert yaw.is_true(torch.tensor([-0.9, -0.25, 0.0, 0.5])).tolist() == [
        [True, False, False],
        [False, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert yaw.is_false(torch.tensor([-0.25])).tolist() == [[False, False, True]]


def test_the_number_of_a_value():
    assert index_of("glasses", "sunglasses") == number_of("glasses", "sunglasses") == 2
    assert number_of("yaw", "left") == pytest.approx(-0.68)
    for attribute in ATTRIBUTES:
        for index, value in enumerate(attribute.values):
            number = torch.tensor([number_of(attribute.name, value)])
            assert attribute.is_true(number)[0, index]


@pytest.mark.parametrize(
    "name, value, hint", [("glases", "none", "glasses"), ("glasses", "monocle", "none, glasses, sunglasses")]
)
def test_a_slip_is_named(name, value, hint):
    with pytest.raises(StyleclipError, match=hint):
        index_of(name, value)
