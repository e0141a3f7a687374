"""The aligned world: what every picture must hold to."""

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.aligned.drawing.render import render
from styleclip_lib.portraits.aligned.world.factors import sample

SIZE = 48


@pytest.fixture(scope="module")
def people():
    return sample(6, seed=1)


@pytest.fixture(scope="module")
def pictures(people):
    return render(people, SIZE)


def test_pictures_have_the_size_and_the_range(pictures):
    assert pictures.shape == (6, 3, SIZE, SIZE) and pictures.dtype == torch.float32
    assert pictures.isfinite().all() and pictures.min() >= -1 and pictures.max() <= 1
    assert pictures.std() > 0.1


def test_a_portrait_does_not_depend_on_its_batch(people, pictures):
    assert torch.equal(render(people[3], SIZE), pictures[3:4])


def test_too_small_a_picture_is_refused(people):
    with pytest.raises(StyleclipError, match="at least 32 pixels"):
        render(people, 16)
