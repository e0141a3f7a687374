"""Faces pasted back: what was not edited stays as it was, in photographs of every size and kind, at every angle and at the edge."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import from_pil, open_picture, save_image
from styleclip_lib.photos.alignment import crop_quad, gaussian_blur, taken_quad
from styleclip_lib.photos.loading import align_face, find_quad
from styleclip_lib.photos.pasting import paste_back, soft_mask

ORIENTATION = 0x0112


def square(middle, side: float, degrees: float = 0.0) -> np.ndarray:
    angle = np.deg2rad(degrees)
    x = np.array([np.cos(angle), np.sin(angle)]) * side / 2
    y = np.array([-x[1], x[0]])
    return np.array(middle, dtype=float) + np.stack([-x - y, -x + y, x + y, x - y])


def photograph() -> Image.Image:
    """Colours without edges, so that drawing it twice loses little."""
    smooth = gaussian_blur(np.random.default_rng(0).uniform(0, 255, (240, 320, 3)).astype(np.float32), 3.2)
    return Image.fromarray((127.5 + (smooth - smooth.mean()) / smooth.std() * 50).clip(0, 255).astype(np.uint8))


def inside(picture: Image.Image, quad: np.ndarray, share: float = 0.75) -> np.ndarray:
    """Which pixels lie in the middle of a square: bool [H, W]."""
    x, y = np.meshgrid(np.arange(picture.width), np.arange(picture.height))
    across, down = (quad[3] - quad[0]) / 2, (quad[1] - quad[0]) / 2
    apart = np.stack([x, y], axis=-1) - quad.mean(0)
    return np.maximum(*(np.abs(apart @ way) / (way @ way) for way in (across, down))) < share


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / (a.astype(float) - b.astype(float)).__pow__(2).mean()))


def white(size: int = 32) -> torch.Tensor:
    return torch.ones(1, 3, size, size)


@pytest.mark.parametrize(("middle", "side", "degrees", "size", "least"), [
    ((160, 120), 128, 0, 128, 37),
    ((160.3, 119.6), 120, 17, 120, 37),
    ((150, 110), 100, -38, 256, 37),  # the crop has more pixels than the photograph
    ((150, 110), 130, 90, 512, 37),
    ((30, 40), 140, 10, 140, 26),  # over the corner: the alignment blurs what lies near the photograph's edge
    ((300, 235), 150, -25, 200, 26),
])  # fmt: skip
def test_what_was_not_edited_is_as_it_was(middle, side, degrees, size, least):
    picture, quad = photograph(), square(middle, side, degrees)
    back = paste_back(picture, from_pil(crop_quad(picture, quad, size)), quad)
    before, after = np.asarray(picture), np.asarray(back)
    assert back.size == picture.size and back.mode == "RGB"
    assert psnr(before[inside(picture, quad)], after[inside(picture, quad)]) > least
    assert np.array_equal(before[~inside(picture, quad, 1.0)], after[~inside(picture, quad, 1.0)])


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 100, 250])
def test_a_large_photograph_is_met_to_the_pixel(size):
    """The crop shrinks it first, by whole numbers, and rounds: pasted without minding that, the face would lie beside itself."""
    picture, quad = photograph().resize((1501, 1103), Image.Resampling.BICUBIC), square((760, 520), 812, 12)
    crop = from_pil(crop_quad(picture, quad, size))
    where = inside(picture, quad)
    right, shifted = (psnr(np.asarray(picture)[where], np.asarray(paste_back(picture, crop, quad + shift))[where]) for shift in (0, 2))
    assert right > 35 and right > shifted + 2
    if size < 200:
        assert np.abs(taken_quad(picture.size, quad, size) - quad).max() > 0.5
    else:
        np.testing.assert_allclose(taken_quad(picture.size, quad, size), quad)


def test_the_astronaut_there_and_back():
    picture = Image.fromarray(pytest.importorskip("skimage.data").astronaut())
    quad = find_quad(picture)
    crop = crop_quad(picture, quad, 256)
    assert crop.tobytes() == align_face(picture).tobytes()
    back = paste_back(picture, from_pil(crop), quad)
    where = inside(picture, quad)
    assert psnr(np.asarray(picture)[where], np.asarray(back)[where]) > 35


def test_a_face_counts_fully_in_the_middle_and_has_no_seam():
    picture = Image.new("RGB", (200, 200), (40, 80, 120))
    back = np.asarray(paste_back(picture, white(), square((100, 100), 120, 30))).astype(int)
    assert (back[60:140, 85:115] == 255).all() and (back[0] == (40, 80, 120)).all()
    steps = np.maximum(np.abs(np.diff(back, axis=0)).max(), np.abs(np.diff(back, axis=1)).max())
    assert steps < 215 / 6, "from the photograph to the face in more than six pixels everywhere"


@pytest.mark.parametrize("feather", [0.1, 0.5, 1.0])
def test_the_mask(feather):
    u = np.linspace(-1.2, 1.2, 241)[None]
    mask = soft_mask(u, np.zeros_like(u), feather)[0]
    assert mask[120] == 1 and (mask[np.abs(u[0]) >= 1] == 0).all() and (mask[np.abs(u[0]) < 0.99 - feather] == 1).all()
    assert (np.diff(mask[:121]) >= 0).all() and np.allclose(mask, mask[::-1])
    assert soft_mask(np.array(0.9), np.array(0.9), feather) == 0, "round corners"


def test_at_the_edge_of_the_photograph_nothing_of_the_old_face_is_left():
    """What was drawn covers it up to the edge: half an eye that shines through would be a ghost."""
    noise = Image.fromarray(np.random.default_rng(1).integers(0, 256, (240, 320, 3), dtype=np.uint8))
    back = np.asarray(paste_back(noise, white(140), square((40, 120), 140)))
    assert (back[80:160, :60] == 255).all()


def with_alpha(mode: str) -> Image.Image:
    picture = photograph().convert("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    return picture.convert(mode)


@pytest.mark.parametrize(("given", "mode"), [
    (photograph().convert("L"), "L"), (with_alpha("RGBA"), "RGBA"), (with_alpha("LA"), "LA"),
    (photograph().convert("1"), "L"), (photograph().convert("CMYK"), "RGB"), (photograph().convert("P"), "RGB"),
    (Image.fromarray(np.asarray(photograph().convert("L")).astype(np.uint16) * 257), "L"),
])  # fmt: skip
def test_every_kind_of_photograph(given, mode):
    quad = square((160, 120), 128, 20)
    red = torch.tensor([1.0, -1.0, -1.0]).view(1, 3, 1, 1).expand(1, 3, 64, 64)
    back = paste_back(given, red, quad)
    outside = ~inside(given, quad, 1.0)
    assert back.mode == mode and back.size == given.size
    expected = np.asarray(given if given.mode == mode else open_picture(given).convert(mode))
    assert np.array_equal(np.asarray(back)[outside], expected[outside])
    if "A" in mode:
        assert back.getchannel("A").tobytes() == given.getchannel("A").tobytes()
    middle = back.getpixel((160, 120))
    assert (middle == 76 or middle[0] == 76) if mode in ("L", "LA") else middle[:3] == (255, 0, 0), "grey stays grey"


def test_a_photograph_on_its_side_is_pasted_into_upright(tmp_path):
    picture, exif = photograph(), Image.Exif()
    exif[ORIENTATION] = 6  # to be shown a quarter turn clockwise
    picture.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "photo.png", exif=exif)
    quad = square((200, 90), 100, 10)
    expected = paste_back(picture, white(), quad)
    assert paste_back(tmp_path / "photo.png", white(), quad).tobytes() == expected.tobytes()
    assert paste_back((tmp_path / "photo.png").read_bytes(), white(), quad).size == (320, 240)
    save_image(expected, tmp_path / "out.jpg")
    assert ORIENTATION not in Image.open(tmp_path / "out.jpg").getexif()


@pytest.mark.parametrize("extension", [".png", ".jpg", ".webp", ".tif"])
def test_the_colour_profile_stays_where_it_means_the_same(extension, tmp_path):
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    buffer = io.BytesIO()
    photograph().save(buffer, "JPEG", icc_profile=profile)
    back = paste_back(buffer.getvalue(), white(), square((160, 120), 90))
    save_image(back, tmp_path / f"out{extension}")
    assert Image.open(tmp_path / f"out{extension}").info["icc_profile"] == profile
    press = photograph().convert("CMYK")
    press.info["icc_profile"] = profile
    assert "icc_profile" not in paste_back(press, white(), square((160, 120), 90)).info


def test_a_square_beside_the_photograph_changes_nothing_and_the_photograph_itself_never_changes():
    picture = photograph()
    before = picture.tobytes()
    assert paste_back(picture, white(), square((-200, 50), 100)).tobytes() == before
    assert paste_back(picture, white(), square((100, 100), 100)).tobytes() != before == picture.tobytes()


@pytest.mark.parametrize(("edited", "quad", "feather", "message"), [
    (torch.ones(3, 8, 8), square((50, 50), 20), 0.3, r"\[1, 3, R, R\], not \[3, 8, 8\]"),
    (torch.ones(1, 3, 8, 9), square((50, 50), 20), 0.3, r"not \[1, 3, 8, 9\]"),
    (white(), np.zeros((68, 2)), 0.3, r"not \[68, 2\]; find_quad"),
    (white(), square((50, 50), 20), 0.0, "feather"),
    (white(), square((50, 50), 20), 1.5, "feather"),
])  # fmt: skip
def test_what_makes_no_sense(edited, quad, feather, message):
    with pytest.raises(StyleclipError, match=message):
        paste_back(photograph(), edited, quad, feather)
