"""Portraits on disk: rendered once, the right ones, and enough of them."""

import numpy as np
import pytest
import torch

from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import IDENTITY, sample
from styleclip_lib.portraits.world.latents import factors_of_latents
from styleclip_lib.training import data
from styleclip_lib.training.data import DataSettings, Portraits, drawn, to_float, uniform
from styleclip_lib.training.worlds import ALIGNED, FREE, skewed_world

pytestmark = pytest.mark.slow


@pytest.fixture
def rendered(monkeypatch):
    """Files of four portraits; returns how many portraits are drawn for each file, as they are drawn."""
    counts = []
    draw = data.drawn

    def noted(world, factors, *settings):
        counts.append(len(factors))
        return draw(world, factors, *settings)

    monkeypatch.setattr(data, "drawn", noted)
    monkeypatch.setattr(data, "CHUNK", 4)
    return counts


def portraits(folder, **settings):
    return Portraits(DataSettings(folder, **{"count": 6, "size": 16, **settings}), processes=0, progress=False)


def test_the_pictures_are_those_of_the_factors(tmp_path, rendered):
    some = portraits(tmp_path, seed=3)
    assert len(some) == 6 and len(rendered) == 2
    index = torch.tensor([5, 0, 4, 4])
    images = some.images(index)
    assert images.shape == (4, 3, 16, 16) and images.dtype == torch.uint8
    wanted = render(some.factors[index], 16)
    torch.testing.assert_close(to_float(images), wanted, rtol=0, atol=0.6 / 127.5)
    people = sample(6, seed=3)
    assert torch.equal(some.factors.yaw, people.yaw) and torch.equal(some.factors.hair_style, people.hair_style)


def test_the_latents_are_those_of_the_portraits(tmp_path, rendered):
    some = portraits(tmp_path)
    back = factors_of_latents(some.latents)
    assert torch.equal(back.clothes, some.factors.clothes)
    torch.testing.assert_close(back.yaw, some.factors.yaw, rtol=0, atol=0.03)


def test_pictures_are_rendered_once(tmp_path, rendered):
    first = portraits(tmp_path).images(torch.arange(6))
    assert len(rendered) == 2
    assert torch.equal(portraits(tmp_path).images(torch.arange(6)), first)
    assert len(rendered) == 2


def test_rendering_goes_on_where_it_stopped(tmp_path, rendered):
    first = portraits(tmp_path).images(torch.arange(6))
    sorted(tmp_path.glob("*.npy"))[0].unlink()
    assert torch.equal(portraits(tmp_path).images(torch.arange(6)), first)
    assert len(rendered) == 3


def test_more_portraits_than_last_time(tmp_path, rendered):
    """A file that an earlier, smaller set left half full is filled."""
    few = portraits(tmp_path, count=6).images(torch.arange(6))
    assert len(np.load(sorted(tmp_path.glob("*.npy"))[1])) == 2
    more = portraits(tmp_path, count=8)
    assert torch.equal(more.images(torch.arange(6)), few)
    assert more.images(torch.tensor([7])).shape == (1, 3, 16, 16)
    fewer = portraits(tmp_path, count=5)
    assert torch.equal(fewer.images(torch.arange(5)), few[:5])
    assert len(rendered) == 3


def test_sizes_and_seeds_have_files_of_their_own(tmp_path, rendered):
    portraits(tmp_path, count=2)
    portraits(tmp_path, count=2, size=24)
    portraits(tmp_path, count=2, seed=1)
    portraits(tmp_path, count=2, pictures_each=2)
    assert len(list(tmp_path.glob("*.npy"))) == len(rendered) == 4


def test_several_pictures_of_a_person(tmp_path, rendered):
    some = portraits(tmp_path, count=6, pictures_each=3)
    assert some.person.tolist() == [0, 0, 0, 1, 1, 1]
    for name, value in some.factors.items():
        same = value[0] == value[1] and value[1] == value[2] and value[3] == value[4] and value[4] == value[5]
        if name in IDENTITY:
            assert same, name
    assert some.factors.yaw.unique().numel() == 6 and some.factors.background_shade.unique().numel() == 6
    assert some.factors.jaw.unique().numel() == 2


def test_other_processes_render_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "LOT", 2)
    people = sample(5, seed=0)
    assert torch.equal(drawn(FREE, people, 16, processes=2), drawn(FREE, people, 16, processes=0))


def test_pictures_can_wait(tmp_path, rendered):
    some = Portraits(DataSettings(tmp_path, count=10, size=16), processes=0, progress=False, wait=True)
    assert some.rendered == 0 and rendered == []
    some.render_up_to(5)
    assert some.rendered == 8 and rendered == [4, 4], "whole files"
    some.render_up_to(100)
    assert some.rendered == 10 and rendered == [4, 4, 2]
    assert torch.equal(some.images(torch.arange(10)), portraits(tmp_path, count=10).images(torch.arange(10)))


def test_worlds_have_files_of_their_own(tmp_path, rendered):
    free, aligned = (Portraits(DataSettings(tmp_path, count=1, size=32), processes=0, progress=False, world=w) for w in (FREE, ALIGNED))
    assert len(rendered) == 2
    assert not hasattr(aligned.factors, "face_size") and hasattr(free.factors, "face_size")
    wanted = ((ALIGNED.render(aligned.factors, 32) + 1) * 127.5).round().byte()
    assert torch.equal(aligned.images(torch.arange(1)), wanted)


def test_a_skewed_population_has_pictures_and_latents_of_its_own(tmp_path, rendered):
    world = skewed_world({"skin_tone": {"light": 1.0}}, "light")
    light = Portraits(DataSettings(tmp_path, count=3, size=32), processes=0, progress=False, world=world)
    assert (light.factors.skin_tone <= 0.33).all() and [path.name.split("-")[0] for path in tmp_path.iterdir()] == ["light"]
    again = world.factors_of_latents(light.latents)
    assert torch.equal(again.hair_style, light.factors.hair_style) and (again.skin_tone - light.factors.skin_tone).abs().max() < 0.01


def test_uniform_numbers_of_fewer_are_the_first_of_more():
    assert torch.equal(uniform(20, 1)[:7], uniform(7, 1))
    assert not torch.equal(uniform(7, 2), uniform(7, 1))


def test_to_float():
    images = torch.tensor([0, 127, 128, 255], dtype=torch.uint8).view(1, 1, 2, 2).expand(1, 3, 2, 2)
    floats = to_float(images)
    assert floats.dtype == torch.float32 and floats.is_contiguous(memory_format=torch.channels_last)
    assert floats[0, 0].flatten().tolist() == pytest.approx([-1, -1 / 255, 1 / 255, 1], abs=1e-6)
