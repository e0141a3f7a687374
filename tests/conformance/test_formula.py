"""The filler gives the worked values that came with the reference numbers."""

import numpy as np
import pytest

from tests.conformance.formula import fill, image, normal

KEYS = ["body.0.res_layer.0.running_mean", "body.0.res_layer.4.running_mean"]      # which make these layers BatchNorms


@pytest.mark.parametrize("key, shape, first, total", [
    ("style.1.weight", (512, 512), [22.58658, 81.30655, 108.5084], -80835.5129),
    ("conv1.conv.weight", (1, 512, 512, 3, 3), [0.1648394, -1.062351, -0.3702397], -302.7508),
    ("conv1.conv.modulation.bias", (512,), [1.037633, 1.183311, 1.086080], 510.4276),
    ("convs.0.noise.weight", (1,), [-0.005828314], None),
    ("body.0.res_layer.1.weight", (64, 64, 3, 3), [0.02639432, -0.1064613, 0.06633244], 16.4150),
    ("body.0.res_layer.0.weight", (64,), [0.9313432, 0.897563, 1.138054], None),
    ("body.0.res_layer.0.running_var", (64,), [1.027499, 1.138766, 1.065138], None),
    ("body.0.res_layer.4.weight", (64,), [0.4449475, 0.4830285, 0.4501067], None),
    ("input_layer.2.weight", (64,), [0.226947, 0.1726496, 0.2360394], None),
    ("synthesis.b4.conv1.noise_strength", (), [-0.01715118], None),
])
def test_worked_values(key, shape, first, total):
    values = fill(key, shape, KEYS)
    assert values.shape == shape
    assert values.dtype == np.float32
    np.testing.assert_allclose(values.reshape(-1)[:len(first)], first, rtol=1e-6)
    if total is not None:
        np.testing.assert_allclose(values.sum(dtype=np.float64), total, rtol=1e-6)


def test_inputs():
    np.testing.assert_allclose(normal("example", (3,)), [-0.2639131, -0.1592217, 0.4731051], rtol=1e-6)
    np.testing.assert_allclose(image("example", 1, 16)[0, 0, 0, :3], [0.1957039, -0.0762861, 0.9453209], rtol=1e-6)


def test_salt_changes_everything():
    assert not np.allclose(fill("style.1.weight", (4, 4), []), fill("style.1.weight", (4, 4), [], salt="x"))
    assert not np.allclose(normal("example", (3,)), normal("example", (3,), salt="x"))
    assert not np.allclose(image("example", 1, 16), image("example", 1, 16, salt="x"))
