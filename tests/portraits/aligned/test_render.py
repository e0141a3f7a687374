"""The aligned world: what every picture must hold to."""

from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.nn.functional import avg_pool2d
from torchvision.transforms.functional import pil_to_tensor

from styleclip_lib.errors import StyleclipError
from styleclip_lib.portraits.aligned.drawing.many import render_many
from styleclip_lib.portraits.aligned.drawing.render import render
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.portraits.aligned.world.factors import NAMES, is_category, sample

SIZE = 48


@pytest.fixture(scope="module")
def people():
    return sample(6, seed=1)


@pytest.fixture(scope="module")
def pictures(people):
    return render(people, SIZE)


def test_pictures_have_the_size_and_the_range(pictures):
    assert pictures.shape == (6, 3, SIZE, SIZE) and pictures.dtype == torch.float32
    assert pictures.isfinite().all() and pictures.min() >= -1 and pictures.max() <= 1
    assert pictures.std() > 0.1


def test_a_portrait_does_not_depend_on_its_batch(people, pictures):
    assert torch.equal(render(people[3], SIZE), pictures[3:4])


def test_too_small_a_picture_is_refused(people):
    with pytest.raises(StyleclipError, match="at least 32 pixels"):
        render(people, 16)


def test_the_same_factors_give_the_same_picture(people, pictures):
    assert torch.equal(render(people, SIZE), pictures)


def test_several_processes_draw_the_same_pictures(people, pictures):
    drawn = render_many(people, SIZE, processes=2, progress=False)
    assert drawn.shape == (6, SIZE, SIZE, 3) and drawn.dtype == torch.uint8
    wanted = (pictures + 1) * 127.5
    assert (drawn.permute(0, 3, 1, 2) - wanted).abs().max() < 1.5
    assert torch.equal(render_many(people[:2], SIZE, processes=0, progress=False), drawn[:2])


def test_edges_are_antialiased(people):
    """A small picture is nearly a large one whose pixels are averaged: nothing is lost between the pixels."""
    bare = people.replace(hair_style="bald", headwear="none", glasses="none", facial_hair="none", makeup="none")
    small, large = render(bare, 64), render(bare, 256)
    averaged = avg_pool2d(large, 4)
    assert (small - averaged).abs().mean() < 0.03
    assert (small - averaged).abs().flatten(1).quantile(0.98, dim=1).max() < 0.35


@pytest.fixture(scope="module")
def plain():
    """Somebody on whom every factor shows, and the picture."""
    someone = sample(1, seed=3).replace(
        hair_style="bob", headwear="none", glasses="glasses", facial_hair="none", makeup="makeup", eyes="open", earrings="earrings",
        expression="smile", age=0.35, freckles=0.9, fringe=0.9, yaw=0.1, pitch=0.0, hair_waves=0.3, hair_length=0.5)
    return someone, render(someone, 64)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "headwear_color"])
def test_every_factor_changes_the_picture(name, plain):
    someone, picture = plain
    value = getattr(someone, name).item()
    if is_category(name):
        other = (value + 1) % len(BY_NAME[name].values)
    else:
        other = 0.1 if value > 0.5 else 0.95
    assert (render(someone.replace(**{name: other}), 64) - picture).abs().max() > 0.02


def test_the_colour_of_headwear_shows(plain):
    hats = [plain[0].replace(headwear="hat", headwear_color=color) for color in (0.1, 0.9)]
    assert (render(hats[0], 64) - render(hats[1], 64)).abs().max() > 0.1


def test_the_world_looks_as_it_did_when_the_networks_learnt_it():
    """Thumbnails of twelve portraits. Who changes the world's looks trains its networks again, and then draws them anew."""
    then = pil_to_tensor(Image.open(Path(__file__).with_name("looks.png"))).float() / 127.5 - 1
    now = torch.cat(list(avg_pool2d(render(sample(12, seed=2026), 128), 8)), 2)
    assert (now - then).abs().mean() < 0.02
