"""Every kind of file a user has, and every way in which one is broken."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin, TiffImagePlugin, TiffTags

from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import from_pil, load_image, modes, open_picture, open_upright, opening, save_image, to_pil

from .bombs import directory
from .made import encoded, picture, postscript

# --- reading ---------------------------------------------------------------------------------------------------


def test_shape_type_range_and_order_of_channels():
    image = load_image(Image.fromarray(np.array([[[255, 0, 51]]], dtype=np.uint8)))
    assert image.shape == (1, 3, 1, 1) and image.dtype == torch.float32
    torch.testing.assert_close(image.flatten(), torch.tensor([1.0, -1.0, -0.6]))


def test_path_string_bytes_open_file_and_pil_give_the_same(tmp_path):
    path = tmp_path / "a.png"
    picture().save(path)
    expected = load_image(picture())
    assert expected.shape == (1, 3, 4, 6)
    with path.open("rb") as file:
        for source in (path, str(path), path.read_bytes(), bytearray(path.read_bytes()), file):
            torch.testing.assert_close(load_image(source), expected, rtol=0, atol=0)


def test_to_pil_undoes_from_pil_and_clips():
    assert to_pil(from_pil(picture())).tobytes() == picture().tobytes()
    assert to_pil(torch.full((3, 1, 1), 7.0)).getpixel((0, 0)) == (255, 255, 255)
    assert to_pil(torch.zeros(1, 3, 2, 2, dtype=torch.bfloat16, requires_grad=True)).size == (2, 2)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_a_picture_of_a_broken_network_is_none(value):
    image = torch.zeros(1, 3, 2, 2)
    image[0, 1, 1, 0] = float(value)
    with pytest.raises(StyleclipError, match="The picture comes out infinite or undefined"):
        to_pil(image)


def test_to_pil_refuses_a_batch():
    with pytest.raises(StyleclipError, match="image_grid"):
        to_pil(torch.zeros(2, 3, 4, 4))


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_orientation_of_the_camera_is_applied(turn):
    upright = picture()
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # orientation -> the transpose that a camera would have done
    stored = upright.transpose(Image.Transpose(undo[turn])) if turn > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = turn
    assert to_pil(load_image(encoded(stored, exif=exif))).tobytes() == upright.tobytes()


@pytest.mark.filterwarnings("error")
def test_damaged_exif_counts_as_none():
    assert load_image(encoded(picture(), exif=b"Exif\x00\x00II*\x00\xff\xff\xff\xff")).shape == (1, 3, 4, 6)


def test_a_tiff_and_an_old_png_of_imagemagick_are_turned_too():
    exif = Image.Exif()
    exif[0x0112] = 6
    assert open_picture(encoded(picture(), "TIFF", exif=exif)).size == (4, 6)
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Raw profile type exif", f"\nexif\n{len(exif.tobytes()):8}\n{exif.tobytes().hex()}\n")
    assert open_picture(encoded(picture(), "PNG", pnginfo=notes)).size == (4, 6)


def test_an_upright_picture_is_not_copied():
    image = picture()
    assert open_upright(image) is image


def test_a_photograph_above_the_limit_is_read_at_half_its_size(monkeypatch):
    monkeypatch.setattr(opening, "MAX_MEGAPIXELS", 0.01)
    large = encoded(Image.linear_gradient("L").resize((150, 200)).convert("RGB"), "JPEG")
    shown = open_picture(large)
    assert shown.size == (75, 100) and shown.info["halved"]
    assert shown.getpixel((30, 5))[0] < 30 and shown.getpixel((30, 95))[0] > 225
    assert load_image(large).shape == (1, 3, 100, 75)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)  # where Pillow warns, and above the double refuses
    assert open_picture(large).size == (75, 100)
    for other in (encoded(Image.new("L", (150, 200)), "JPEG", progressive=True), encoded(Image.new("L", (300, 200)), "JPEG")):
        assert "too large" in sentence(other)


def test_transparency_lies_on_white():
    image = Image.new("RGBA", (1, 1), (0, 0, 0, 0))
    assert load_image(encoded(image)).flatten().tolist() == [1, 1, 1]
    half = load_image(Image.new("LA", (1, 1), (0, 51)))
    torch.testing.assert_close(half.flatten(), torch.full((3,), 0.6))


def test_a_transparent_colour_of_a_palette_lies_on_white():
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    shown = load_image(encoded(image, "GIF", transparency=1))
    assert shown[0, :, 0, 0].tolist() == [1, -1, -1] and shown[0, :, 0, 1].tolist() == [1, 1, 1]


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "YCbCr", "HSV", "P"])
def test_other_modes_become_rgb(mode):
    shown = load_image(picture().convert("L").convert("RGB").convert(mode))
    assert shown.shape == (1, 3, 4, 6)
    assert -1 <= shown.min() < shown.max() <= 1


def test_cmyk_jpeg():
    red = Image.new("RGB", (16, 16), "red").convert("CMYK")
    shown = load_image(encoded(red, "JPEG"))[0, :, 8, 8]
    assert shown[0] > 0.9 and shown[1] < -0.9


def test_sixteen_bit_grey_keeps_its_brightness():
    ramp = np.array([[0, 0x8080, 0xFFFF]], dtype=np.uint16)
    shown = load_image(encoded(Image.fromarray(ramp)))[0, 0, 0]
    torch.testing.assert_close(shown, torch.tensor([-1.0, 2 * 128 / 255 - 1, 1.0]))
    torch.testing.assert_close(load_image(Image.fromarray(ramp.astype(np.int32)))[0, 0, 0], shown)


def test_float_grey_is_taken_as_zero_to_one():
    shown = load_image(Image.fromarray(np.array([[0.0, 1.0, 3.0]], dtype=np.float32)))
    assert shown[0, 0, 0].tolist() == [-1, 1, 1]


# --- what cannot be read ---------------------------------------------------------------------------------------


def sentence(source) -> str:
    with pytest.raises(StyleclipError) as caught:
        load_image(source)
    text = str(caught.value)
    assert "\n" not in text and text.endswith(".")
    return text


def test_missing_file_folder_address_and_no_source_at_all(tmp_path):
    assert "There is no file" in sentence(tmp_path / "none.png")
    assert "is a folder" in sentence(tmp_path)
    assert "download" in sentence("https://example.org/a.png")
    assert "int" in sentence(5)
    assert "Cannot open" in sentence("a\0b.png")


def test_a_file_without_permission(tmp_path):
    path = tmp_path / "a.png"
    picture().save(path)
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Cannot open" in sentence(path)


@pytest.mark.parametrize("content", [b"", b"hello", b"<!DOCTYPE html><html>", b"\x89PNG\r\n\x1a\n", b"GIF89a\x01"])
def test_not_a_picture(content, tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(content)
    assert "not a picture" in sentence(path) or "damaged" in sentence(path)
    assert str(path) in sentence(path)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.9])
def test_cut_off(kind, share):
    rng = np.random.default_rng(0)
    whole = encoded(Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)), kind)
    text = sentence(whole[: int(len(whole) * share)])
    assert "damaged or cut off" in text or "not a picture" in text


def test_flipped_bytes_never_end_in_another_error():
    rng = np.random.default_rng(1)
    whole = np.frombuffer(encoded(picture(32, 32)), dtype=np.uint8)
    for _ in range(200):
        broken = whole.copy()
        broken[rng.integers(8, len(broken), 3)] = rng.integers(0, 255, 3)
        try:
            load_image(broken.tobytes())
        except StyleclipError as error:
            assert "\n" not in str(error)


@pytest.mark.slow
def test_enormous_pictures_are_refused_before_they_are_decoded(monkeypatch):
    large = encoded(Image.new("1", (9000, 8000)))
    assert len(large) < 100_000
    assert "9000 x 8000" in sentence(large)
    assert "1 x 60000000" in sentence(encoded(Image.new("1", (1, 60_000_000))))
    monkeypatch.setattr(opening, "HEAVY_MEGAPIXELS", 0.01)
    assert "smaller than 0.01 megapixels" in sentence(encoded(Image.new("RGB", (150, 90)), "WEBP"))
    assert "smaller than 0.01 megapixels" in sentence(encoded(Image.new("CMYK", (150, 90)), "JPEG", progressive=True))
    assert load_image(encoded(Image.new("RGB", (150, 90)), "JPEG", progressive=True)).shape == (1, 3, 90, 150)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert "too large" in sentence(large)
    monkeypatch.setattr(opening, "MAX_BYTES", 50)
    assert "more than 0 MB" in sentence(encoded(picture()))


# --- what is none of the formats, whatever it is called --------------------------------------------------------


@pytest.mark.parametrize("lead", [b"", b"\n\n", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.eps", "a"])
def test_postscript_is_named_and_never_run(name, lead, tmp_path, monkeypatch):
    from PIL import EpsImagePlugin

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *arguments: pytest.fail("Ghostscript was called"))
    (tmp_path / name).write_bytes(lead + postscript(tmp_path / "canary"))
    for source in (tmp_path / name, lead + postscript(tmp_path / "canary")):
        assert "PostScript" in sentence(source)
    assert not (tmp_path / "canary").exists()


@pytest.mark.parametrize("kind", ["EPS", "PDF", "ICO", "PCX", "PPM", "TGA", "SGI", "XBM", "DDS", "JPEG2000", "ICNS", "SPIDER"])
def test_other_formats_are_refused(kind):
    mode = {"XBM": "1", "SPIDER": "F"}.get(kind, "RGB")
    assert "not a picture" in sentence(encoded(Image.new(mode, (64, 64)), kind))


@pytest.mark.parametrize(("start", "named"), [
    (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"), (b"\0\0\0\x18ftypavif\0\0\0\0", "AVIF"), (b"%PDF-1.7\n", "PDF"),
    (b"8BPS\0\1", "Photoshop"), (b"<svg xmlns='http://www.w3.org/2000/svg'/>", None), (b"GIF89a", None)])  # fmt: skip
def test_formats_that_people_bring_are_named(start, named, tmp_path):
    path = tmp_path / "IMG_0001.jpg"
    path.write_bytes(start + bytes(100))
    assert (named or "picture") in sentence(path) and "IMG_0001.jpg" in sentence(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
@pytest.mark.parametrize("through_a_link", [False, True])
def test_a_pipe_and_a_device_are_refused_at_once(through_a_link, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for target in (tmp_path / "pipe.png", "/dev/zero"):
        path = tmp_path / f"link to {os.path.basename(target)}" if through_a_link else target
        if through_a_link:
            path.symlink_to(target)
        assert "a pipe or a device" in sentence(path)


@pytest.mark.parametrize("compression", ["tiff_lzw", "tiff_adobe_deflate"])
def test_a_broken_tiff_says_nothing_beside_the_sentence(compression, capfd):
    rng = np.random.default_rng(0)
    whole = bytearray(encoded(Image.fromarray(rng.integers(0, 255, (64, 64, 3), dtype=np.uint8)), "TIFF", compression=compression))
    whole[200:5000] = bytes(4800)
    assert "damaged" in sentence(bytes(whole)) or "not a picture" in sentence(bytes(whole))
    shown = capfd.readouterr()
    assert shown.out == shown.err == ""


def test_what_pillow_logs_of_a_broken_file_is_not_printed():
    """In a process of its own, in which nobody has asked for logs."""
    tags = [(256, 4, 1, 4), (257, 4, 1, 4), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (277, 3, 1, 2048)]
    code = "import sys; from styleclip_lib.images import load_image; load_image(sys.stdin.buffer.read())"
    done = subprocess.run([sys.executable, "-c", code], input=directory(tags), capture_output=True, check=False,
                          env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})  # fmt: skip
    assert b"StyleclipError" in done.stderr and not done.stderr.startswith(b"More samples")


def test_a_colour_profile_that_is_none_is_left_out(tmp_path):
    broken = picture()
    broken.info["icc_profile"] = "a text"
    assert "icc_profile" not in open_picture(broken).info
    tiff = TiffImagePlugin.ImageFileDirectory_v2()
    tiff[34675] = 7
    tiff.tagtype[34675] = TiffTags.LONG
    seen = open_picture(encoded(picture(), "TIFF", tiffinfo=tiff))
    save_image(seen, tmp_path / "a.jpg")
    assert load_image(tmp_path / "a.jpg").shape == (1, 3, 4, 6)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "I;16", "F"])
def test_strips_make_the_same_picture_as_all_at_once(mode, monkeypatch):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 255, (37, 23, 4), dtype=np.uint8)
    if mode == "I;16":
        shown = Image.fromarray(rng.integers(0, 65535, (37, 23), dtype=np.uint16))
    elif mode == "F":
        shown = Image.fromarray(rng.random((37, 23), dtype=np.float32))
    else:
        shown = Image.fromarray(values) if mode == "RGBA" else Image.fromarray(values).convert("RGB").convert(mode)
    whole = load_image(shown)
    monkeypatch.setattr(modes, "STRIP", 50)
    torch.testing.assert_close(load_image(shown), whole, rtol=0, atol=0)
