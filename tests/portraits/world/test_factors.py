"""Drawing the factors of portraits: repeatable, in the shares of the table, after the rules."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.world.attributes import ATTRIBUTES, BY_NAME, index_of
from styleclip_lib.portraits.world.factors import IDENTITY, NAMES, Factors, from_uniform, sample, share_edges

RULED = ("facial_hair", "makeup", "earrings", "headwear", "hair_color")
FROM_ZERO = (
    "age",
    "skin_tone",
    "freckles",
    "fringe",
    "frame_color",
    "headwear_color",
    "makeup_color",
    "collar",
    "face_size",
)


@pytest.fixture(scope="module")
def people():
    return sample(40_000, seed=5)


def equal(a, b) -> bool:
    return all(torch.equal(value, getattr(b, name)) for name, value in a.items())


def test_a_seed_means_the_same_people():
    assert equal(sample(50, seed=3), sample(50, seed=3))
    assert not equal(sample(50, seed=3), sample(50, seed=4))


def test_more_people_begin_with_the_same_ones():
    assert equal(sample(50, seed=3)[torch.arange(20)], sample(20, seed=3))


def test_types_and_ranges(people):
    for name, value in people.items():
        assert value.shape == (40_000,)
        if name in BY_NAME and not BY_NAME[name].is_scale:
            assert value.dtype == torch.int64
            assert set(value.tolist()) == set(range(len(BY_NAME[name].values)))
        else:
            low = 0.75 if name == "expression_strength" else 0.0 if name in FROM_ZERO else -1.0
            assert value.dtype == torch.float32
            assert value.min() >= low and value.max() <= 1
            assert value.min() < low + 0.01 and value.max() > 0.99, name
            assert value.mean() == pytest.approx((low + 1) / 2, abs=0.02), name


@pytest.mark.parametrize(
    "attribute", [a for a in ATTRIBUTES if not a.is_scale and a.name not in RULED], ids=lambda a: a.name
)
def test_shares_of_a_category(people, attribute):
    counts = torch.bincount(getattr(people, attribute.name), minlength=len(attribute.values)) / len(people)
    assert counts.tolist() == pytest.approx(list(attribute.shares), abs=0.01)


def test_beards_grow_on_men_who_are_no_children(people):
    may = (people.gender == index_of("gender", "man")) & (people.age >= 0.2)
    assert (people.facial_hair[~may] == 0).all()
    counts = torch.bincount(people.facial_hair[may], minlength=4) / may.sum()
    assert counts.tolist() == pytest.approx(list(BY_NAME["facial_hair"].shares), abs=0.015)


def test_make_up_and_earrings_are_mostly_worn_by_women(people):
    man, child = people.gender == 1, people.age < 0.2

    def share(worn, who):
        return worn[who].float().mean().item()

    assert share(people.makeup, man) == pytest.approx(0.04, abs=0.01)
    assert share(people.makeup, child) == pytest.approx(0.04, abs=0.015)
    assert share(people.makeup, ~man & ~child) == pytest.approx(0.55, abs=0.015)
    assert share(people.earrings, man) == pytest.approx(0.15, abs=0.015)
    assert share(people.earrings, ~man) == pytest.approx(0.5, abs=0.015)


def test_no_hat_on_a_mohawk(people):
    mohawk = people.hair_style == index_of("hair_style", "mohawk")
    assert (people.headwear[mohawk] == 0).all()
    counts = torch.bincount(people.headwear[~mohawk], minlength=3) / (~mohawk).sum()
    assert counts.tolist() == pytest.approx(list(BY_NAME["headwear"].shares), abs=0.01)


def test_the_old_turn_grey_or_white(people):
    grey = (people.hair_color == index_of("hair_color", "grey")) | (
        people.hair_color == index_of("hair_color", "white")
    )
    assert grey[people.age > 0.8].float().mean() == pytest.approx(0.4 + 0.6 * 0.17, abs=0.02)
    assert grey[people.age < 0.8].float().mean() == pytest.approx(0.17, abs=0.02)


def test_factors_do_not_depend_on_each_other_but_by_the_rules(people):
    numbers = torch.stack(
        [
            value.float()
            for name, value in people.items()
            if name not in (*RULED, "gender", "age", "hair_style", "hair_shade")
        ]
    )
    correlation = torch.corrcoef(numbers) - torch.eye(len(numbers))
    assert correlation.abs().max() < 0.025


def test_share_edges():
    for attribute in ATTRIBUTES:
        if not attribute.is_scale:
            edges = share_edges(attribute.name)
            assert edges[0] == 0 and edges[-1] == pytest.approx(1)
            assert edges.diff().tolist() == pytest.approx(list(attribute.shares), abs=1e-6)


def test_the_corners_of_the_uniform_numbers_are_people_too():
    for corner in (torch.zeros(2, len(NAMES)), torch.full((2, len(NAMES)), 1 - 1e-6)):
        for name, value in from_uniform(corner).items():
            if name in BY_NAME and not BY_NAME[name].is_scale:
                assert 0 <= value[0] < len(BY_NAME[name].values)


def test_choosing_portraits(people):
    few = people[torch.arange(10)]
    assert len(few) == 10 and len(few[3]) == len(few[-1]) == 1 and len(few[2:5]) == 3
    assert few[-1].age == few.age[9:] and few[3].age == few.age[3]
    assert len(few[few.gender == 1]) == int((few.gender == 1).sum())


def test_replacing_factors(people):
    few = people[torch.arange(4)]
    other = few.replace(glasses="sunglasses", yaw=0.25, light=torch.tensor([0.0, 0.1, 0.2, 0.3]), pitch="up")
    assert other.glasses.tolist() == [2] * 4 and other.glasses.dtype == torch.int64
    assert other.yaw.tolist() == [0.25] * 4 and other.yaw.dtype == torch.float32
    assert other.light[3] == pytest.approx(0.3)
    assert other.pitch.tolist() == pytest.approx([0.725] * 4), "the middle of what is clearly up"
    for name in NAMES:
        if name not in ("glasses", "yaw", "light", "pitch"):
            assert torch.equal(getattr(few, name), getattr(other, name))


@pytest.mark.parametrize(
    "change, hint", [({"glasses": "monocle"}, "sunglasses"), ({"beard": 1}, "facial_hair"), ({"jaw": "wide"}, "jaw")]
)
def test_a_slip_in_replacing_is_named(people, change, hint):
    with pytest.raises(StyleclipError, match=hint):
        people[0].replace(**change)


def test_identity_is_what_stays_with_a_person():
    assert IDENTITY[0] == "gender" and "eye_color" in IDENTITY and "freckles" in IDENTITY
    assert not {"hair_style", "glasses", "expression", "yaw", "background"} & set(IDENTITY)


def test_joined_keeps_everything_in_order():
    many = sample(7, seed=0)
    again = Factors.joined([many[:3], many[3:4], many[4:]])
    assert all(torch.equal(getattr(many, name), getattr(again, name)) for name in NAMES)
