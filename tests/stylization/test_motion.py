"""Known motion: warping, the temporal loss, flicker."""

import pytest
import torch

from styleclip_lib.stylization.motion import Motion, camera_motion, flicker, joined, temporal_loss, warped


@pytest.fixture
def shifted():
    """A picture that moves three pixels to the right and one down."""
    first = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(0)) * 2 - 1
    flow = torch.tensor([-3.0, -1.0]).view(1, 2, 1, 1).expand(1, 2, 20, 24)
    valid = torch.zeros(1, 1, 20, 24)
    valid[..., 1:, 3:] = 1
    return Motion(first, first.roll((1, 3), (2, 3)), flow, valid)


def test_a_flow_moves_a_picture(shifted):
    difference = (warped(shifted.first, shifted.flow) - shifted.second).abs() * shifted.valid
    assert difference.max() < 1e-5
    assert torch.allclose(warped(shifted.first, torch.zeros(1, 2, 20, 24)), shifted.first, atol=1e-5)


def test_what_moves_with_the_picture_costs_nothing(shifted):
    assert temporal_loss(-shifted.first, -shifted.second, shifted) < 1e-9
    assert flicker(-shifted.first, -shifted.second, shifted) < 1e-5


def test_what_stays_while_the_picture_moves_costs(shifted):
    strokes = torch.rand(1, 3, 20, 24, generator=torch.Generator().manual_seed(1))
    assert temporal_loss(strokes, strokes, shifted) > 0.05 and flicker(strokes, strokes, shifted) > 0.2


def test_a_change_of_light_may_be_followed():
    first = torch.zeros(1, 3, 8, 8)
    light = Motion(first, first + 0.3, torch.zeros(1, 2, 8, 8), torch.ones(1, 1, 8, 8))
    assert temporal_loss(first - 0.5, first - 0.2, light) < 1e-10 < temporal_loss(first - 0.5, first - 0.5, light)
    assert flicker(first - 0.5, first - 0.2, light) == pytest.approx(0.3, abs=1e-5)


def test_places_that_are_not_known_count_for_nothing(shifted):
    nowhere = Motion(shifted.first, shifted.second, shifted.flow, torch.zeros_like(shifted.valid))
    assert temporal_loss(shifted.first, -shifted.second, nowhere) == 0 and flicker(shifted.first, -shifted.second, nowhere) == 0


def test_a_moving_camera():
    y, x = torch.meshgrid(torch.linspace(-1, 1, 32), torch.linspace(-1, 1, 40), indexing="ij")
    smooth = torch.stack([x, y, x * y])[None].repeat(3, 1, 1, 1)
    motion = camera_motion(smooth, torch.Generator().manual_seed(2))
    assert len(motion) == 3 and motion.valid.mean() > 0.85 and motion.flow.abs().max() > 0.5
    assert flicker(motion.first, motion.second, motion) < 1e-5
    again = camera_motion(smooth, torch.Generator().manual_seed(2))
    assert torch.equal(again.flow, motion.flow)
    both = joined([motion[torch.tensor([0])], motion[torch.tensor([2])]])
    assert len(both) == 2 and torch.equal(both.flow[1], motion.flow[2])
