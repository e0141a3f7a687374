"""A population in which some values are rarer or more common."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.portraits.aligned.world.factors import NAMES, from_uniform
from styleclip_lib.portraits.aligned.world.skew import skewed

COUNT = 6000


@pytest.fixture(scope="module")
def numbers():
    return torch.rand(COUNT, len(NAMES), generator=torch.Generator().manual_seed(0))


def share(factors, name, value):
    return BY_NAME[name].is_true(getattr(factors, name))[:, BY_NAME[name].values.index(value)].float().mean().item()


@pytest.mark.parametrize(("name", "value", "wanted"), [
    ("skin_tone", "light", 0.9), ("yaw", "ahead", 0.8), ("age", "old", 0.02), ("expression", "smile", 0.7), ("hair_style", "bald", 0.0),
    ("weight", "fat", 1.0)])
def test_a_value_is_drawn_as_often_as_wanted(numbers, name, value, wanted):
    usual, other = from_uniform(numbers), from_uniform(skewed(numbers, {name: {value: wanted}}))
    assert share(other, name, value) == pytest.approx(wanted, abs=0.02)
    assert abs(share(usual, name, value) - wanted) > 0.05
    assert torch.equal(other.gender, usual.gender) and torch.equal(other.light, usual.light), "nothing else moves"


def test_the_other_values_keep_their_proportions(numbers):
    usual, other = from_uniform(numbers), from_uniform(skewed(numbers, {"skin_tone": {"light": 0.9}}))
    before = share(usual, "skin_tone", "dark") / share(usual, "skin_tone", "medium")
    assert share(other, "skin_tone", "dark") / share(other, "skin_tone", "medium") == pytest.approx(before, rel=0.15)
    assert other.skin_tone.max() > 0.95 and other.skin_tone.min() < 0.01


def test_several_at_once(numbers):
    other = from_uniform(skewed(numbers, {"skin_tone": {"light": 0.9, "dark": 0.0}, "yaw": {"ahead": 0.9}}))
    assert share(other, "skin_tone", "dark") < 0.01 and share(other, "yaw", "ahead") == pytest.approx(0.9, abs=0.02)


@pytest.mark.parametrize(("shares", "message"), [
    ({"nose": {"long": 0.5}}, "no attribute 'nose'"), ({"yaw": {"up": 0.5}}, "no value 'up'"), ({"yaw": {"left": 1.5}}, "between 0 and 1"),
    ({"yaw": {"left": 0.7, "right": 0.7}}, "at most 1"), ({"gender": {"man": 0.5, "woman": 0.2}}, "must be 1")])
def test_what_is_no_population_is_refused(numbers, shares, message):
    with pytest.raises(StyleclipError, match=message):
        skewed(numbers[:2], shares)
