"""What the methods minimise, against plain formulas."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.editing.losses import clip_loss, identity_loss, off_direction_loss, random_views
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample


@pytest.fixture(scope="module")
def images():
    return render(sample(2, seed=0), 32)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_the_clip_loss_is_one_minus_the_cosine(tiny, images):
    vector = tiny.clip.encode_text(["a smiling face"])
    seen = tiny.clip.encode_image(images)
    loss = clip_loss(seen, vector)
    assert loss.shape == (2,)
    torch.testing.assert_close(loss, 1 - F.cosine_similarity(seen, vector))
    torch.testing.assert_close(clip_loss(seen, seen), torch.zeros(2), rtol=0, atol=1e-5)


def test_the_identity_loss_of_the_same_picture_is_zero(tiny, images):
    person = tiny.identity(images)
    torch.testing.assert_close(identity_loss(tiny.identity, images, person), torch.zeros(2), rtol=0, atol=1e-5)
    crossed = identity_loss(tiny.identity, images, person.flip(0))
    torch.testing.assert_close(crossed, (1 - F.cosine_similarity(person, person.flip(0))))
    assert (crossed > 0).all() and (crossed <= 2).all()


@pytest.mark.parametrize("views", [1, 2, 5])
def test_the_first_view_is_the_picture(images, views):
    seen = random_views(images, views, rng())
    assert seen.shape == (views * 2, 3, 32, 32)
    assert torch.equal(seen[:2], images)


def test_the_other_views_are_the_same_pictures_a_little_moved(images):
    seen = random_views(images, 6, rng())[2:].view(5, 2, 3, 32, 32)
    own = (seen - images).abs().mean((2, 3, 4))
    other = (seen - images.flip(0)).abs().mean((2, 3, 4))
    assert (own > 0.01).all() and (own < other).all()


def test_views_are_repeatable(images):
    assert torch.equal(random_views(images, 3, rng(1)), random_views(images, 3, rng(1)))
    assert not torch.equal(random_views(images, 3, rng(1)), random_views(images, 3, rng(2)))


def test_gradients_pass_through_every_view(images):
    moving = images.clone().requires_grad_()
    random_views(moving, 4, rng())[2:].sum().backward()
    assert moving.grad.abs().amax((1, 2, 3)).min() > 0


def test_the_direction_of_the_text_costs_nothing_and_every_other_one_does():
    d = F.normalize(torch.randn(1, 6, generator=torch.Generator().manual_seed(0)), dim=1)
    before = torch.randn(3, 6, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(off_direction_loss(before, before + 0.7 * d, d), torch.zeros(3), atol=1e-6, rtol=0)
    aside = torch.randn(1, 6, generator=torch.Generator().manual_seed(2))
    aside = aside - (aside * d).sum() * d
    torch.testing.assert_close(off_direction_loss(before, before - 2 * d + 0.3 * aside, d), (0.09 * aside.square().sum()).expand(3))
