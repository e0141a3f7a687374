"""Finding and aligning faces, in a photograph that scikit-image brings along and in portraits."""

import io

import numpy as np
import pytest
from PIL import Image

import styleclip_lib
from styleclip_lib.errors import StyleclipError
from styleclip_lib.framing import face_quad, quad_side
from styleclip_lib.images import to_pil
from styleclip_lib.paths import data_folder
from styleclip_lib.photos import detection as module
from styleclip_lib.photos.alignment import crop_quad, gaussian_blur
from styleclip_lib.photos.detection import (
    NoFaceError,
    SeveralFacesError,
    align_face,
    domain_framing,
    face_landmarks,
    find_faces,
    find_quad,
)
from styleclip_lib.portraits.drawing.landmarks import landmarks as true_landmarks
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.weights.domain import enter_file

EYES = np.array([[202.5, 101.0], [244.7, 102.8]])  # the astronaut's, read off by hand
MOUTH = np.array([[202.2, 139.5], [246.5, 140.3]])  # its corners


@pytest.fixture(scope="module")
def astronaut():
    return Image.fromarray(pytest.importorskip("skimage.data").astronaut())


@pytest.fixture(scope="module")
def head(astronaut):
    """The astronaut's head only, 230 x 230 pixels."""
    return astronaut.crop((110, 10, 340, 240))


@pytest.fixture(scope="module")
def group(head):
    """Three people of three sizes on grey; the largest is neither the first nor the last."""
    picture = Image.new("RGB", (900, 420), (150, 150, 150))
    for side, place in ((230, (20, 100)), (368, (270, 20)), (184, (680, 150))):
        picture.paste(head.resize((side, side), Image.Resampling.BICUBIC), place)
    return picture


def features(points):
    """Middle of the left eye, of the right eye, left and right corner of the mouth."""
    return np.stack([points[36:42].mean(0), points[42:48].mean(0), points[48], points[54]])


def test_the_photograph_has_one_face_and_the_pattern_on_the_suit_is_none(astronaut):
    (face,) = find_faces(astronaut)
    assert face.left < EYES[:, 0].min() and face.right > EYES[:, 0].max()
    assert face.top < EYES[:, 1].min() and face.bottom > MOUTH[:, 1].max()


def test_landmarks_of_the_photograph(astronaut):
    """Learnt from drawings, they are near enough to crop by: within a sixth of the distance of the eyes."""
    found, right = features(face_landmarks(astronaut)), np.concatenate([EYES, MOUTH])
    apart = np.hypot(*(EYES[1] - EYES[0]))
    assert np.hypot(*(found - right).T).max() < apart / 4
    assert np.hypot(*(found - right).T).mean() < apart / 6


def test_the_crop_of_the_photograph_is_near_the_one_by_hand(astronaut):
    by_hand = np.zeros((68, 2))
    by_hand[36:42], by_hand[42:48], by_hand[48:60:6] = EYES[0], EYES[1], MOUTH
    ideal, ours = face_quad(by_hand), face_quad(face_landmarks(astronaut))
    assert np.hypot(*(ours - ideal).T).max() < 0.1 * quad_side(ideal)


@pytest.mark.parametrize("size", [16, 100, 256])
def test_size_and_mode(size, astronaut):
    face = align_face(astronaut, size=size)
    assert isinstance(face, Image.Image) and face.mode == "RGB" and face.size == (size, size)


def test_it_is_public_and_256_pixels_by_default(astronaut):
    assert styleclip_lib.align_face(astronaut).size == (256, 256)
    assert issubclass(styleclip_lib.NoFaceError, StyleclipError)
    assert issubclass(styleclip_lib.SeveralFacesError, StyleclipError)


def test_the_same_face_from_a_file_from_bytes_in_grey_on_its_side_and_large(astronaut, tmp_path):
    expected = align_face(astronaut, size=64)
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown a quarter turn clockwise
    astronaut.transpose(Image.Transpose.ROTATE_90).save(buffer, "PNG", exif=exif)
    astronaut.save(tmp_path / "photo.png")
    same = [tmp_path / "photo.png", (tmp_path / "photo.png").read_bytes(), buffer.getvalue()]
    assert all(align_face(source, size=64).tobytes() == expected.tobytes() for source in same)
    grey = align_face(astronaut.convert("L"), size=64)
    assert np.abs(np.asarray(grey.convert("L"), dtype=float) - np.asarray(expected.convert("L"), dtype=float)).mean() < 1


@pytest.mark.parametrize("side", [800, 1024, 2600])
def test_the_same_crop_from_a_larger_picture(side, astronaut):
    expected = face_quad(face_landmarks(astronaut))
    large = astronaut.resize((side, side), Image.Resampling.BICUBIC)
    found = face_quad(face_landmarks(large)) * 512 / side
    assert np.hypot(*(found - expected).T).max() < 0.07 * quad_side(expected)


def test_a_wider_framing_shows_the_same_face_smaller(astronaut):
    points = face_landmarks(astronaut)
    near, far = (align_face(astronaut, size=200, landmarks=points, framing=framing) for framing in (1.0, 2.0))
    middle = np.asarray(far.crop((50, 50, 150, 150)).resize((200, 200)), dtype=float)
    assert np.abs(middle - np.asarray(near, dtype=float)).mean() < 4


def test_without_a_domain_the_framing_is_ffhqs_and_with_one_it_is_the_domains(astronaut):
    folder = data_folder() / "models" / "portraits"
    framing = domain_framing(folder)
    assert 1.3 < framing < 1.6
    ffhq, ours = align_face(astronaut, size=64), align_face(astronaut, size=64, domain=folder)
    assert ffhq.tobytes() == align_face(astronaut, size=64, framing=1.0).tobytes()
    assert ours.tobytes() == align_face(astronaut, size=64, framing=framing).tobytes() != ffhq.tobytes()


def test_a_portrait_is_framed_as_it_was():
    """The portraits' framing turns a portrait seen from the front into nearly itself."""
    pose = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "offset_x": 0.0, "offset_y": 0.0, "face_size": 0.5}
    f = sample(60, seed=8)
    f = f[(f.age > 0.4) & (f.headwear == 0) & (f.expression == 0) & (f.hair_style == 0)][:1]
    f = f.replace(**pose, glasses=0, skin_tone=0.3)
    portrait = to_pil(render(f, 192))
    cropped = align_face(portrait, size=192, domain=data_folder() / "models" / "portraits")
    again, before = face_landmarks(cropped), true_landmarks(f)[0].numpy() * 192 - 0.5
    assert np.hypot(*(features(again) - features(before)).T).max() < 192 * 0.06


def test_the_square_is_the_one_that_is_cropped(astronaut):
    folder = data_folder() / "models" / "portraits"
    for settings in ({}, {"domain": folder}, {"framing": 2.0, "landmarks": face_landmarks(astronaut) + 3}):
        cropped = crop_quad(astronaut, find_quad(astronaut, **settings), 64)
        assert cropped.tobytes() == align_face(astronaut, size=64, **settings).tobytes()


def test_several_faces_are_named_from_the_largest_to_the_smallest(group):
    with pytest.raises(SeveralFacesError) as caught:
        align_face(group)
    said, found = str(caught.value), caught.value.faces
    assert said.startswith("3 faces were found (0: x ") and "face=0" in said and "--face 0" in said and "\n" not in said
    assert [int(face.left) // 300 for face in found] == [1, 0, 2] or found[0].left > found[1].left
    assert found[0].width > found[1].width > found[2].width
    assert all(str(face) in said for face in found)


def test_one_of_several_can_be_chosen(group):
    largest, first, last = (align_face(group, size=64, face=face).tobytes() for face in ("largest", 0, 2))
    assert largest == first != last


@pytest.mark.parametrize("face", [3, -1, "smallest"])
def test_a_face_that_is_not_there(face, group):
    with pytest.raises(StyleclipError, match="3 faces were found, numbered from 0"):
        align_face(group, face=face)


def test_no_face_says_what_to_try():
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    with pytest.raises(NoFaceError, match=r"300 x 200 pixels.*upright.*towards the camera"):
        align_face(Image.fromarray(noise))
    for side in ((1, 1), (20, 30), (5, 4000)):
        with pytest.raises(NoFaceError, match="No face was found"):
            align_face(Image.new("RGB", side, (90, 80, 70)))
    with pytest.raises(NoFaceError, match="only 20 x 30 pixels, take a larger one"):
        align_face(Image.new("RGB", (20, 30)))


def test_a_face_on_its_head_is_not_found(astronaut):
    with pytest.raises(NoFaceError):
        align_face(astronaut.rotate(180))


def test_a_small_picture_is_enlarged_before_the_search(head):
    small = head.resize((96, 96), Image.Resampling.LANCZOS)
    (face,) = find_faces(small)
    assert 96 > face.right > face.left > 0
    assert align_face(small, size=64).size == (64, 64)


def test_what_is_not_a_picture(tmp_path):
    (tmp_path / "text.png").write_text("hello")
    for source in (tmp_path / "text.png", tmp_path / "none.png", b"", 3):
        with pytest.raises(StyleclipError):
            align_face(source)


@pytest.mark.parametrize("size", [0, 15, 4097])
def test_a_size_that_makes_no_sense(size, astronaut):
    with pytest.raises(StyleclipError, match="between 16 and 4096"):
        align_face(astronaut, size=size)


def test_landmarks_that_make_no_sense(astronaut):
    good = face_landmarks(astronaut)
    for bad, said in (
        (good[:5], r"not an array of shape \[5, 2\]"),
        (np.where(np.arange(68)[:, None] == 40, np.nan, good), "not finite"),
        (np.full((68, 2), 100.0), "in one place"),
        (good + 2000, "outside the picture"),
        (good - 2000, "outside the picture"),
    ):
        with pytest.raises(StyleclipError, match=said):
            align_face(astronaut, landmarks=bad)
    with pytest.raises(StyleclipError, match="framing"):
        align_face(astronaut, landmarks=good, framing=float("nan"))


def test_a_crop_that_is_mostly_outside_is_continued(astronaut):
    """Nothing black: what lies beyond the edge is made of what lies inside."""
    points = face_landmarks(astronaut) - [190, 80]  # the face now lies over the upper left corner
    points = points - points.min(0) + [-20.0, -20.0]
    face = np.asarray(align_face(astronaut, size=64, landmarks=points))
    assert (face.max(2) > 0).all()


def test_a_domain_may_bring_its_own_landmark_model_or_none(astronaut, tmp_path):
    shipped = data_folder() / "models" / "portraits" / "landmarks.dat"
    (tmp_path / "other.txt").write_text("nothing")
    enter_file(tmp_path, "other", tmp_path / "other.txt", {}, {})
    assert np.array_equal(face_landmarks(astronaut, domain=tmp_path), face_landmarks(astronaut))
    assert domain_framing(tmp_path) == 1
    (tmp_path / "broken.dat").write_bytes(shipped.read_bytes()[:1000])
    enter_file(tmp_path, "landmarks", tmp_path / "broken.dat", {}, {})
    with pytest.raises(StyleclipError, match="not one of dlib's shape predictors"):
        face_landmarks(astronaut, domain=tmp_path)


def test_weak_detections_beside_a_strong_one_do_not_count(monkeypatch):
    import dlib

    def detector_of(*scores):
        boxes = [dlib.rectangle(100 * k, 100, 100 * k + 50 + k, 150 + k) for k in range(len(scores))]
        return lambda: type("Detector", (), {"run": staticmethod(lambda *_: (boxes, list(scores), [0] * len(scores)))})

    picture = Image.new("RGB", (600, 600))
    for scores, counted in (([1.2, 0.1], 1), ([2.5, 0.4], 2), ([0.1], 1), ([0.2, 0.1], 2), ([0.5, 0.1], 1), ([], 0)):
        monkeypatch.setattr(module, "_detector", detector_of(*scores))
        assert len(find_faces(picture)) == counted, scores


def test_gaussian_blur_against_a_plain_sum():
    pixels = np.random.default_rng(0).uniform(0, 255, (9, 11, 3)).astype(np.float32)
    sigma, radius = 1.7, 7
    weights = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    weights /= weights.sum()
    padded = np.pad(pixels, ((radius, radius), (radius, radius), (0, 0)), "symmetric")
    expected = np.zeros_like(pixels)
    for i, a in enumerate(weights):
        for j, b in enumerate(weights):
            expected += a * b * padded[i : i + 9, j : j + 11]
    np.testing.assert_allclose(gaussian_blur(pixels, sigma), expected, atol=1e-3)
