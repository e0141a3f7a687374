"""Where attributes flip, with readers that say what they are told, and with the real one."""

import dataclasses
from itertools import pairwise
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.boundary_crossing import BoundaryCrossing, boundary_crossings
from styleclip_lib.interpolation import Morph, morph
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.attributes import ATTRIBUTES, BY_NAME, Reading, index_of
from styleclip_lib.portraits.world.factors import sample

PLAIN = {"glasses": "none", "headwear": "none", "eyes": "open", "hair_style": "long", "gender": "woman", "age": 0.37, "weight": 0.0}


@pytest.fixture
def flips(tiny):
    """Reads a way of which the readings are given, {attribute: one for each frame}: a value, probabilities, or a number."""

    def read(ways, weights=None, names=None) -> list[BoundaryCrossing]:
        count = max(len(way) for way in ways.values())
        frames = [{**PLAIN, **{name: way[i] for name, way in ways.items()}} for i in range(count)]
        readings = [Reading({a.name: _reading(a, one.get(a.name)) for a in ATTRIBUTES}) for one in frames]
        told = dataclasses.replace(tiny, attributes=SimpleNamespace(read=lambda image: [readings[int(image.mean())]]))
        images = torch.arange(count).float()[:, None, None, None].expand(-1, 3, 4, 4)
        weights = torch.linspace(0, 1, count) if weights is None else torch.tensor(weights)
        return boundary_crossings(told, Morph(weights, images, torch.ones(count - 1)), names)

    return read


def _reading(attribute, given):
    if attribute.is_scale:
        return torch.tensor(float(given or 0))
    if isinstance(given, list):
        return F.pad(torch.tensor(given), (0, len(attribute.values) - len(given)))
    index = index_of(attribute.name, given) if given else 0
    return F.one_hot(torch.tensor(index), len(attribute.values)).float()


def test_a_path_without_boundary_crossings(flips):
    assert flips({"glasses": ["none"] * 4, "age": [0.3, 0.32, 0.4, 0.45]}) == []


def test_a_category_crosses_where_one_value_overtakes_the_other(flips):
    (flip,) = flips({"glasses": [[1.0, 0.0], [0.9, 0.1], [0.3, 0.7]]}, weights=[0.0, 0.4, 1.0])
    assert (flip.attribute, flip.before, flip.after) == ("glasses", "none", "glasses")
    assert flip.weight == pytest.approx(0.4 + 0.6 * 0.8 / 1.2)
    assert str(flip) == "0.80 glasses: none -> glasses"


def test_a_scale_crosses_where_it_leaves_the_widened_interval(flips):
    leaves, arrives = flips({"weight": [-1.0, 1.0]}, names=["weight"]), flips({"weight": [-1.0, 0.0, 1.0]}, names=["weight"])
    assert [(f.before, f.after, f.weight) for f in leaves] == [("thin", "fat", pytest.approx(0.5))]
    border = BY_NAME["weight"].intervals[1][0] - BY_NAME["weight"].margin / 2
    assert [(f.before, f.after) for f in arrives] == [("thin", None), (None, "fat")]
    assert [f.weight for f in arrives] == pytest.approx([0.5 - border / 2, 0.5 + border / 2])
    assert str(arrives[0]).endswith("weight: thin -> in between")


def test_a_scale_crosses_in_both_directions_at_the_same_number(flips):
    up = flips({"age": [0.3, 0.6]}, names=["age"])
    assert [(f.before, f.after) for f in up] == [("young", None)]
    edge = BY_NAME["age"].intervals[1][1] + BY_NAME["age"].margin / 2
    assert up[0].weight == pytest.approx((edge - 0.3) / 0.3)
    down = flips({"age": [0.6, 0.3]}, names=["age"])
    assert [(f.before, f.after) for f in down] == [(None, "young")] and down[0].weight == pytest.approx(1 - up[0].weight)


def test_neighbouring_values_of_a_scale_meet_halfway(flips):
    (flip,) = flips({"skin_tone": [0.3, 0.5]})
    assert (flip.before, flip.after) == ("light", "medium")
    assert flip.weight == pytest.approx(((0.33 + 0.42) / 2 - 0.3) / 0.2)


def test_crossings_come_in_the_order_of_the_path(flips):
    ways = {"glasses": ["none", "none", [0.4, 0.6]], "expression": ["neutral", "smile", "sad"]}
    found = flips(ways)
    assert [f.attribute for f in found] == ["expression", "expression", "glasses"]
    assert [f.weight for f in found] == sorted(f.weight for f in found)
    backwards = flips(ways, weights=[1.5, 0.5, -0.5])
    assert [f.weight for f in backwards] == sorted((f.weight for f in backwards), reverse=True)
    assert backwards[0].before == "neutral"


def test_what_cannot_be_seen_does_not_count(flips):
    ways = {"glasses": ["none", "sunglasses", "sunglasses", "none"], "eye_color": ["blue", "green", "brown", "blue"]}
    assert {f.attribute for f in flips(ways)} == {"glasses"}
    ways["eye_color"][-1] = "green"
    found = [f for f in flips(ways) if f.attribute == "eye_color"]
    assert [(f.before, f.after, f.weight) for f in found] == [("blue", "green", pytest.approx(0.5))], "seen before and after"


def test_some_attributes_only(flips):
    ways = {"glasses": ["none", "glasses"], "expression": ["neutral", "smile"]}
    assert [f.attribute for f in flips(ways, names=["expression"])] == ["expression"]
    with pytest.raises(StyleclipError, match="'smile'; choose one of gender"):
        flips(ways, names=["smile"])


def test_a_domain_that_cannot_read(tiny):
    with pytest.raises(StyleclipError, match="'tiny' has no network"):
        boundary_crossings(dataclasses.replace(tiny, attributes=None), Morph(torch.zeros(2), torch.zeros(2, 3, 32, 32), torch.zeros(1)))


def test_the_paths_of_portraits(models):
    """Flips lie on the way, and lead from what is read at its start to what is read at its end."""
    way = morph(models, models.sample(1), models.sample(2), frames=5, even=False, progress=False)
    found = boundary_crossings(models, way)
    assert found and all(0 <= flip.weight <= 1 for flip in found)
    categories = [name for name in BY_NAME if not BY_NAME[name].is_scale]
    first, last = (models.attributes.read(image[None])[0] for image in (way.images[0], way.images[-1]))
    for name in categories:
        flips = [flip for flip in found if flip.attribute == name]
        assert all(one.after == next_one.before for one, next_one in pairwise(flips))
        if flips and name in ("gender", "background", "clothes", "makeup"):
            assert flips[0].before == first.value(name) and flips[-1].after == last.value(name)


def test_a_known_change_is_found(models):
    """Renders in which only the glasses differ."""
    person = sample(1, seed=5).replace(glasses="none", headwear="none", yaw=0.0)
    size = models.generator.img_resolution
    images = torch.cat([render(person.replace(glasses=value), size) for value in ("none", "none", "sunglasses")])
    found = boundary_crossings(models, Morph(torch.tensor([0.0, 0.5, 1.0]), images, torch.ones(2)), ["glasses"])
    assert [(f.before, f.after) for f in found] == [("none", "sunglasses")] and 0.5 < found[0].weight < 1
