"""ArcFace on IR-SE50 against StyleCLIP's network and identity loss, for the same weights and pictures."""

import numpy as np
import pytest

from styleclip_lib.editing.losses import identity_loss
from styleclip_lib.networks.arcface import face
from styleclip_lib.weights.readers.arcface import arcface_from_state
from tests.conformance.cases import assert_near, filled_state, load_case, stats, tensor
from tests.conformance.formula import image

EMBEDDING, PICTURE, ACTIVATION = 5e-6, 1e-6, 5e-5


@pytest.fixture(scope="module")
def case():
    return load_case("arcface_irse50")


@pytest.fixture(scope="module")
def arcface(case):
    return arcface_from_state(filled_state(case))


@pytest.fixture(scope="module")
def pictures(case):
    """The two pictures [2, 3, 256, 256], and the same with something else mixed in."""
    x, other = (image(f"arcface/{name}", 2, 256, str(case["salt"])) for name in "ab")
    return tensor(x), tensor(np.clip(x + 0.25 * other, -1, 1))


@pytest.fixture(scope="module")
def large(case):
    return tensor(image("arcface/big", 1, 1024, str(case["salt"])))


def test_the_pictures_are_those_of_the_case(case, pictures):
    assert_near(pictures[0][0, :, :4, :12], case["image_a_head"], 0)


def test_the_face_is_cut_out(case, pictures, large):
    cut = face(pictures[0])
    assert_near(cut[:, :, 1::4, 2::4], case["pooled_112_stride4"], PICTURE)
    np.testing.assert_allclose(stats(cut), case["pooled_112_stats"], rtol=0, atol=PICTURE)
    assert_near(face(large)[:, :, 1::4, 2::4], case["pooled_112_from_1024_stride4"], PICTURE)


def test_each_part_of_the_network(case, arcface, pictures):
    wanted = {"stem": arcface.trunk.input_layer, **{f"body{i}": arcface.trunk.body[i] for i in (0, 3, 7, 20, 21, 23)}}
    found = {}
    hooks = [part.register_forward_hook(lambda _, __, out, name=name: found.update({name: out})) for name, part in wanted.items()]
    arcface(pictures[0])
    for hook in hooks:
        hook.remove()
    for name in wanted:
        assert_near(found[name][0, :16, 0, 0], case[f"act_{name}_first"], ACTIVATION)
        np.testing.assert_allclose(stats(found[name]), case[f"act_{name}_stats"], rtol=0, atol=ACTIVATION)


def test_persons(case, arcface, pictures, large):
    assert_near(arcface(pictures[0]), case["embedding"], EMBEDDING)
    assert_near(arcface(pictures[1]), case["embedding_y_hat"], EMBEDDING)
    assert_near(arcface(large), case["embedding_from_1024"], EMBEDDING)


def test_the_identity_loss(case, arcface, pictures):
    x, y_hat = pictures
    assert_near(identity_loss(arcface, y_hat, arcface(x)).mean(), case["id_loss"], EMBEDDING)
