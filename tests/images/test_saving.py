"""Pictures into files."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import PICTURE_EXTENSIONS, load_image, save_image

from .made import picture


@pytest.mark.parametrize("extension", PICTURE_EXTENSIONS)
def test_saved_pictures_come_back(extension, tmp_path):
    ramp = torch.linspace(-1, 1, 16).expand(1, 3, 16, 16)
    path = save_image(ramp, tmp_path / f"a{extension}")
    torch.testing.assert_close(load_image(path), ramp, rtol=0, atol=0.06)
    assert list(tmp_path.iterdir()) == [path]


def test_a_transparent_picture_can_be_saved_as_jpeg(tmp_path):
    path = save_image(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), tmp_path / "a.jpg")
    assert load_image(path).min() > 0.99


def test_an_unknown_extension_a_missing_folder_and_a_folder_are_refused(tmp_path):
    image = torch.zeros(3, 4, 4)
    for name in ("a.xyz", "a", "a.gif"):
        with pytest.raises(StyleclipError, match=r"extensions \.png"):
            save_image(image, tmp_path / name)
    with pytest.raises(StyleclipError, match="does not exist, make it first"):
        save_image(image, tmp_path / "none" / "a.png")
    with pytest.raises(StyleclipError, match="is a folder"):
        save_image(image, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("accident", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_no_other(accident, tmp_path, monkeypatch):
    path = save_image(picture(), tmp_path / "a.png")
    before = path.read_bytes()

    def half(self, target, **settings):
        target.write_bytes(b"half a pict")
        raise accident

    monkeypatch.setattr(Image.Image, "save", half)
    with pytest.raises((StyleclipError, KeyboardInterrupt)):
        save_image(picture(8, 8), path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]
