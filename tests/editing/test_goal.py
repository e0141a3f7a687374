"""What a text asks of a face: one vector for each statement, and terms in which none drowns another."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.editing.goal import Goal
from styleclip_lib.losses import clip_loss
from styleclip_lib.portraits.captions import said_apart

SEVERAL = "a smiling face with glasses"


def terms(goal, images, before):
    return goal.terms(images, goal.faces(before), views=1, rng=torch.Generator())


@pytest.fixture(scope="module")
def faces(tiny):
    """Two faces, and two others."""
    with torch.no_grad():
        return [torch.cat([tiny.generator.synthesis(tiny.sample(seed)) for seed in pair]) for pair in ((0, 1), (2, 3))]


def test_every_statement_is_a_text_of_its_own(tiny):
    goal = Goal.of_text(tiny, SEVERAL, enough=1.0, apart=True)
    torch.testing.assert_close(goal.text_vectors, tiny.clip.encode_text(said_apart(SEVERAL)))
    assert len(goal.text_vectors) == len(goal.directions) == 2
    whole = Goal.of_text(tiny, SEVERAL, enough=1.0)
    torch.testing.assert_close(whole.text_vectors, tiny.clip.encode_text([SEVERAL]))


def test_a_text_that_says_one_thing_stays_as_it_is_worded(tiny):
    text = "a bespectacled face"
    torch.testing.assert_close(Goal.of_text(tiny, text, 1.0, apart=True).text_vectors, tiny.clip.encode_text([text]))


def test_the_terms_of_several_statements(tiny, faces):
    before, images = faces
    goal = Goal.of_text(tiny, SEVERAL, enough=1.0, apart=True)
    seen = tiny.clip.encode_image(images)
    expected = sum(clip_loss(seen, tiny.clip.encode_text([one])) for one in said_apart(SEVERAL)).mean() / 2
    found = terms(goal, images, before)
    torch.testing.assert_close(found["clip"], expected)
    assert found["identity"] > 0 and found["side"] > 0


def test_a_statement_that_is_met_weighs_no_more(tiny, faces):
    """With the cosine of the better statement enough, only the other one is left of the loss."""
    before, images = faces[0], faces[1][:1]
    goal = Goal.of_text(tiny, SEVERAL, enough=1.0, apart=True)
    cosines = (tiny.clip.encode_image(images) @ goal.text_vectors.T)[0]
    goal.enough = float(cosines.max()) - 1e-3
    met = 1 - goal.enough
    torch.testing.assert_close(terms(goal, images, before[:1])["clip"], (1 - cosines.min() + met) / 2)


def test_all_statements_have_to_be_fulfilled(tiny, faces):
    goal = Goal.of_text(tiny, SEVERAL, enough=1.0, apart=True)
    before = goal.faces(faces[0])
    least = float((before.seen @ goal.text_vectors.T).min())
    assert goal.fulfilled(before, least - 1e-4) and not goal.fulfilled(before, least + 1e-4)


def test_directions_lead_from_the_neutral_text(tiny):
    goal = Goal.of_text(tiny, SEVERAL, enough=1.0, apart=True)
    neutral = tiny.clip.encode_text(["a face"])
    torch.testing.assert_close(goal.directions, F.normalize(goal.text_vectors - neutral, dim=1))
