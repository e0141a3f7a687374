"""Finding and aligning faces, in a photograph that scikit-image brings along and in portraits."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

import styleclip_lib
from styleclip_lib.errors import StyleclipError
from styleclip_lib.framing import face_quad, quad_side
from styleclip_lib.images import to_pil
from styleclip_lib.paths import data_folder
from styleclip_lib.photos.alignment import crop_quad, gaussian_blur
from styleclip_lib.photos.detection import NoFaceError, SeveralFacesError, face_score, find_faces, find_large_faces
from styleclip_lib.photos.face_points import domain_framing, face_landmarks, tilt
from styleclip_lib.photos.loading import align_face, find_quad
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


def test_the_score_of_one_look_says_how_clear_a_face_is(astronaut, head):
    assert face_score(astronaut) > 1 and face_score(head) > 0.3 and face_score(astronaut.convert("L").resize((96, 96))) > 0.3
    assert -1 <= face_score(head.rotate(180)) < 0
    assert face_score(Image.new("RGB", (64, 40))) == -1


def test_landmarks_of_the_photograph(astronaut):
    """Learnt from drawings, they are near enough to crop by: within a sixth of the distance of the eyes."""
    found, right = features(face_landmarks(astronaut)), np.concatenate([EYES, MOUTH])
    apart = np.hypot(*(EYES[1] - EYES[0]))
    assert np.hypot(*(found - right).T).max() < apart / 4
    assert np.hypot(*(found - right).T).mean() < apart / 6


def by_hand():
    """Landmarks [68, 2] of the astronaut, as far as the crop depends on them."""
    points = np.zeros((68, 2))
    points[36:42], points[42:48], points[48:60:6] = EYES[0], EYES[1], MOUTH
    return points


def test_the_crop_of_the_photograph_is_near_the_one_by_hand(astronaut):
    ideal, ours = face_quad(by_hand()), face_quad(face_landmarks(astronaut))
    assert np.hypot(*(ours - ideal).T).max() < 0.1 * quad_side(ideal)


@pytest.mark.parametrize("size", [16, 100, 256])
def test_size_and_mode(size, astronaut):
    face = align_face(astronaut, size=size)
    assert isinstance(face, Image.Image) and face.mode == "RGB" and face.size == (size, size)


def test_it_is_public_and_256_pixels_by_default(astronaut):
    assert styleclip_lib.align_face(astronaut).size == (256, 256)
    assert issubclass(styleclip_lib.NoFaceError, StyleclipError)
    assert issubclass(styleclip_lib.SeveralFacesError, StyleclipError)


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_without_a_domain_the_framing_is_ffhqs_and_with_one_it_is_the_domains(astronaut):
    folder = data_folder() / "models" / "portraits"
    framing = domain_framing(folder)
    assert 1.3 < framing < 1.6
    ffhq, ours = align_face(astronaut, size=64), align_face(astronaut, size=64, domain=folder)
    assert ffhq.tobytes() == align_face(astronaut, size=64, framing=1.0).tobytes()
    assert ours.tobytes() == align_face(astronaut, size=64, framing=framing).tobytes() != ffhq.tobytes()


@pytest.mark.slow
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_no_face_says_what_to_try():
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    with pytest.raises(NoFaceError, match=r"300 x 200 pixels.*towards the camera"):
        align_face(Image.fromarray(noise))
    for side in ((1, 1), (20, 30), (5, 4000)):
        with pytest.raises(NoFaceError, match="No face was found"):
            align_face(Image.new("RGB", side, (90, 80, 70)))
    with pytest.raises(NoFaceError, match="only 20 x 30 pixels, take a larger one"):
        align_face(Image.new("RGB", (20, 30)))


def turned(picture, degrees):
    """The picture turned counter-clockwise, on grey, and the matrix and offset that carry its pixels' places [N, 2] along."""
    result = picture.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(120, 120, 120))
    angle = np.deg2rad(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])  # for rows
    return result, lambda points: (points + 0.5 - np.array(picture.size) / 2) @ matrix + np.array(result.size) / 2 - 0.5


@pytest.mark.parametrize("degrees", [20, -35, 65, 90, -120, 180])
def test_a_face_is_found_and_levelled_however_it_is_tilted(degrees, head):
    """Eyes and mouth, marked by hand, lie level in the crop: within five degrees for a model that has learnt from drawings."""
    picture, carried = turned(head, degrees)
    (face,) = find_faces(picture)
    marks = carried(np.concatenate([EYES, MOUTH]) - (110, 10))
    assert np.hypot(*(face.center - marks.mean(0))) < face.width / 4
    error = (tilt(face_landmarks(picture, face)) + degrees - tilt(by_hand()) + 180) % 360 - 180
    assert abs(error) < 8
    found = features(face_landmarks(picture, face))
    assert np.hypot(*(found - marks).T).mean() < np.hypot(*(EYES[1] - EYES[0])) / 5


@pytest.mark.slow
def test_small_and_large_faces_are_found_side_by_side(head, astronaut):
    picture = Image.new("RGB", (900, 420), (150, 150, 150))
    for person, side, place in ((head, 400, (10, 10)), (head, 100, (600, 30)), (astronaut, 230, (600, 180))):
        picture.paste(person.resize((side, side), Image.Resampling.LANCZOS), place)
    faces = find_faces(picture)
    assert len(faces) == 3 and faces[0].width > 3 * faces[2].width


def test_an_upright_and_a_lying_face_are_found_side_by_side(head):
    picture = Image.new("RGB", (600, 300), (150, 150, 150))
    picture.paste(head, (20, 30))
    picture.paste(head.rotate(90), (330, 30))
    faces = sorted(find_faces(picture), key=lambda face: face.left)
    assert len(faces) == 2 and abs(faces[0].turn) < 15 and abs(faces[1].turn - 270) < 15


@pytest.mark.slow
@pytest.mark.parametrize("name", ["coffee", "chelsea", "rocket", "camera", "brick", "page", "coins"])
def test_what_is_no_face_is_none_in_any_turn(name):
    pixels = getattr(pytest.importorskip("skimage.data"), name)()
    assert find_faces(Image.fromarray(pixels)) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["anna", "ben", "chloe", "david", "emma", "felix", "grace", "hugo"])
def test_a_drawn_face_is_one_face_and_upright(name):
    (face,) = find_faces(data_folder() / "images" / f"{name}.png")
    assert abs(face.turn) < 20


@pytest.mark.parametrize("change", ["dark", "bright", "grey", "small", "blurred", "jpeg"])
def test_a_poor_photograph(change, head):
    pixels = np.asarray(head, dtype=float)
    if change == "jpeg":
        buffer = io.BytesIO()
        head.save(buffer, "JPEG", quality=10)
    poor = {"dark": lambda: Image.fromarray((pixels * 0.15).astype(np.uint8)), "grey": lambda: head.convert("L"),
            "bright": lambda: Image.fromarray((255 - (255 - pixels) * 0.3).astype(np.uint8)), "jpeg": lambda: Image.open(buffer),
            "small": lambda: head.resize((64, 64), Image.Resampling.LANCZOS), "blurred": lambda: head.filter(ImageFilter.GaussianBlur(3))}
    picture = poor[change]()
    (face,) = find_faces(picture)
    ideal = face_quad(by_hand()) - (110, 10)
    found = face_quad(face_landmarks(picture, face)) * head.width / picture.width
    assert np.hypot(*(found - ideal).T).mean() < 0.15 * quad_side(ideal)


@pytest.mark.parametrize("size", [40, 48, 63, 64])
def test_a_face_that_fills_a_tiny_picture_is_found(size, head):
    tiny = head.resize((size, size), Image.Resampling.LANCZOS)
    (face,) = find_faces(tiny)
    assert [one.score for one in find_large_faces(tiny)] == [pytest.approx(face.score, abs=0.15)]
    (usual,) = find_faces(head)
    assert np.abs(face.center / size - usual.center / 230).max() < 0.08 and face.width / size == pytest.approx(usual.width / 230, rel=0.25)


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
        (np.full((68, 2), 100.0), "at the same place"),
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
    with pytest.raises(StyleclipError, match="cut off"):
        face_landmarks(astronaut, domain=tmp_path)


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
