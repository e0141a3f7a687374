"""Turning heads and moving lights: the flow is right, and known where it is said to be."""

import pytest
import torch

from styleclip_lib.portraits.aligned.drawing.motion import movement, with_factors
from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.stylization.motion import warped


@pytest.fixture(scope="module")
def person():
    return sample(8, seed=3).portrait(3)


@pytest.fixture(scope="module")
def frames(person):
    """Turned, and then in another light."""
    turned = with_factors(person, yaw=0.15, pitch=0.1)
    return movement([with_factors(person, yaw=-0.2, pitch=0.0), turned, with_factors(turned, light=-person.light)], 96)


def test_moving_the_picture_before_gives_the_next_one(frames):
    first, second, _ = frames
    moved = warped(first.picture[None], second.flow[None])[0]
    moves = second.valid * (second.flow.abs().sum(0, keepdim=True) > 0.3)
    assert moves.mean() > 0.05, "the face and the clothes"
    with_flow, without = (((picture - second.picture).abs() * moves).sum() for picture in (moved, first.picture))
    assert with_flow < 0.6 * without


def test_what_is_known(frames):
    first, second, lit = frames
    assert first.flow.abs().max() < 1e-3 and second.flow.abs().max() > 2
    assert lit.flow.abs().max() < 1e-3 and not torch.equal(lit.picture, second.picture)
    assert all(0.3 < frame.valid.mean() < 0.9 for frame in (second, lit)), "not hair, eyes and mouth"


def test_a_face_that_does_not_move(person):
    first, second = movement([person, person], 64)
    assert torch.equal(first.picture, second.picture) and second.flow.abs().max() < 1e-3
