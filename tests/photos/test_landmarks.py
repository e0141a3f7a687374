"""Boxes that go with their faces, and points that are read twice."""

import dlib
import numpy as np
import pytest
from PIL import Image

from styleclip_lib.paths import data_folder
from styleclip_lib.photos.landmarks import MIRRORED, place, predict, predict_mirrored, read_predictor, relative
from styleclip_lib.portraits.drawing.landmarks import landmarks
from styleclip_lib.portraits.world.factors import sample


@pytest.fixture
def face():
    return np.random.default_rng(0).uniform(40, 140, (68, 2)).round()


class Recorder:
    """Stands in for a predictor: always the same points; keeps the boxes it was asked about."""

    def __init__(self, face):
        self.face, self.boxes = face, []

    def __call__(self, pixels, box):
        self.boxes.append(box)
        return self.face


def test_a_box_goes_with_its_face(face):
    box = np.array([50.0, 60.0, 130.0, 140.0])
    np.testing.assert_allclose(place(relative(box, face), face), box)
    np.testing.assert_allclose(place(relative(box, face), 2 * face + 7), 2 * box + 7)


def test_points_are_read_once_or_a_second_time_where_the_box_usually_lies(face):
    predictor, pixels, box = Recorder(face), np.zeros((200, 200), np.uint8), np.array([50.0, 60.0, 130.0, 140.0])
    assert np.array_equal(predict(predictor, pixels, box), face)
    assert len(predictor.boxes) == 1
    usual = np.array([0.1, -0.2, 3.0])
    assert np.array_equal(predict(predictor, pixels, box, usual), face)
    assert np.array_equal(predictor.boxes[-2:], [box, place(usual, face).round()])


def test_the_points_of_a_mirrored_portrait_are_the_mirrored_points():
    """True of the renderer's own points, so the table fits their order."""
    person = sample(1, 3).replace(yaw=0.5, roll=0.0, offset_x=0.0)
    there, back = (landmarks(person.replace(yaw=yaw)).numpy()[0] for yaw in (0.5, -0.5))
    mirrored = np.stack([1 - there[:, 0], there[:, 1]], axis=1)[MIRRORED]
    assert np.abs(mirrored - back).mean() < 0.01
    assert np.array_equal(MIRRORED[MIRRORED], np.arange(68))


def test_a_mirrored_reading_comes_back_to_the_picture(face):
    """A predictor that always names the same points, whichever way the picture lies."""
    pixels, box = np.zeros((200, 180), np.uint8), np.array([50.0, 60.0, 130.0, 140.0])
    recorder = Recorder(face)
    points = predict_mirrored(recorder, pixels, box)
    assert np.array_equal(recorder.boxes[0], [49, 60, 129, 140])
    np.testing.assert_array_equal(points[:, 0], 179 - face[MIRRORED, 0])
    np.testing.assert_array_equal(points[:, 1], face[MIRRORED, 1])


@pytest.mark.parametrize("name", ["anna", "felix"])
def test_it_predicts_what_dlib_predicts(name):
    """To the last pixel, also for boxes beside the face and beyond the picture's edges."""
    path = data_folder() / "models" / "portraits" / "landmarks.dat"
    ours, theirs = read_predictor(path), dlib.shape_predictor(str(path))
    picture = np.asarray(Image.open(data_folder() / "images" / f"{name}.png").convert("L").resize((200, 180)))
    rng = np.random.default_rng(0)
    for _ in range(25):
        middle, half = rng.uniform(-10, 210, 2), rng.uniform(1, 120)
        box = np.array([*(middle - half), *(middle + half)]).round().astype(int)
        points = [(part.x, part.y) for part in theirs(picture, dlib.rectangle(*box.round().astype(int).tolist())).parts()]
        np.testing.assert_array_equal(ours(picture, box), points)
