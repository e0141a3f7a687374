"""The ffhq domain's own landmark model, dlib's, on photographs: tilted, dark, small, several. Where the extra `photos` is installed."""

import bz2
import io
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch.nn.functional as F
from PIL import Image

from styleclip_lib.evaluation.photo_identity import SAME, distance_to_photograph, person_distance
from styleclip_lib.framing import face_quad, quad_side
from styleclip_lib.images import load_image
from styleclip_lib.paths import data_folder
from styleclip_lib.photos.detection import find_faces
from styleclip_lib.photos.face_points import face_landmarks, tilt
from styleclip_lib.photos.loading import load_face, load_faces
from styleclip_lib.weights.downloads.download import fetch
from styleclip_lib.weights.downloads.registry import domain_cache, downloads_of

pytestmark = pytest.mark.full
EYES = np.array([[202.5, 101.0], [244.7, 102.8]])  # the astronaut's, read off by hand
MOUTH = np.array([[202.2, 139.5], [246.5, 140.3]])
FFHQ = data_folder() / "models" / "ffhq"


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory):
    """The model, taken from the package: no download."""
    try:
        carried = Path(str(distribution("face_recognition_models").locate_file("face_recognition_models/models")))
    except PackageNotFoundError:
        pytest.skip("the package face_recognition_models is not installed (the extra photos)")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLECLIP_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield carried


@pytest.fixture(scope="module")
def astronaut():
    return Image.fromarray(pytest.importorskip("skimage.data").astronaut())


def test_the_package_carries_the_official_file_byte_for_byte(cache):
    (source,) = downloads_of(FFHQ, ["landmarks"])
    packed = fetch(source, domain_cache(FFHQ))
    assert bz2.decompress(packed.read_bytes()) == (cache / "shape_predictor_68_face_landmarks.dat").read_bytes()


@pytest.mark.parametrize("degrees", [0, 25, -50, 90, 180])
def test_eyes_are_level_and_the_crop_is_the_one_by_hand(degrees, astronaut):
    head = astronaut.crop((110, 10, 340, 240))
    picture = head.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=(120, 120, 120))
    points, upright = face_landmarks(picture, domain=FFHQ), face_landmarks(head, domain=FFHQ)
    by_hand = np.zeros((68, 2))
    by_hand[36:42], by_hand[42:48], by_hand[48:60:6] = EYES[0], EYES[1], MOUTH
    assert abs(tilt(upright) - tilt(by_hand)) < 3, "so well are eyes marked by hand"
    assert abs((tilt(points) + degrees - tilt(upright) + 180) % 360 - 180) < 1
    assert quad_side(face_quad(points)) == pytest.approx(quad_side(face_quad(by_hand)), rel=0.06)


@pytest.mark.parametrize("change", ["dark", "small", "grey"])
def test_poor_photographs_are_cropped_alike(change, astronaut):
    poor = {"dark": lambda: Image.fromarray((np.asarray(astronaut) * 0.15).astype(np.uint8)), "grey": lambda: astronaut.convert("L"),
            "small": lambda: astronaut.resize((200, 200), Image.Resampling.LANCZOS)}[change]()
    expected, found = (face_quad(face_landmarks(one, domain=FFHQ)) * 512 / one.width for one in (astronaut, poor))
    assert np.hypot(*(found - expected).T).max() < 0.05 * quad_side(expected)


def test_a_face_is_cropped_and_pasted_back_and_stays_the_person(astronaut):
    models = SimpleNamespace(folder=FFHQ, generator=SimpleNamespace(img_resolution=256))
    photo = load_face(models, astronaut.rotate(30, Image.Resampling.BICUBIC))
    assert photo.notes == () and photo.crop.size == (256, 256)
    back = photo.paste_back(photo.image)
    assert person_distance(back, astronaut, FFHQ) < SAME / 2
    assert distance_to_photograph(photo, photo.image, FFHQ) == 0
    smaller = F.interpolate(F.interpolate(photo.image, scale_factor=0.5), scale_factor=2.0)
    assert 0 < distance_to_photograph(photo, smaller, FFHQ) < SAME
    somebody = load_image(data_folder() / "images" / "anna.png")
    assert distance_to_photograph(photo, F.interpolate(somebody, (256, 256)), FFHQ) > SAME
    again = load_face(models, photo.crop.resize((400, 400), Image.Resampling.LANCZOS))
    assert again.quad is None, "an aligned face is not cropped once more"


def test_an_upload_with_several_faces_offers_each_of_them_upright(astronaut):
    """What the studio does with the bytes of a photograph."""
    head = astronaut.crop((110, 10, 340, 240))
    pair = Image.new("RGB", (800, 420), (150, 150, 150))
    pair.paste(head.resize((368, 368), Image.Resampling.BICUBIC), (10, 20))
    pair.paste(head.rotate(30, Image.Resampling.BICUBIC, fillcolor=(150, 150, 150)), (520, 100))
    file = io.BytesIO()
    pair.save(file, "JPEG", quality=95)
    models = SimpleNamespace(folder=FFHQ, generator=SimpleNamespace(img_resolution=256))
    large, small = load_faces(models, file.getvalue())
    assert large.box.width > small.box.width
    assert abs(tilt(face_landmarks(large.crop, large.box_in_crop, FFHQ))) < 2
    assert abs(tilt(face_landmarks(small.crop, small.box_in_crop, FFHQ))) < 2
    assert distance_to_photograph(large, small.image, FFHQ) < SAME


def test_a_drawn_face_is_somebody_else(astronaut):
    portrait = data_folder() / "images" / "anna.png"
    assert len(find_faces(portrait)) == 1
    assert person_distance(portrait, astronaut, FFHQ) > SAME
