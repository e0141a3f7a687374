"""The aligned square, and the same portrait anywhere in a larger picture."""

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.framing import face_quad
from styleclip_lib.photos.alignment import crop_quad
from styleclip_lib.portraits.aligned.camera import ALIGNED, FRAMING, SLIP_PLACE, SLIP_SIZE, Camera, cameras
from styleclip_lib.portraits.aligned.drawing.render import render
from styleclip_lib.portraits.aligned.landmarks import EYES, MOUTH, landmarks
from styleclip_lib.portraits.aligned.world.factors import sample

NO_SLIP = {"slip_roll": 0.0, "slip_x": 0.0, "slip_y": 0.0, "slip_size": 0.0}
CORNERS = np.array([[0, 0], [0, 1], [1, 1], [1, 0]])


def quads(factors, camera):
    return [face_quad(points.double().numpy(), FRAMING) for points in landmarks(factors, camera)]


def face_width(factors):
    jaw = landmarks(factors)[:, [0, 16]]
    return (jaw[:, 1] - jaw[:, 0]).norm(dim=1).mean().item()


def test_without_slips_the_picture_is_the_square_of_the_rule():
    people = sample(12, seed=2).replace(**NO_SLIP)
    for quad in quads(people, ALIGNED):
        assert np.abs(quad - CORNERS).max() < 1e-4


@pytest.mark.slow
def test_slips_are_as_small_as_an_aligner_leaves_them():
    people = sample(40, seed=3)
    for quad in quads(people, ALIGNED):
        assert np.abs(quad.mean(0) - 0.5).max() < SLIP_PLACE * (1 + SLIP_SIZE) + 1e-3
        across = quad[3] - quad[0]
        assert abs(np.hypot(*across) - 1) < SLIP_SIZE + 0.005
        assert abs(np.degrees(np.arctan2(across[1], across[0]))) < 1.6
    eyes = landmarks(people)[:, EYES].mean(1)
    assert (eyes[:, 0] - 0.5).abs().max() < 0.08 and (eyes[:, 1] - 0.47).abs().max() < 0.05
    assert (landmarks(people)[:, MOUTH].mean(1)[:, 1] > 0.6).all()


@pytest.mark.parametrize("roll", [-40.0, -20.0, 10.0, 40.0])
def test_aligning_a_free_picture_gives_the_aligned_one(roll):
    people = sample(2, seed=4).replace(**NO_SLIP)
    camera = Camera(0.53, 0.48, 0.6, roll)
    for found, width in zip(quads(people, camera), [face_width(people)] * 2):
        turn = np.radians(roll)
        spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])  # to the left, y down
        wanted = (CORNERS - 0.5) @ spin * 0.6 + [0.53, 0.48]
        error = np.hypot(*(found - wanted).T).mean() / (width * 0.6)
        assert error < 0.02

    free, aligned = render(people, 256, camera), render(people, 96)
    for picture, quad, wanted in zip(free, quads(people, camera), aligned):
        pixels = ((picture + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        crop = crop_quad(Image.fromarray(pixels), quad * 256 - 0.5, 96)
        seen = torch.from_numpy(np.array(crop)).permute(2, 0, 1) / 127.5 - 1
        face = (slice(None), slice(24, 84), slice(20, 76))  # the wall belongs to the picture, not to the head
        assert (seen - wanted)[face].abs().mean() < 0.05


def test_free_cameras_are_drawn_from_a_seed_and_keep_the_square_inside():
    assert cameras(5, seed=1) == cameras(5, seed=1) != cameras(5, seed=2)
    for camera in cameras(50, seed=3):
        assert 0.35 <= camera.side <= 0.75 and abs(camera.roll) <= 40
        assert camera.side / 2 <= min(camera.x, camera.y) and max(camera.x, camera.y) <= 1 - camera.side / 2
