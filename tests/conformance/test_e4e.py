"""e4e and pSp against omertov/encoder4editing, for the same weights and pictures."""

import numpy as np
import pytest

from styleclip_lib.weights.readers.e4e import e4e_from_checkpoint
from tests.conformance.cases import assert_near, filled_state, load_case, stats, tensor
from tests.conformance.formula import fill, image

pytestmark = pytest.mark.slow

CODES, FEATURES = 2e-4, 1e-4


def checkpoint_of(case, **settings):
    """As in the official file, in which the encoder's names begin with "encoder."."""
    state = {f"encoder.{key}": value for key, value in filled_state(case).items()}
    return {"state_dict": state, "latent_avg": tensor(case["latent_avg"]), "opts": settings}


def test_1024_pixels():
    """The layout of the released file: a w for each of 18 layers. It comes first: a gigabyte, before the other one lies beside it."""
    case = load_case("e4e_1024")
    picture = tensor(image("e4e_1024/x", 1, 256, str(case["salt"])))
    encoder = e4e_from_checkpoint(checkpoint_of(case, encoder_type="Encoder4Editing", start_from_latent_avg=True))
    assert encoder.num_ws == 18
    assert_near(encoder(picture), case["codes"], CODES)


@pytest.fixture(scope="module")
def case():
    return load_case("e4e_256")


@pytest.fixture(scope="module")
def checkpoint(case):
    return checkpoint_of(case)


@pytest.fixture(scope="module")
def encoder(checkpoint):
    return e4e_from_checkpoint(checkpoint)


@pytest.fixture(scope="module")
def pictures(case):
    return tensor(image("e4e_256/x", 2, 256, str(case["salt"])))


def test_the_inputs_are_those_of_the_case(case, pictures):
    assert_near(pictures[0, :, :4, :12], case["image_head"], 0)
    assert_near(tensor(case["latent_avg"]), fill("latent_avg", case["latent_avg"].shape, [], str(case["salt"])), 0)


def test_features(case, encoder, pictures):
    for name, features in zip(("c1", "c2", "c3"), encoder.trunk(pictures)[1:]):
        assert_near(features[0, :16, 3, 5], case[f"{name}_first"], FEATURES)
        np.testing.assert_allclose(stats(features), case[f"{name}_stats"], rtol=0, atol=FEATURES)


def test_w_plus(case, encoder, pictures):
    w_plus = encoder(pictures)
    assert_near(w_plus, case["codes"], CODES)
    assert_near(w_plus - encoder.w_avg, case["codes_raw"], CODES)


@pytest.mark.parametrize("stage", [0, 5])
def test_the_stages_of_training(case, encoder, pictures, stage):
    assert_near(encoder(pictures[:1], stage) - encoder.w_avg, case[f"codes_raw_stage{stage}"], CODES)


def test_psp(case, checkpoint, pictures):
    psp = e4e_from_checkpoint({**checkpoint, "opts": {"encoder_type": "GradualStyleEncoder", "start_from_latent_avg": False}})
    assert_near(psp(pictures[:1]), case["psp_codes_raw"], CODES)
