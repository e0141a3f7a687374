"""Measuring an edit, with a reader that knows the truth, and with the real one."""

import dataclasses
import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation import photo_identity
from styleclip_lib.evaluation.report import in_short, measure_edit
from styleclip_lib.photos.detection import Face
from styleclip_lib.photos.loading import Photo
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.attributes import ATTRIBUTES, BY_NAME, Reading
from styleclip_lib.portraits.world.factors import Factors, sample


def reading_of(factors: Factors) -> Reading:
    """What a reader without faults says of one portrait."""
    return Reading({
        a.name: (getattr(factors, a.name) if a.is_scale else F.one_hot(getattr(factors, a.name), len(a.values)).float())[0]
        for a in ATTRIBUTES
    })


@pytest.fixture(scope="module")
def person():
    everyday = {"glasses": "none", "headwear": "none", "eyes": "open", "hair_style": "long", "hair_color": "brown"}
    return sample(1, seed=0).replace(**everyday, gender="woman", expression="neutral", yaw=0.0, pitch=0.0, light=0.0)


@pytest.fixture
def measure(tiny, person):
    """Compares a person before and after some factors were changed; the pictures tell the reader which is which."""

    def measure(text, change, start=person, **settings):
        pictures = {-1.0: start, 1.0: start.replace(**change)}

        def read(image):
            return [reading_of(pictures[image.mean().item()])]

        faultless = dataclasses.replace(tiny, attributes=SimpleNamespace(read=read))
        return measure_edit(faultless, torch.full((1, 3, 32, 32), -1.0), torch.ones(1, 3, 32, 32), text, **settings)

    return measure


def test_an_edit_that_does_what_it_should(measure):
    report = measure("a face with glasses", {"glasses": "glasses"}, seconds=3.2)
    assert report.wanted == {"glasses": "glasses"} and report.successes == {"glasses": True}
    assert report.success is True and report.true_before is False and report.side_effects == {}
    assert report.seconds == 3.2
    assert str(report).startswith("Asked for: glasses = glasses (success). Side effects: nothing.")


def test_an_edit_that_does_nothing(measure):
    report = measure("a face with glasses", {})
    assert report.success is False and report.side_effects == {}
    assert "not achieved" in str(report)


def test_the_wrong_glasses(measure):
    assert measure("a face with glasses", {"glasses": "sunglasses"}).successes == {"glasses": False}


def test_what_was_so_already(measure, person):
    report = measure("a face without glasses", {})
    assert report.true_before and report.success


def test_several_wishes(measure):
    report = measure("a smiling man with a hat", {"expression": "smile", "headwear": "hat"})
    assert report.wanted == {"expression": "smile", "gender": "man", "headwear": "hat"}
    assert report.successes == {"expression": True, "gender": False, "headwear": True}
    assert report.success is False


def test_what_else_changed_is_named(measure):
    report = measure(
        "a face with glasses",
        {"glasses": "glasses", "expression": "smile", "background": "blue", "yaw": "left"},
    )
    assert report.side_effects["expression"] == ("neutral", "smile")
    assert report.side_effects["yaw"] == ("ahead", "left")
    assert set(report.side_effects) <= {"expression", "yaw", "background"}
    assert "expression (neutral -> smile)" in str(report)


def test_a_small_move_of_a_scale_is_no_change(measure):
    assert measure(
        "glasses",
        {"yaw": 0.4, "age": 0.5},
    ).side_effects.keys() <= {"age"}
    assert "yaw" not in measure("glasses", {"yaw": 0.45}).side_effects, "less than a quarter of the range"
    assert measure("glasses", {"yaw": 0.55}).side_effects["yaw"] == ("ahead", "right")


def test_a_scale_between_its_values_is_a_number(measure, person):
    report = measure("glasses", {"pitch": 0.9}, start=person.replace(pitch=0.2))
    assert report.side_effects["pitch"] == ("0.20", "up")


@pytest.mark.parametrize("change, hidden", [
    ({"glasses": "sunglasses", "eye_color": "green", "eyes": "closed"}, {"eye_color", "eyes"}),
    ({"eyes": "closed", "eye_color": "blue"}, {"eye_color"}),
    ({"hair_style": "bald", "hair_color": "pink"}, {"hair_color"}),
    ({"headwear": "hat", "hair_style": "bob", "hair_color": "pink"}, {"hair_style", "hair_color"}),
])  # fmt: skip
def test_what_cannot_be_seen_does_not_count(measure, person, change, hidden):
    start = person.replace(eye_color="brown", background="white")
    changed = set(measure("a white background", change, start=start).side_effects)
    assert changed == set(change) - hidden


def test_reports_in_short_are_of_edits_that_had_something_to_do(measure):
    text = "a face with glasses"
    some = [measure(text, {"glasses": "glasses"}), measure(text, {"expression": "smile", "headwear": "cap"}), measure("a sad face", {}),
            measure("a woman", {"expression": "smile"})]
    assert some[-1].true_before
    found = in_short(some)
    assert (found["edits"], found["success rate"], found["side effects"]) == (3, 0.333, 0.67)
    assert found["identity"] == pytest.approx(sum(one.identity for one in some[:-1]) / 3, abs=1e-3)
    assert in_short(some[-1:]) == {"edits": 0}


def test_a_text_without_anything_to_measure(measure):
    report = measure("a pencil sketch", {"expression": "smile"})
    assert report.wanted == {} and report.success is None and report.true_before is False
    assert "nothing that the attributes can measure" in str(report)
    assert set(report.side_effects) == {"expression"}


def test_identity_and_clip_are_those_of_the_networks(tiny, measure):
    report = measure("a smiling face", {})
    before, after = torch.full((1, 3, 32, 32), -1.0), torch.ones(1, 3, 32, 32)
    assert report.identity == pytest.approx((tiny.identity(before) @ tiny.identity(after).T).item(), abs=1e-5)
    assert report.perceptual == pytest.approx(tiny.perceptual(before, after).item(), rel=1e-5)
    gain = (tiny.clip.encode_image(after) - tiny.clip.encode_image(before)) @ tiny.clip.encode_text(
        ["a smiling face"]
    ).T
    assert report.clip_gain == pytest.approx(gain.item(), abs=1e-5)


def test_a_domain_without_a_reader(tiny, measure):
    before, after = torch.full((1, 3, 32, 32), -1.0), torch.ones(1, 3, 32, 32)
    report = measure_edit(dataclasses.replace(tiny, attributes=None), before, after, "a smiling face", 2.0)
    known = measure("a smiling face", {})
    assert (report.identity, report.perceptual, report.clip_gain) == (known.identity, known.perceptual, known.clip_gain)
    assert not report.readable and report.success is None and not report.true_before and report.side_effects == {}
    known_part = r"Same person: \S+\. CLIP gain: \S+\. 2 s\."
    assert re.fullmatch(rf"This domain cannot read attributes, so side effects are unknown\. {known_part}", str(report))


def test_an_unknown_word(tiny):
    image = torch.zeros(1, 3, 32, 32)
    with pytest.raises(StyleclipError, match="'xyzzy'"):
        measure_edit(tiny, image, image, "xyzzy")


def test_when_a_scale_has_a_value():
    """Half of the margin beyond the interval still counts, all of it does not."""
    margin = BY_NAME["yaw"].margin
    for number, left in (
        (-1.0, True),
        (-0.36, True),
        (-0.36 + 0.4 * margin, True),
        (-0.36 + 0.6 * margin, False),
        (0.0, False),
    ):
        reading = Reading({"yaw": torch.tensor(number)})
        assert reading.has("yaw", "left") is left and (reading.value("yaw") == "left") is left


CHANGES = [
    ("a face with sunglasses", {"glasses": "sunglasses"}),
    ("a person wearing a hat", {"headwear": "hat"}),
    ("a green background", {"background": "green"}),
    ("a bald head", {"hair_style": "bald"}),
    ("looking left", {"yaw": "left"}),
]


@pytest.mark.slow
@pytest.mark.parametrize("text, change", CHANGES, ids=[text for text, _ in CHANGES])
def test_the_portraits_own_reader_sees_a_change(models, person, text, change):
    start = person.replace(background="blue", age=0.4, facial_hair="none")
    pictures = [render(p, models.generator.img_resolution) for p in (start, start.replace(**change))]
    report = measure_edit(models, *pictures, text)
    assert report.wanted == change
    assert report.success and not report.true_before, str(report)
    assert len(report.side_effects) <= 3, str(report)
    assert report.clip_gain > 0
    assert measure_edit(models, pictures[0], pictures[0], text).success is False
    assert measure_edit(models, pictures[0], pictures[0], text).identity == pytest.approx(1, abs=1e-4)


def test_a_report_on_a_photograph_says_how_far_the_person_is_from_the_one_in_it(tiny, monkeypatch):
    photo = Photo(Image.new("RGB", (32, 32)), Image.new("RGB", (90, 90)), np.array([[20, 20], [20, 60], [60, 60], [60, 20]]),
                  Face(30, 28, 50, 48, 1.0))  # fmt: skip
    image, asked = torch.zeros(1, 3, 32, 32), []
    monkeypatch.setattr(photo_identity, "person_distance", lambda *settings: asked.append(settings) or 0.43)
    monkeypatch.setattr(photo_identity, "is_available", lambda: True)
    report = measure_edit(tiny, image, image, "a smiling face", photo=photo)
    assert report.person_distance == 0.43 and "Distance from the person in the photograph: 0.43 (below 0.6: the same)." in str(report)
    crop, edited, folder, box = asked[0]
    assert crop is photo.crop and edited.size == (32, 32) and folder == tiny.folder
    np.testing.assert_allclose([box.left, box.top, box.right, box.bottom, box.turn], [8, 6.4, 24, 22.4, 0])
    whole = dataclasses.replace(photo, quad=None)
    assert measure_edit(tiny, image, image, "a smiling face", photo=whole).person_distance is None
    monkeypatch.setattr(photo_identity, "is_available", lambda: False)
    assert "photograph" not in str(measure_edit(tiny, image, image, "a smiling face", photo=photo))
