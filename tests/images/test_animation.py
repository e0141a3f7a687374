"""Pictures one after the other."""

from __future__ import annotations

import pytest
import torch
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import from_pil, save_animation

from .made import picture


def frames_of(frames: int = 5, side: int = 32) -> torch.Tensor:
    """A white square that moves to the right."""
    shown = torch.full((frames, 3, side, side), -1.0)
    for index in range(frames):
        shown[index, :, 8:16, 4 * index : 4 * index + 8] = 1
    return shown


@pytest.mark.parametrize("extension", [".gif", ".png", ".webp"])
def test_looping_animations(extension, tmp_path):
    path = save_animation(frames_of(), tmp_path / f"a{extension}", fps=10)
    with Image.open(path) as image:
        assert image.n_frames == 5 and image.info["loop"] == 0
        image.seek(4)
        image.load()
        assert image.info["duration"] == 100
        last = from_pil(image.convert("RGB"))
    assert (last - frames_of()[4:]).abs().mean() < 0.05
    assert list(tmp_path.iterdir()) == [path]


def test_mp4(tmp_path):
    import imageio.v3 as imageio

    path = save_animation(frames_of(side=33), tmp_path / "a.mp4", fps=10)
    frames = imageio.imread(path, plugin="FFMPEG")
    assert frames.shape == (5, 32, 32, 3)
    assert list(tmp_path.iterdir()) == [path]


def test_animation_mistakes(tmp_path):
    with pytest.raises(StyleclipError, match=r"\.gif, \.png, \.webp, \.mp4"):
        save_animation(frames_of(), tmp_path / "a.avi")
    with pytest.raises(StyleclipError, match="no frame"):
        save_animation([], tmp_path / "a.gif")
    with pytest.raises(StyleclipError, match="one size"):
        save_animation([picture(), picture(8, 8)], tmp_path / "a.gif")
    with pytest.raises(StyleclipError, match="between 1 and 50"):
        save_animation(frames_of(), tmp_path / "a.gif", fps=0)
    assert list(tmp_path.iterdir()) == []
