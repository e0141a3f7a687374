"""Small changes of a picture that change nothing of what it shows."""

import pytest
import torch

from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.training.augment import augment


@pytest.fixture(scope="module")
def images():
    return render(sample(12, seed=0).replace(yaw="left"), 32)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def test_shape_range_and_layouts(images):
    for layout in (torch.contiguous_format, torch.channels_last):
        changed = augment(images.contiguous(memory_format=layout), rng())
        assert changed.shape == images.shape and changed.dtype == torch.float32
        assert changed.min() >= -1 and changed.max() <= 1 and torch.isfinite(changed).all()


def test_a_generator_means_the_same_changes(images):
    assert torch.equal(augment(images, rng(3)), augment(images, rng(3)))
    assert not torch.equal(augment(images, rng(3)), augment(images, rng(4)))


def test_the_pictures_handed_in_stay_as_they_are(images):
    before = images.clone()
    augment(images, rng())
    assert torch.equal(images, before)


def test_without_strength_nothing_changes(images):
    torch.testing.assert_close(augment(images, rng(), strength=0.0), images, rtol=0, atol=1e-5)


def test_every_picture_is_changed_in_its_own_way(images):
    same = images[:1].expand(6, -1, -1, -1)
    changed = augment(same, rng())
    distance = torch.cdist(changed.flatten(1), changed.flatten(1))
    assert distance[~torch.eye(6, dtype=torch.bool)].min() > 1


def test_more_strength_changes_more(images):
    changes = [(augment(images, rng(1), strength) - images).abs().mean() for strength in (0.2, 0.6, 1.0)]
    assert changes[0] < changes[1] < changes[2] < 0.5


def test_left_stays_left(images):
    same = images[:1].expand(200, -1, -1, -1)

    def mirrored(changed):
        """How many are nearer to the mirrored picture."""
        return ((changed - same.flip(3)).abs().mean((1, 2, 3)) < (changed - same).abs().mean((1, 2, 3))).sum()

    assert mirrored(augment(same, rng(), strength=0.3)) == 0
    assert 70 < mirrored(augment(same, rng(), strength=0.3, mirror=True)) < 130
