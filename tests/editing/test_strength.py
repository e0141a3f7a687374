"""How strong an edit has to be: what CLIP gains, less what the person loses."""

import pytest
import torch

from styleclip_lib.editing.strength import best_strength, fit, seen_faces, weighed_strength
from styleclip_lib.errors import StyleclipError

TEXT = "a smiling face"


@pytest.fixture(scope="module")
def crowd(tiny):
    return seen_faces(tiny, count=6)


@pytest.fixture(scope="module")
def pictures(tiny, crowd):
    """Pictures in the order in which they fit the text."""
    images = [tiny.generator.synthesis(tiny.sample(seed, 1.0)) for seed in range(20, 30)]
    return sorted(images, key=lambda image: fit(tiny, image, TEXT, crowd))


def test_the_crowd(tiny, crowd):
    assert crowd.shape == (6, 16)
    one = tiny.clip.encode_image(tiny.generator.synthesis(tiny.sample(2, 1.0)).clamp(-1, 1))
    torch.testing.assert_close(crowd[2:3], one, rtol=1e-3, atol=1e-4)


def test_fit_against_the_formula(tiny, crowd, pictures):
    vector = tiny.clip.encode_text([TEXT])[0]
    usual = [float(face @ vector) for face in crowd]
    mean = sum(usual) / 6
    spread = (sum((x - mean) ** 2 for x in usual) / 5) ** 0.5
    cosine = float(tiny.clip.encode_image(pictures[3].clamp(-1, 1))[0] @ vector)
    assert fit(tiny, pictures[3], TEXT, crowd) == pytest.approx((cosine - mean) / spread, abs=1e-3)


def asked(tiny, crowd, pictures, **settings):
    """The strength that was found, and the strengths that were drawn."""
    drawn = []

    def draw(strength):
        drawn.append(strength)
        return pictures[int(strength)]

    return best_strength(tiny, draw, TEXT, crowd=crowd, **settings), drawn


NEVER = {"already": 99.0, "enough": 99.0}


def test_what_is_true_already_needs_none(tiny, crowd, pictures):
    already = fit(tiny, pictures[0], TEXT, crowd) - 1e-4
    assert asked(tiny, crowd, pictures, strengths=range(10), already=already) == (0, [0])
    assert asked(tiny, crowd, pictures, strengths=range(10), already=already + 2e-4, enough=-99.0) == (1, [0, 1])


@pytest.mark.parametrize("wanted", [1, 4, 9])
def test_it_stops_at_the_first_that_is_enough(tiny, crowd, pictures, wanted):
    enough = fit(tiny, pictures[wanted], TEXT, crowd) - 1e-4
    strength, drawn = asked(tiny, crowd, pictures, strengths=range(10), already=99.0, enough=enough, price=0.0)
    assert strength == wanted and drawn == list(range(wanted + 1))


@pytest.mark.parametrize("price", [0.0, 2.0, 50.0, 1e4])
def test_the_best_of_fit_less_what_the_person_loses(tiny, crowd, pictures, price):
    person = tiny.identity(pictures[0].clamp(-1, 1))
    worth = [fit(tiny, image, TEXT, crowd) - price * (1 - float((tiny.identity(image.clamp(-1, 1)) * person).sum())) for image in pictures]
    reached = next((i for i in range(10) if worth[i] < max(worth[:i + 1]) - 0.7), 9)
    assert asked(tiny, crowd, pictures, strengths=range(10), price=price, **NEVER)[0] == worth.index(max(worth[:reached + 1]))


def test_a_higher_price_never_goes_farther(tiny, crowd, pictures):
    found = [asked(tiny, crowd, pictures, strengths=range(10), price=price, **NEVER)[0] for price in (0.0, 1e4)]
    assert found[1] < found[0] == 9


def test_it_does_not_go_on_when_all_is_lost(tiny, crowd, pictures):
    fits = [fit(tiny, image, TEXT, crowd) for image in pictures]
    assert fits[9] - fits[0] > 0.7, "the pictures lie too near to each other for this test"
    assert asked(tiny, crowd, pictures, strengths=(9, 0, 8), price=0.0, **NEVER) == (9, [9, 0])
    near = min(range(9), key=lambda i: abs(fits[9] - fits[i] - 0.3))
    assert asked(tiny, crowd, pictures, strengths=(near, near - 1, 9), price=0.0, **NEVER)[0] == 9, "a small loss is no reason to stop"


def test_without_a_crowd_it_draws_one(tiny, pictures):
    assert best_strength(tiny, lambda strength: pictures[0], TEXT, already=-99.0) == 0


def test_a_text_that_clip_cannot_read(tiny, crowd, pictures):
    with pytest.raises(StyleclipError, match="fase"):
        best_strength(tiny, lambda strength: pictures[0], "a fase", crowd=crowd)


@pytest.mark.parametrize(("settings", "strength"), [
    ({"already": -99.0, "enough": 99.0}, 0), ({"already": 99.0, "enough": -99.0}, 1), (NEVER, None)])
def test_what_the_strength_is_worth(tiny, crowd, pictures, settings, strength):
    """Whether it was true already, enough, or the best that there is."""
    found, worth = weighed_strength(tiny, lambda s: pictures[int(s)], TEXT, strengths=range(10), price=2.0, crowd=crowd, **settings)
    before, after = (tiny.identity(pictures[i].clamp(-1, 1)) for i in (0, int(found)))
    assert strength in (None, found)
    assert worth == pytest.approx(fit(tiny, pictures[int(found)], TEXT, crowd) - 2 * (1 - float((before * after).sum())), abs=1e-3)
