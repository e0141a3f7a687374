"""The 68 points lie where the renderer draws what they are named after."""

import pytest
import torch

from styleclip_lib.portraits.drawing.landmarks import BROWS, COUNT, EYES, JAW, MOUTH, landmarks
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample

SIZE = 96
PLAIN = {"hair_style": "bald", "headwear": 0, "glasses": 0, "facial_hair": 0, "fringe": 0.0, "freckles": 0.0}


@pytest.fixture(scope="module")
def people():
    """Six people who hide nothing, in different poses; the last ones look far to a side."""
    yaw, pitch = torch.tensor([0.0, 0.3, -0.5, 0.2, -1.0, 1.0]), torch.tensor([0.0, -0.8, 0.9, 0.0, 0.2, -0.2])
    expressions = {"expression": torch.tensor([0, 1, 2, 3, 4, 0]), "expression_strength": 1.0, "eyes": 0}
    return sample(6, seed=3).replace(**PLAIN, **expressions, yaw=yaw, pitch=pitch)


def where_it_differs(a: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
    """For each picture, the places (x, y) in units of its side [P, 2] at which two renderings are clearly different."""
    different = (a - b).abs().amax(1) > 0.25
    return [(d.nonzero().flip(1) + 0.5) / d.shape[1] for d in different]


def test_shape_and_range(people):
    points = landmarks(people)
    assert points.shape == (6, COUNT, 2) and points.dtype == torch.float32
    assert ((points > 0) & (points < 1)).all()
    assert landmarks(people[:0]).shape == (0, COUNT, 2)


def test_a_portrait_does_not_depend_on_the_others(people):
    torch.testing.assert_close(landmarks(people)[2:3], landmarks(people[2]))


def test_a_face_from_the_front_is_symmetric(people):
    front = people.replace(yaw=0.0, pitch=0.0, roll=0.0, offset_x=0.0)
    points = landmarks(front)
    mirrored = points * torch.tensor([-1.0, 1.0]) + torch.tensor([1.0, 0.0])
    pairs = [*((k, 16 - k) for k in range(17)), *((k, 43 - k) for k in range(17, 22)), (31, 35), (32, 34)]
    pairs += [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    pairs += [(48, 54), (50, 52), (59, 55), (60, 64), (67, 65)]
    left, right = (list(side) for side in zip(*pairs))
    torch.testing.assert_close(points[:, left], mirrored[:, right], rtol=0, atol=1e-5)
    middle = points[:, [8, 27, 30, 33, 51, 57, 62, 66], 0]
    torch.testing.assert_close(middle, torch.full_like(middle, 0.5), rtol=0, atol=1e-5)


def test_the_order_from_left_to_right_and_top_to_bottom(people):
    points = landmarks(people[:4])
    x, y = points.unbind(2)
    for run in ([0, 8, 16], [17, 21, 22, 26], [36, 39, 42, 45], [31, 33, 35], [48, 51, 54], [59, 57, 55], [60, 62, 64]):
        assert (x[:, run].diff(dim=1) > 0).all(), run
    for run in ([27, 28, 29, 30, 33, 51, 57, 8], [37, 41], [44, 46], [19, 37], [24, 44]):
        assert (y[:, run].diff(dim=1) > 0).all(), run


def test_the_eyes_contain_the_irises(people):
    blue, brown = (render(people.replace(eye_color=color), SIZE) for color in ("blue", "brown"))
    for places, points in zip(where_it_differs(blue, brown), landmarks(people)):
        eyes = points[EYES].view(2, 6, 2)
        low, high = eyes.amin(1) - 1 / SIZE, eyes.amax(1) + 1 / SIZE
        inside = ((places[:, None] > low) & (places[:, None] < high)).all(2)
        assert len(places) and inside.any(1).float().mean() > 0.97
        assert inside.any(0).all()


def test_the_outer_lips_contain_the_lipstick(people):
    women = people.replace(gender="woman", makeup=1, age=0.4)
    red, other = (render(women.replace(makeup_color=color), SIZE) for color in (0.0, 0.7))
    for places, points in zip(where_it_differs(red, other), landmarks(women)):
        low, high = points[MOUTH].amin(0) - 1 / SIZE, points[MOUTH].amax(0) + 1 / SIZE
        mouth = places[places[:, 1] > points[33, 1]]  # below the nose; the rest is eye shadow
        assert len(mouth) and ((mouth > low) & (mouth < high)).all(1).float().mean() > 0.97


def test_the_brows_lie_on_the_brows(people):
    """Wigs do not dye brows, but hair colours do."""
    dark, light = (render(people.replace(hair_color=color), SIZE) for color in ("black", "white"))
    for places, points in zip(where_it_differs(dark, light), landmarks(people)):
        distance = torch.cdist(points[BROWS], places).amin(1)
        assert (distance < 1.6 / SIZE).float().mean() > 0.85


def test_the_jaw_is_the_edge_of_the_face_seen_from_the_front(people):
    """A little inside there is skin, a little outside there is none."""
    front = people.replace(yaw=0.0, pitch=0.0, roll=0.0, background="green", clothes="green", skin_tone=0.5)
    points, pictures = landmarks(front)[:, JAW], render(front, SIZE)
    middle = points[:, [0, 16]].mean(1, keepdim=True)
    for factor, is_skin in ((0.93, True), (1.10, False)):
        at = ((middle + (points - middle) * factor) * SIZE).long().clamp(0, SIZE - 1)[:, 2:6]  # cheeks, beside the neck
        red, green = (pictures[torch.arange(6)[:, None], channel, at[..., 1], at[..., 0]] for channel in (0, 1))
        assert ((red > green) == is_skin).float().mean() > 0.9


def test_turning_moves_the_nose_further_than_the_chin_and_the_chin_further_than_the_ears(people):
    ahead, aside = (landmarks(people.replace(yaw=yaw, pitch=0.0, roll=0.0))[..., 0] for yaw in (0.0, 0.6))
    nose, chin, ears = (aside - ahead)[:, 30], (aside - ahead)[:, 8], (aside - ahead)[:, [0, 16]].mean(1)
    assert (nose > chin).all() and (chin > ears).all() and (chin > 0).all()
