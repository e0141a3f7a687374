"""The smallest strength that is enough: judged by CLIP alone, no farther than needed."""

import pytest
import torch

from styleclip_lib.editing.strength import fit, seen_faces, smallest_strength
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

    return smallest_strength(tiny, draw, TEXT, crowd=crowd, **settings), drawn


@pytest.mark.parametrize("wanted", [0, 4, 9])
def test_it_stops_at_the_first_that_is_enough(tiny, crowd, pictures, wanted):
    enough = fit(tiny, pictures[wanted], TEXT, crowd) - 1e-4
    strength, drawn = asked(tiny, crowd, pictures, strengths=range(10), enough=enough)
    assert strength == wanted and drawn == list(range(wanted + 1))


def test_if_nothing_is_enough_it_takes_the_best(tiny, crowd, pictures):
    assert asked(tiny, crowd, pictures, strengths=(2, 7, 5), enough=99.0)[0] == 7


def test_it_does_not_go_on_when_nothing_gets_better(tiny, crowd, pictures):
    assert asked(tiny, crowd, pictures, strengths=(5, 4, 3, 9), enough=99.0) == (5, [5, 4, 3])
    assert asked(tiny, crowd, pictures, strengths=(5, 4, 6, 3, 9), enough=99.0)[0] == 9


def test_the_usual_strengths_begin_with_none(tiny, crowd, pictures):
    assert asked(tiny, crowd, pictures, enough=-99.0) == (0.0, [0.0])


def test_without_a_crowd_it_draws_one(tiny, pictures):
    assert smallest_strength(tiny, lambda strength: pictures[0], TEXT, enough=-99.0) == 0


def test_a_text_that_clip_cannot_read(tiny, crowd, pictures):
    with pytest.raises(StyleclipError, match="fase"):
        smallest_strength(tiny, lambda strength: pictures[0], "a fase", crowd=crowd)
