"""ArcFace and e4e, made small: shapes, and what their doc strings promise. tests/conformance compares numbers."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.arcface import Arcface, face
from styleclip_lib.networks.e4e import E4e
from styleclip_lib.networks.irse50 import BLOCKS, Irse50, at_256

SMALL = (16, 16, 32, 32, 48, 64)


def made(kind, *arguments, **settings):
    torch.manual_seed(0)
    return kind(*arguments, **settings).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def images():
    return torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)) * 2 - 1


@pytest.fixture(scope="module")
def encoder():
    encoder = made(E4e, 9, 10, SMALL)
    encoder.w_avg.copy_(torch.arange(90).view(9, 10) / 90)
    return encoder


def test_the_body_has_fifty_layers():
    """The stem, two convolutions in each block, and the layer that makes the vector (He et al. 2016, table 1)."""
    assert 1 + 2 * len(BLOCKS) + 1 == 50


def test_features_of_each_group_of_blocks(images):
    features = made(Irse50, SMALL)(images)
    assert [tuple(f.shape) for f in features] == [(2, 16, 32, 32), (2, 32, 16, 16), (2, 48, 8, 8), (2, 64, 4, 4)]


def test_a_face_is_cut_out_of_the_crop():
    picture = torch.zeros(1, 1, 256, 256)
    picture[:, :, 35:223, 32:220] = 1
    assert face(picture).shape == (1, 1, 112, 112)
    assert face(picture).min() == 1
    inside = picture.clone()
    inside[:, :, 36:222, 33:219] = 0
    assert face(inside)[0, 0, :, 0].min() > 0 and face(inside)[0, 0, -1].min() > 0, "nothing of the border is lost"


@pytest.mark.parametrize("size", [64, 256, 1024])
def test_pictures_of_any_size_are_brought_to_256(size):
    rows = torch.linspace(-1, 1, size)[:, None].expand(1, 3, size, size)
    wanted = F.interpolate(rows, size=256, mode="nearest") if size < 256 else F.avg_pool2d(rows, size // 256)
    torch.testing.assert_close(at_256(rows), wanted)


@pytest.mark.parametrize("size", [64, 256])
def test_a_person_is_a_unit_vector(size):
    vectors = made(Arcface, SMALL, 24)(torch.rand(2, 3, size, size) * 2 - 1)
    assert vectors.shape == (2, 24)
    torch.testing.assert_close(vectors.norm(dim=1), torch.ones(2))


def test_gradients_reach_the_picture(encoder, images):
    arcface = made(Arcface, SMALL, 24)
    for network in (arcface, encoder):
        moving = images.clone().requires_grad_()
        (network(moving) * torch.linspace(-1, 1, network(images).shape[-1])).sum().backward()
        assert moving.grad.abs().amax((1, 2, 3)).min() > 0


def test_w_plus_from_a_picture(encoder, images):
    w_plus = encoder(images)
    base, offsets = encoder.parts(images)
    assert w_plus.shape == offsets.shape == (2, 9, 10) and base.shape == (2, 10)
    torch.testing.assert_close(w_plus, base[:, None] + offsets)
    assert offsets[:, 0].abs().max() == 0 and offsets[:, 1:].abs().sum(2).min() > 0


def test_the_mean_w_is_added(encoder, images):
    torch.testing.assert_close(encoder(images) - encoder.w_avg, made(E4e, 9, 10, SMALL)(images))


@pytest.mark.parametrize("stage", [0, 1, 4, 8, 20])
def test_offsets_come_in_one_after_another(encoder, images, stage):
    whole, so_far = encoder(images) - encoder.w_avg, encoder(images, stage) - encoder.w_avg
    torch.testing.assert_close(so_far[:, : stage + 1], whole[:, : stage + 1])
    torch.testing.assert_close(so_far[:, stage + 1:], whole[:, :1].expand(-1, 9, -1)[:, stage + 1:])


def test_heads_that_are_not_in_use_get_no_gradient(images):
    encoder = E4e(9, 10, SMALL).eval()
    encoder(images, stage=2).sum().backward()
    assert [head.linear.weight.grad is not None for head in encoder.styles] == [True] * 3 + [False] * 6


def test_psp_s_heads_say_w_itself(encoder, images):
    psp = made(E4e, 9, 10, SMALL, offsets=False)
    e4e = encoder(images) - encoder.w_avg
    torch.testing.assert_close(psp(images)[:, 1:], e4e[:, 1:] - e4e[:, :1])
    torch.testing.assert_close(psp(images)[:, 0], e4e[:, 0])


def test_finer_layers_read_finer_features(images):
    """16 x 16, 32 x 32 and 64 x 64 places take 4, 5 and 6 halvings."""
    convolutions = [sum(isinstance(layer, torch.nn.Conv2d) for layer in head.convs) for head in made(E4e, 9, 10, SMALL).styles]
    assert convolutions == [4, 4, 4, 5, 5, 5, 5, 6, 6]
