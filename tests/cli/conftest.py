"""The real command line on the tiny domain, in which every method takes a moment."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from styleclip_lib import Models, invert, load_image, load_models
from styleclip_lib.cli.main import main
from styleclip_lib.descent import Descent
from styleclip_lib.inversion.invert import preset_for

STEPS = 2
"""Of every inversion: it only has to run."""


@pytest.fixture(scope="session")
def models(tiny_domain) -> Models:
    """The domain that the commands are asked to use, for comparison."""
    return load_models(tiny_domain, device="cpu")


@pytest.fixture
def styleclip(tiny_domain) -> Callable[..., int]:
    """Runs a command of the command line in the tiny domain and returns its exit code."""
    return lambda command, *words: main([command, *map(str, words), "--domain", str(tiny_domain)])


@pytest.fixture
def edit(styleclip) -> Callable[..., int]:
    """``styleclip edit`` in few steps, unless told otherwise."""
    return lambda source, out, *words: styleclip("edit", source, out, "--inversion-steps", STEPS,
                                                 *(() if {"--method", "--recipe"} & set(words) else ("--steps", 3)), *words)


@pytest.fixture
def portrait(models, tmp_path) -> Path:
    """A picture of exactly the generator's size, in which no detector finds a face."""
    path = tmp_path / "portrait.png"
    assert main(["sample", str(path), "--seed", "3", "--domain", str(models.folder)]) == 0
    return path


@pytest.fixture
def inverted(models, portrait):
    """What every edit of the portrait starts from."""
    return invert(models, load_image(portrait), preset=preset_for(models), steps=STEPS, progress=False)


@pytest.fixture(scope="session")
def astronaut() -> Image.Image:
    """A photograph of a woman, cropped to her head and shoulders."""
    data = pytest.importorskip("skimage.data", reason="the photograph comes with scikit-image")
    return Image.fromarray(data.astronaut()).crop((110, 10, 340, 240))


@pytest.fixture
def photograph(astronaut, tmp_path) -> Path:
    path = tmp_path / "photograph.png"
    astronaut.save(path)
    return path


@pytest.fixture
def two_faces(astronaut, tmp_path) -> Path:
    """A photograph with her face twice, the right one larger."""
    both = Image.new("RGB", (700, 330), (150, 150, 150))
    both.paste(astronaut, (20, 50))
    both.paste(astronaut.resize((300, 300)), (350, 15))
    both.save(tmp_path / "two.png")
    return tmp_path / "two.png"


@pytest.fixture
def ctrl_c_while(monkeypatch) -> Callable[[str], None]:
    """Presses Ctrl-C in the second step of the search whose progress bar has this name."""
    follow = Descent.follow

    def press(name: str) -> None:
        def followed(descent, *arguments):
            if descent.bar.desc == name and descent.taken == 1:
                raise KeyboardInterrupt
            follow(descent, *arguments)

        monkeypatch.setattr(Descent, "follow", followed)

    return press


def assert_drawn(path: Path, image: torch.Tensor, shades: int = 0) -> None:
    """The file shows the picture [1, 3, R, R] in [-1, 1], up to so many of 255 shades."""
    shown, expected = load_image(path), image.clamp(-1, 1)
    assert shown.shape == expected.shape
    assert float((shown - expected).abs().max()) <= (0.51 + shades) / 127.5
