"""Playing with mappers, first without and then with the controls."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from styleclip_lib.editing.mapper import LatentMapper
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.mapper import Mapper
from styleclip_lib.widgets.lessons.mapper import MapperState, draw, mapper_sliders
from styleclip_lib.widgets.toolkit.stage import png


def random_mapper(models, levels, text) -> LatentMapper:
    network = Mapper(models.generator.num_ws, models.generator.w_dim, levels)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=300.0)
    return LatentMapper(models, network.requires_grad_(False), {"text": text})


@pytest.fixture(scope="module")
def mappers(tiny):
    torch.manual_seed(0)
    return {"smile": random_mapper(tiny, ["coarse", "medium"], "a smiling face"), "any": random_mapper(tiny, ["all"], "")}


def picture(tiny, mappers, **state):
    return draw(tiny, mappers, MapperState(**{"name": "smile", "seed": 2, **state}), 16)


def test_strength_and_levels_change_the_right_half(tiny, mappers):
    shown = {str(state): png(picture(tiny, mappers, **state)[0].crop((16, 0, 40, 16))) for state in (
        {}, {"strength": 0.5}, {"coarse": False}, {"medium": False}, {"seed": 3}, {"name": "any"})}
    assert len(set(shown.values())) == len(shown)


def test_a_level_that_the_mapper_has_not_changes_nothing(tiny, mappers):
    assert png(picture(tiny, mappers, fine=False)[0]) == png(picture(tiny, mappers)[0])


def test_what_is_measured(tiny, mappers):
    assert picture(tiny, mappers)[1].startswith("Asked for: ")
    assert picture(tiny, mappers, name="any")[1] == "", "an official mapper need not say its text"
    assert draw(dataclasses.replace(tiny, attributes=None), mappers, MapperState("smile"), 16)[1] == ""


def test_an_unknown_mapper(tiny, mappers):
    with pytest.raises(StyleclipError, match="no mapper 'frown' here, only smile, any"):
        picture(tiny, mappers, name="frown")


@pytest.fixture
def panel(tiny, mappers):
    return mapper_sliders(tiny, mappers, MapperState("smile", seed=2), size=16, threaded=False)


def test_the_first_picture_is_there_at_once(tiny, mappers, panel):
    first, message = picture(tiny, mappers)
    assert panel.picture.value == png(first)
    assert panel.last_error is None and message.split(".")[0] in panel.status.value.replace("&gt;", ">")


@pytest.mark.parametrize(
    ("name", "value"), [("seed", 9), ("strength", -0.5), ("coarse", False), ("medium", False), ("name", "any")]
)
def test_every_control_changes_the_picture(tiny, mappers, panel, name, value):
    panel.controls[name].value = value
    assert panel.picture.value == png(picture(tiny, mappers, **{name: value})[0])


def test_a_dragged_slider_ends_at_the_last_value(tiny, mappers):
    panel = mapper_sliders(tiny, mappers, MapperState("smile", seed=2), size=16)
    for tenth in range(11):
        panel.controls["strength"].value = tenth / 10
    panel.worker.wait_idle()
    assert panel.picture.value == png(picture(tiny, mappers)[0])


def test_nothing_to_play_with(tiny):
    with pytest.raises(StyleclipError, match="train_mapper"):
        mapper_sliders(tiny, {})
