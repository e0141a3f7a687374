"""Alignment against encoder4editing and NVIDIA's ffhq-dataset, for the same picture and landmarks."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image

from styleclip_lib.framing import face_quad, quad_side
from styleclip_lib.photos.alignment import crop_quad, surroundings
from styleclip_lib.photos.detection import find_faces
from styleclip_lib.photos.loading import align_face
from tests.conformance.cases import load_case

GEOMETRY, GREY_LEVELS = 1e-6, 1
SIZE = 256


@pytest.fixture(scope="module")
def case():
    return load_case("align_face")


@pytest.fixture(scope="module")
def pictures(case):
    data = pytest.importorskip("skimage.data")
    astronaut = data.astronaut()
    assert hashlib.sha256(astronaut.tobytes()).hexdigest() == str(case["image_sha256"])
    plain, large = Image.fromarray(astronaut), Image.fromarray(astronaut.repeat(8, 0).repeat(8, 1))
    return {"a": plain, "b": plain, "c": large}


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_quad(name, case):
    quad = face_quad(case[f"{name}_landmarks"])
    np.testing.assert_allclose(quad, case[f"{name}_quad"], rtol=0, atol=GEOMETRY)
    assert quad_side(quad) == pytest.approx(float(case[f"{name}_qsize"]), abs=GEOMETRY)


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_surroundings(name, case, pictures):
    picture, quad = surroundings(pictures[name], face_quad(case[f"{name}_landmarks"]), SIZE)
    np.testing.assert_allclose(quad, case[f"{name}_quad_final"], rtol=0, atol=GEOMETRY)
    left, top, right, bottom = case[f"{name}_crop"].tolist()
    pad = case[f"{name}_pad"].tolist() if case[f"{name}_was_padded"] else [0] * 4
    assert picture.size == (right - left + pad[0] + pad[2], bottom - top + pad[1] + pad[3])


def test_pixels_of_a_plain_crop(case, pictures):
    """e4e draws the square at the size of the result."""
    official = np.array(Image.open(io.BytesIO(case["a_aligned_png"].tobytes())))
    assert_near(crop_quad(pictures["a"], face_quad(case["a_landmarks"]), SIZE, supersample=1), official)


@pytest.mark.parametrize("name", ["b", "c"])
def test_pixels_where_the_picture_is_continued_or_shrunk(name, case, pictures):
    ours = crop_quad(pictures[name], face_quad(case[f"{name}_landmarks"]), SIZE, supersample=1)
    assert_near(np.asarray(ours)[1::4, 2::4], case[f"{name}_aligned_stride4"])
    assert_near(np.asarray(ours)[:24, :24], case[f"{name}_aligned_corner"])
    values = np.asarray(ours, dtype=np.float64)
    np.testing.assert_allclose([values.mean(), values.std()], case[f"{name}_stats"][:2], rtol=0, atol=0.05)


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_pixels_drawn_four_times_larger(name, case, pictures):
    """The ffhq-dataset script, which is what `align_face` follows, draws at four times the size and reduces."""
    ours = align_face(pictures[name], size=SIZE, landmarks=case[f"{name}_landmarks"])
    assert_near(np.asarray(ours)[1::4, 2::4], case[f"{name}_ffhq_stride4"])


def test_the_detector_finds_the_official_box_and_not_the_false_one(case, pictures):
    (face,) = find_faces(pictures["a"])
    left, top, right, bottom = case["dlib_boxes"][0]  # ours is an average over pictures turned and resized in several ways
    assert face.width == pytest.approx(right - left, rel=0.15)
    assert np.abs(face.center - [(left + right) / 2, (top + bottom) / 2]).max() < face.width / 10


def assert_near(ours, official: np.ndarray) -> None:
    ours = np.asarray(ours).astype(int)
    assert ours.shape == official.shape
    assert np.abs(ours - official).max() <= GREY_LEVELS
