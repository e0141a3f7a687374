"""How strong an edit has to be: what CLIP gains, less what the person loses."""

from dataclasses import replace

import pytest
import torch

from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.strength import Embeddings, best_strength, weighed_strength, z_score, z_scores

TEXT = "a smiling face"


@pytest.fixture(scope="module")
def prompt(tiny):
    return Prompt.of(tiny, TEXT)


@pytest.fixture(scope="module")
def pictures(tiny, prompt):
    """Pictures in the order in which they fit the text."""
    images = [tiny.generator.synthesis(tiny.sample(seed, 1.0)) for seed in range(20, 30)]
    return sorted(images, key=lambda image: fit(tiny, image, prompt))


def fit(models, image, prompt) -> float:
    return z_score(models, Embeddings.of(models, image), prompt)


def test_the_reference_set(tiny):
    reference = tiny.reference_faces(6)
    assert reference.embedding.shape == (6, 16) and reference.w_plus.shape == (6, 8, 10)
    one = tiny.clip.encode_image(tiny.generator.synthesis(tiny.sample(2, 1.0)).clamp(-1, 1))
    torch.testing.assert_close(reference.embedding[2:3], one, rtol=1e-3, atol=1e-4)
    assert tiny.reference_faces(6) is reference


def test_the_z_score_against_the_formula(tiny, prompt, pictures):
    usual = [float(face @ prompt.vector[0]) for face in tiny.reference_faces().embedding]
    mean = sum(usual) / 64
    deviation = (sum((x - mean) ** 2 for x in usual) / 63) ** 0.5
    cosine = float(tiny.clip.encode_image(pictures[3].clamp(-1, 1))[0] @ prompt.vector[0])
    assert fit(tiny, pictures[3], prompt) == pytest.approx((cosine - mean) / deviation, abs=1e-3)
    vectors = tiny.clip.encode_text(["a sad face", TEXT])
    assert z_scores(tiny, Embeddings.of(tiny, pictures[3]).embedding, vectors)[1] == pytest.approx((cosine - mean) / deviation, abs=1e-3)


def asked(tiny, prompt, pictures, strengths=range(10), **calibration):
    """The strength that was found, and the strengths that were drawn."""
    models, drawn = replace(tiny, calibration=replace(tiny.calibration, **calibration)), []

    def draw(strength):
        drawn.append(strength)
        return pictures[int(strength)]

    return best_strength(models, draw, prompt, strengths=strengths), drawn


NEVER = {"early_exit": 1.0, "cap_z": 99.0}


def test_what_is_true_already_needs_none(tiny, prompt, pictures):
    cosine = prompt.cosine(tiny.clip.encode_image(pictures[0].clamp(-1, 1)))
    assert asked(tiny, prompt, pictures, early_exit=cosine - 1e-4) == (0, [0])
    assert asked(tiny, prompt, pictures, early_exit=cosine + 1e-4, cap_z=-99.0) == (1, [0, 1])


@pytest.mark.parametrize("wanted", [1, 4, 9])
def test_it_stops_at_the_first_that_reaches_the_cap(tiny, prompt, pictures, wanted):
    cap = fit(tiny, pictures[wanted], prompt) - 1e-4
    strength, drawn = asked(tiny, prompt, pictures, early_exit=1.0, cap_z=cap, identity_price=0.0)
    assert strength == wanted and drawn == list(range(wanted + 1))


@pytest.mark.parametrize("price", [0.0, 2.0, 50.0, 1e4])
def test_the_best_trade_off_of_z_score_and_identity(tiny, prompt, pictures, price):
    person = tiny.identity(pictures[0].clamp(-1, 1))
    worth = [fit(tiny, image, prompt) - price * (1 - float((tiny.identity(image.clamp(-1, 1)) * person).sum())) for image in pictures]
    last = next((i for i in range(10) if worth[i] < max(worth[:i + 1]) - 0.7), 9)
    assert asked(tiny, prompt, pictures, identity_price=price, **NEVER)[0] == worth.index(max(worth[:last + 1]))


def test_a_higher_price_never_goes_farther(tiny, prompt, pictures):
    found = [asked(tiny, prompt, pictures, identity_price=price, **NEVER)[0] for price in (0.0, 1e5)]
    assert found[1] < found[0] == 9


def test_it_does_not_go_on_when_all_is_lost(tiny, prompt, pictures):
    fits = [fit(tiny, image, prompt) for image in pictures]
    step = {"hopeless_z": 0.7 * (fits[9] - fits[0]), "identity_price": 0.0, **NEVER}
    assert asked(tiny, prompt, pictures, strengths=(9, 0, 8), **step) == (9, [9, 0])
    assert asked(tiny, prompt, pictures, strengths=(8, 7, 9), **step)[0] == 9, "a small loss is no reason to stop"


@pytest.mark.parametrize("cap_z", [-99.0, 99.0])
def test_what_the_strength_is_worth(tiny, prompt, pictures, cap_z):
    """Whether the cap was reached, or it is the best that there is."""
    start = Embeddings.of(tiny, pictures[0])
    found, worth = weighed_strength(tiny, lambda s: pictures[int(s)], prompt, start, strengths=range(10), cap_z=cap_z)
    before, after = (tiny.identity(pictures[i].clamp(-1, 1)) for i in (0, int(found)))
    assert cap_z > 0 or found == 1
    price = tiny.calibration.identity_price
    assert worth == pytest.approx(fit(tiny, pictures[int(found)], prompt) - price * (1 - float((before * after).sum())), abs=1e-3)
