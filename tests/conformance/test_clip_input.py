"""The picture that StyleCLIP's loss hands to CLIP, and that loss."""

import numpy as np
import pytest
import torch

from styleclip_lib.editing.losses import clip_loss
from styleclip_lib.networks.resampling import fractional_area_resize
from tests.conformance.cases import assert_near, load_case, stats, tensor
from tests.conformance.formula import image

TOLERANCE = 5e-5


@pytest.fixture(scope="module")
def case():
    return load_case("clip_input")


@pytest.mark.parametrize("size", [256, 512, 1024])
def test_brought_to_224_pixels(case, size):
    x = tensor(image(f"clip_input/{size}", 1, size, str(case["salt"])))
    assert_near(x[0, :, :4, :12], case[f"in_{size}_head"], 0)
    small = fractional_area_resize(x, 224)[0]
    assert_near(small[:, 1::4, 2::4], case[f"out_{size}_stride4"], TOLERANCE)
    assert_near(small[:, -24:, -24:], case[f"out_{size}_corner"], TOLERANCE)
    np.testing.assert_allclose(stats(small), case[f"out_{size}_stats"], rtol=0, atol=TOLERANCE)


def test_the_loss(case):
    """CLIP's logit is a hundred times the cosine of picture and text."""
    text, seen = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.25, (1 - 0.25**2) ** 0.5]])
    assert_near(clip_loss(seen, text)[0], case["loss_for_logit_25"], 1e-7)
