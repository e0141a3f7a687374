"""The 68 points lie where the features are drawn."""

from itertools import pairwise

import pytest
import torch

from styleclip_lib.portraits.aligned.camera import cameras
from styleclip_lib.portraits.aligned.drawing.render import render, scene_of
from styleclip_lib.portraits.aligned.landmarks import BROWS, COUNT, EYES, JAW, MOUTH, NOSE, landmarks
from styleclip_lib.portraits.aligned.world.factors import sample

SIZE = 128


@pytest.fixture(scope="module")
def people():
    return sample(4, seed=6).replace(hair_style="bald", glasses="none", headwear="none", facial_hair="none", eyes="open", makeup="makeup",
                                     expression="neutral")


def middle_of_change(before, after):
    """Where two pictures differ, on average, in shares of the side. [N, 2]"""
    weight = (after - before).abs().sum(1)
    weight = weight * (weight > 0.25 * weight.amax((1, 2), keepdim=True))
    axis = (torch.arange(SIZE) + 0.5) / SIZE
    total = weight.sum((1, 2))
    return torch.stack([(weight * axis).sum((1, 2)), (weight * axis[:, None]).sum((1, 2))], 1) / total[:, None]


def test_points_have_their_shape_and_order(people):
    points = landmarks(people)
    assert points.shape == (4, COUNT, 2) and points.dtype == torch.float32
    left_eye, right_eye = points[:, 36:42].mean(1), points[:, 42:48].mean(1)
    assert (left_eye[:, 0] < right_eye[:, 0]).all()
    heights = [points[:, part].mean(1)[:, 1] for part in (BROWS, EYES, NOSE, MOUTH)] + [points[:, 8, 1]]
    assert all((above < below).all() for above, below in pairwise(heights))


def test_the_irises_lie_between_the_points_of_the_eyes(people):
    straight = people.replace(gaze_x=0.0, gaze_y=0.0, yaw=0.0, pitch=0.0)
    change = middle_of_change(render(straight.replace(eye_color="brown"), SIZE), render(straight.replace(eye_color="blue"), SIZE))
    assert (change - landmarks(straight)[:, EYES].mean(1)).norm(dim=1).max() < 0.02


def test_the_lips_lie_between_the_points_of_the_mouth(people):
    closer = people.replace(light=0.0)
    pictures = [render(closer.replace(makeup_color=color), SIZE) for color in (0.0, 0.5)]
    points = landmarks(closer)[:, 48:60]
    low, high = (points.amin(1) - 0.02) * SIZE, (points.amax(1) + 0.02) * SIZE
    change = (pictures[1] - pictures[0]).abs().sum(1)
    for c, (left, top), (right, bottom) in zip(change, low.int().tolist(), high.int().tolist()):
        lower_face = c[(top + bottom) // 2 - 12:]
        mouth = c[top:bottom, left:right]
        assert mouth.sum() > 0.9 * lower_face.sum()


def test_the_jaw_is_the_edge_of_the_head(people):
    front = people.replace(yaw=0.0, pitch=0.0)
    for i, points in enumerate(landmarks(front)[:, JAW]):
        scene = scene_of(front.portrait(i), SIZE)
        inside = torch.zeros(SIZE, SIZE)
        scene.head.view.window(inside).copy_(scene.head.alpha)
        middle = points.mean(0)
        for share, covered in ((0.92, True), (1.12, False)):
            x, y = ((middle + (points[3:14] - middle) * share) * SIZE - 0.5).round().long().T
            assert ((inside[y, x] > 0.5) == covered).float().mean() > 0.9


def test_points_follow_the_camera(people):
    for camera in cameras(3, seed=1):
        far, near = landmarks(people, camera), landmarks(people)
        spread = (far[:, 45] - far[:, 36]).norm(dim=1) / (near[:, 45] - near[:, 36]).norm(dim=1)
        assert torch.allclose(spread, torch.full_like(spread, camera.side), atol=1e-4)
