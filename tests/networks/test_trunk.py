"""The trunk and the networks on top of it: shapes, and what their doc strings promise."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.attributes import CODE_SIZE, CODE_SLICES, Attributes
from styleclip_lib.networks.encoder import Encoder
from styleclip_lib.networks.identity import Identity
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.networks.trunk import Trunk
from styleclip_lib.portraits.world.attributes import ATTRIBUTES, BY_NAME

WIDTHS = (4, 6, 8, 10, 12)


def made(kind, *arguments, **settings):
    torch.manual_seed(0)
    return kind(*arguments, **settings).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def images():
    return torch.rand(3, 3, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1


def test_every_stage_halves_the_size(images):
    features = made(Trunk, WIDTHS)(images)
    assert [tuple(f.shape) for f in features] == [(3, c, 32 >> k, 32 >> k) for k, c in enumerate(WIDTHS)]
    assert all(f.min() >= 0 for f in features), "what comes out of a ReLU"


def test_features_are_not_written_over(images):
    """Each stage works in place on its own numbers only."""
    trunk = made(Trunk, WIDTHS)
    together = trunk(images)
    x = images
    for number, stage in enumerate(trunk.stages):
        x = stage((x if number == 0 else F.max_pool2d(x, 2)).clone())
        torch.testing.assert_close(together[number], x)


def test_the_trunk_takes_pictures_of_any_size():
    features = made(Trunk, WIDTHS)(torch.zeros(1, 3, 48, 80))
    assert features[-1].shape == (1, 12, 3, 5)


def test_distance_of_equal_pictures_is_zero(images):
    perceptual = made(Perceptual, WIDTHS)
    assert perceptual(images, images).tolist() == [0, 0, 0]


def test_distance_is_symmetric_and_positive(images):
    perceptual = made(Perceptual, WIDTHS)
    there, back = perceptual(images, images.flip(0)), perceptual(images.flip(0), images)
    torch.testing.assert_close(there, back)
    assert there[0] > 0.01 and there[2] > 0.01 and there[1] == 0
    assert there.shape == (3,)


def test_the_distance_is_that_of_a_slow_loop(images):
    """Zhang et al. 2018, equation 1, with weights of one: over stages, places and channels."""
    perceptual = made(Perceptual, WIDTHS)
    a, b = images[:1], images[1:2]
    total = 0.0
    for x, y in zip(perceptual.trunk(a), perceptual.trunk(b)):
        for row in range(x.shape[2]):
            for column in range(x.shape[3]):
                u, v = x[0, :, row, column], y[0, :, row, column]
                u, v = u / max(u.norm(), 1e-4), v / max(v.norm(), 1e-4)
                total += ((u - v) ** 2).sum().item() / (x.shape[2] * x.shape[3])
    assert perceptual(a, b).item() == pytest.approx(total, rel=1e-4)


def test_a_small_change_is_a_small_distance(images):
    perceptual = made(Perceptual, WIDTHS)
    noise = torch.randn(images.shape, generator=torch.Generator().manual_seed(2))
    distances = torch.stack([perceptual(images, images + amount * noise) for amount in (0.01, 0.1, 0.5)])
    assert (distances[0] < distances[1]).all() and (distances[1] < distances[2]).all()


def test_features_once_for_many_distances(images):
    perceptual = made(Perceptual, WIDTHS)
    a, b = perceptual.features(images), perceptual.features(images.flip(0))
    torch.testing.assert_close(perceptual.distance(a, b), perceptual(images, images.flip(0)))
    assert all(torch.all(f.norm(dim=1) < 1 + 1e-5) for f in a)


def test_gradients_reach_the_picture(images):
    moving = images.clone().requires_grad_()
    made(Perceptual, WIDTHS)(moving, images.flip(0)).sum().backward()
    assert moving.grad.abs().amax((1, 2, 3))[[0, 2]].min() > 0


def test_the_code_has_a_place_for_every_attribute():
    covered = sorted(i for where in CODE_SLICES.values() for i in range(where.start, where.stop))
    assert covered == list(range(CODE_SIZE))
    assert list(CODE_SLICES) == [a.name for a in ATTRIBUTES]
    assert CODE_SLICES["gender"] == slice(0, 2) and CODE_SLICES["yaw"].stop - CODE_SLICES["yaw"].start == 1


@pytest.mark.parametrize("size", [32, 64])
def test_reading_attributes(size):
    network = made(Attributes, WIDTHS)
    images = torch.rand(3, 3, size, size) * 2 - 1
    assert network.code(images).shape == (3, CODE_SIZE)
    readings = network(images)
    for attribute in ATTRIBUTES:
        reading = readings[attribute.name]
        if attribute.is_scale:
            assert reading.shape == (3,)
        else:
            assert reading.shape == (3, len(attribute.values))
            torch.testing.assert_close(reading.sum(1), torch.ones(3))


def test_what_is_read_from_each_picture(images, monkeypatch):
    network = made(Attributes, WIDTHS)
    code = torch.zeros(2, CODE_SIZE)
    code[:, CODE_SLICES["glasses"].start + 2] = 9.0
    code[0, CODE_SLICES["yaw"]] = -0.8
    code[1, CODE_SLICES["yaw"]] = 0.25
    monkeypatch.setattr(network, "code", lambda image: code)
    first, second = network.read(images[:2])
    assert first.has("glasses", "sunglasses") and second.value("glasses") == "sunglasses" and not first.has("glasses", "none")
    assert first.value("yaw") == "left" and second.value("yaw") is None and second.number("yaw") == 0.25
    assert set(first.values()) == set(BY_NAME)


@pytest.mark.parametrize("size", [32, 48, 128])
def test_a_person_is_a_unit_vector(size):
    identity = made(Identity, WIDTHS, 16, 32)
    vectors = identity(torch.rand(3, 3, size, size) * 2 - 1)
    assert vectors.shape == (3, 16)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(3))


def test_identity_does_not_depend_on_the_size(images):
    identity = made(Identity, WIDTHS, 16, 32)
    larger = F.interpolate(images, scale_factor=4, mode="nearest")
    assert (identity(images) * identity(larger)).sum(1).min() > 0.98


def test_w_plus_from_a_picture(images):
    encoder = made(Encoder, 8, 10, WIDTHS)
    encoder.w_avg.fill_(3.0)
    w_plus = encoder(images)
    base, offsets = encoder.parts(images)
    assert w_plus.shape == offsets.shape == (3, 8, 10) and base.shape == (3, 10)
    torch.testing.assert_close(w_plus, base[:, None] + offsets)
    assert offsets[:, 0].abs().max() == 0 and offsets[:, 1:].abs().sum(2).min() > 0
    without = made(Encoder, 8, 10, WIDTHS)
    torch.testing.assert_close(w_plus - 3.0, without(images)), "w_avg is added"


@pytest.mark.parametrize("num_ws", [2, 6, 10, 18])
def test_coarse_layers_read_the_last_features(num_ws):
    encoder = made(Encoder, num_ws, 5, WIDTHS)
    assert len(encoder.stage_of) == num_ws == len(encoder.offsets)
    assert encoder.stage_of == sorted(encoder.stage_of, reverse=True)
    assert encoder.stage_of[0] == -1 and min(encoder.stage_of) >= -3
    assert encoder(torch.zeros(1, 3, 32, 32)).shape == (1, num_ws, 5)
