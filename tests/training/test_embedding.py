"""The w of a portrait: linear in what is known, and what lies between two categories belongs to one of them."""

import dataclasses

import numpy as np
import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.training.embedding import OFFSET, Embedding, tents
from styleclip_lib.training.worlds import ALIGNED
from tests.training.tiny_world import TINY


def colors(count, seed=1):
    return TINY.from_uniform(torch.rand(count, 4, generator=torch.Generator().manual_seed(seed)))


@pytest.fixture(scope="module")
def embedding():
    return Embedding(TINY, w_dim=12, seed=0)


def test_w_has_mean_offset_and_variance_1(embedding):
    w = embedding.w(colors(20_000))
    assert w.shape == (20_000, 12)
    torch.testing.assert_close(w.mean(0), torch.full((12,), OFFSET), rtol=0, atol=0.05)
    assert (w - OFFSET).square().mean().item() == pytest.approx(1, abs=0.05)


def test_the_code_is_a_linear_image_of_w(embedding):
    some = colors(200)
    code = embedding.code(some)
    back = (embedding.w(some) - OFFSET) @ torch.linalg.pinv(embedding.matrix)
    torch.testing.assert_close(back, code, rtol=0, atol=1e-4)
    torch.testing.assert_close(embedding.matrix @ embedding.matrix.T, 12 / 6 * torch.eye(6), rtol=0, atol=1e-5)


def test_a_seed_means_the_same_w(embedding):
    some = colors(5)
    assert torch.equal(Embedding(TINY, 12, 0).w(some), embedding.w(some))
    assert not torch.allclose(Embedding(TINY, 12, 1).w(some), embedding.w(some), atol=0.1)


def test_softened_categories_stay_what_they_are(embedding):
    """Their columns go part of the way to the next portrait's; numbers do not move."""
    some = colors(50)
    soft = (embedding.w(some, torch.full((50,), 0.4)) - OFFSET) @ torch.linalg.pinv(embedding.matrix) * embedding.std + embedding.mean
    exact = TINY.code_of(some)
    torch.testing.assert_close(soft[:, :3], exact[:, :3], rtol=0, atol=1e-4)
    torch.testing.assert_close(soft[:, 3:], 0.6 * exact[:, 3:] + 0.4 * exact.roll(1, 0)[:, 3:], rtol=0, atol=1e-4)
    assert torch.equal(soft[:, 3:].argmax(1), some.shape)
    torch.testing.assert_close(embedding.w(some, torch.zeros(50)), embedding.w(some))


def test_what_is_linear_between_knots_is_linear_in_tents():
    knots, numbers = torch.tensor([0.0, 3.0, -1.0, 2.0, 2.0, 5.0]), torch.linspace(0, 1, 41)
    nearness = tents(numbers)
    torch.testing.assert_close(nearness.sum(1), torch.ones(41))
    wanted = torch.tensor(np.interp(numbers.numpy(), np.linspace(0, 1, 6), knots.numpy()), dtype=torch.float32)
    torch.testing.assert_close(nearness @ knots, wanted)


def test_curved_numbers_add_directions_and_move_no_others(embedding):
    curved = Embedding(dataclasses.replace(TINY, curved=("red",)), w_dim=12, seed=0)
    assert curved.size == embedding.size + 6 == len(curved.is_category) and not curved.is_category[6:].any()
    torch.testing.assert_close(curved.matrix[:6] * 2**0.5, embedding.matrix, rtol=0, atol=1e-5)
    w = curved.w(colors(20_000))
    assert (w - OFFSET).square().mean().item() == pytest.approx(1, abs=0.05)


def test_the_code_of_the_aligned_world():
    """Every column at one scale, and as many columns as its parts say."""
    embedding = Embedding(ALIGNED, 160, seed=0)
    code = embedding.code(sample(4000, seed=3))
    assert code.shape[1] == embedding.size == len(embedding.is_category)
    assert code.mean(0).abs().max() < 0.1 and (code.std(0) - 1).abs().max() < 0.2


def test_a_w_that_is_too_short_is_refused():
    with pytest.raises(StyleclipError, match="w_dim is 5, but a portrait's code has 6 numbers"):
        Embedding(TINY, w_dim=5, seed=0)
