"""One way from a picture to a face: what is cropped, what is taken whole, and what is said about it."""

from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import styleclip_lib
from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import from_pil, load_image
from styleclip_lib.paths import data_folder
from styleclip_lib.photos.detection import NoFaceError, SeveralFacesError
from styleclip_lib.photos.face_points import domain_alignment
from styleclip_lib.photos.loading import Photo, align_face, distance_of_corners, is_aligned, load_face, load_faces

PORTRAITS = data_folder() / "models" / "portraits"


def models(side: int = 128):
    """As much of a domain as loading a picture needs."""
    return SimpleNamespace(folder=PORTRAITS, generator=SimpleNamespace(img_resolution=side))


@pytest.fixture(scope="module")
def astronaut():
    return Image.fromarray(pytest.importorskip("skimage.data").astronaut())


@pytest.fixture(scope="module")
def coffee():
    return Image.fromarray(pytest.importorskip("skimage.data").coffee()).crop((100, 0, 500, 400))


def test_it_is_public():
    assert styleclip_lib.load_face is load_face and styleclip_lib.Photo is Photo


def test_a_photograph_is_cropped_for_the_domain(astronaut):
    photo = load_face(models(), astronaut)
    assert photo.crop.tobytes() == align_face(astronaut, 128, domain=PORTRAITS).tobytes()
    assert photo.original.tobytes() == astronaut.tobytes() and photo.quad.shape == (4, 2)
    assert photo.image.shape == (1, 3, 128, 128) and -1 <= photo.image.min() < photo.image.max() <= 1
    assert photo.box.left < photo.quad[:, 0].mean() < photo.box.right
    assert "a photograph becomes a drawn face" in " ".join(photo.notes)


def test_a_photograph_that_happens_to_have_the_generators_size_is_cropped_too(astronaut):
    small = astronaut.resize((128, 128), Image.Resampling.LANCZOS)
    assert load_face(models(), small).quad is not None
    assert load_face(models(), small, align="never").quad is None


@pytest.mark.parametrize("name", ["anna", "hugo"])
@pytest.mark.parametrize("side", [128, 100, 300])
def test_an_aligned_picture_of_any_size_is_taken_whole(name, side):
    """Cropped once more it would lose sharpness, and its edges would be made up."""
    portrait = Image.open(data_folder() / "images" / f"{name}.png").convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    photo = load_face(models(), portrait)
    assert photo.quad is None and photo.notes == ()
    if side == 128:
        assert photo.crop.tobytes() == portrait.tobytes()
    assert load_face(models(), portrait, align="always").quad is not None


@pytest.mark.slow
def test_how_near_an_aligned_picture_must_be_depends_on_the_domains_model():
    square = np.array([[0, 0], [0, 200], [200, 200], [200, 0]]) - 0.5
    assert distance_of_corners(square, 200) == 0 and distance_of_corners(square + np.array([6, 8]), 200) == pytest.approx(0.05)
    photographs, portraits = (domain_alignment(data_folder() / "models" / name) for name in ("ffhq", "portraits"))
    for shift, aligned in ((9, (True, True)), (20, (False, True)), (40, (False, False))):
        moved = square + np.array([shift, 0])
        assert (is_aligned(moved, (200, 200), photographs), is_aligned(moved, (200, 200), portraits)) == aligned
        assert not is_aligned(moved, (200, 201), 1.0)


def test_no_face_is_an_error_or_a_note_where_the_size_is_right(coffee):
    with pytest.raises(NoFaceError):
        load_face(models(), coffee)
    small = coffee.resize((128, 128), Image.Resampling.LANCZOS)
    photo = load_face(models(), small)
    assert photo.quad is None and photo.crop.tobytes() == small.tobytes()
    assert "No face was found" in photo.notes[0] and "taken whole" in photo.notes[0]
    with pytest.raises(NoFaceError):
        load_face(models(), small, align="always")
    assert load_face(models(), coffee, align="never").notes == ()


def test_what_is_taken_whole_keeps_its_proportions(astronaut):
    wide = Image.new("RGB", (900, 512), "white")
    wide.paste(astronaut, (194, 0))
    middle = load_face(models(), wide, align="never")
    assert np.abs(np.asarray(middle.crop, dtype=float) - np.asarray(astronaut.resize((128, 128), Image.Resampling.LANCZOS))).mean() < 1


def test_one_kernel_for_every_entrance(astronaut, tmp_path):
    astronaut.save(tmp_path / "a.png")
    from_file, from_bytes = (load_face(models(), s) for s in (tmp_path / "a.png", (tmp_path / "a.png").read_bytes()))
    assert from_file.crop.tobytes() == from_bytes.crop.tobytes() == load_faces(models(), astronaut)[0].crop.tobytes()
    assert (from_file.image == load_image(from_file.crop)).all() and (from_file.image == from_pil(from_file.crop)).all()


@pytest.mark.slow
def test_all_faces_of_a_picture_are_offered(astronaut):
    head = astronaut.crop((110, 10, 340, 240))
    pair = Image.new("RGB", (700, 400), (150, 150, 150))
    pair.paste(head.resize((368, 368), Image.Resampling.BICUBIC), (0, 20))
    pair.paste(head, (420, 100))
    photos = load_faces(models(), pair)
    assert len(photos) == 2 and photos[0].box.width > photos[1].box.width
    with pytest.raises(SeveralFacesError):
        load_face(models(), pair)
    for number, photo in enumerate(photos):
        assert load_face(models(), pair, face=number).crop.tobytes() == photo.crop.tobytes()


@pytest.mark.slow
def test_faces_of_a_picture_without_any(coffee):
    with pytest.raises(NoFaceError):
        load_faces(models(), coffee)
    (photo,) = load_faces(models(), coffee.resize((128, 128)))
    assert photo.quad is None and photo.notes


def test_pasting_back_changes_the_face_only(astronaut):
    photo = load_face(models(), astronaut)
    back = photo.paste_back(-photo.image)
    changed = np.abs(np.asarray(back, dtype=int) - np.asarray(astronaut)).max(2) > 0
    rows, columns = np.nonzero(changed)
    assert back.size == astronaut.size and changed.any()
    assert rows.max() <= photo.quad[:, 1].max() + 2 and columns.max() <= photo.quad[:, 0].max() + 2
    with pytest.raises(StyleclipError, match="cannot be pasted back"):
        load_face(models(), astronaut, align="never").paste_back(photo.image)


def test_an_alignment_that_does_not_exist(astronaut):
    with pytest.raises(StyleclipError, match='"auto", "always" or "never"'):
        load_face(models(), astronaut, align="sometimes")


@pytest.mark.parametrize(("grow", "shift", "degrees", "aligned"), [
    (1, 0, 0, True), (1.1, 5, 3, True), (0.6, 0, 0, False), (1, 40, 0, False), (1, 0, 25, False),
])  # fmt: skip
def test_when_a_picture_counts_as_aligned(grow, shift, degrees, aligned):
    angle = np.deg2rad(degrees)
    x = np.array([np.cos(angle), np.sin(angle)]) * 64 * grow
    y = np.array([-x[1], x[0]])
    quad = 63.5 + shift + np.stack([-x - y, -x + y, x + y, x - y])
    assert is_aligned(quad, (128, 128), 0.15) == aligned
    assert not is_aligned(quad, (128, 140), 0.15)


@pytest.mark.slow
def test_of_an_animation_only_the_first_frame_is_looked_at_and_a_note_says_so(astronaut, tmp_path):
    black, face = Image.new("RGB", (230, 230)), astronaut.crop((110, 10, 340, 240))
    black.save(tmp_path / "late.gif", save_all=True, append_images=[face])
    with pytest.raises(NoFaceError, match="first frame"):
        load_face(models(), tmp_path / "late.gif")
    with pytest.raises(NoFaceError, match="first frame"):
        align_face(tmp_path / "late.gif")
    astronaut.save(tmp_path / "at_once.gif", save_all=True, append_images=[Image.new("RGB", astronaut.size)])
    assert load_face(models(), tmp_path / "at_once.gif").quad is not None
