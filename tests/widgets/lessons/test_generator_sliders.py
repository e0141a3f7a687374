"""The sliders themselves, without a browser: what the front end sends is set on the traits."""

from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from styleclip_lib.widgets.lessons.generator import GeneratorState, draw, generator_sliders
from styleclip_lib.widgets.toolkit.stage import png


@pytest.fixture
def panel(toy):
    return generator_sliders(toy, GeneratorState(seed=2, second_seed=5, mixing_layer=3), size=16, threaded=False)


def test_the_first_picture_is_there_at_once_and_has_its_place(toy, panel):
    first = draw(toy, GeneratorState(seed=2, second_seed=5, mixing_layer=3), 16)
    assert panel.picture.value == png(first)
    assert (panel.picture.layout.width, panel.picture.layout.height) == tuple(f"{side}px" for side in first.size)
    assert panel.status.value == ""


@pytest.mark.parametrize(
    ("name", "value"),
    [("seed", 9), ("second_seed", 9), ("psi", 0.2), ("mixing_layer", 1), ("noise_mode", "none")],
)
def test_every_control_changes_the_picture(toy, panel, name, value):
    panel.controls[name].set_state({"index": 2} if name == "noise_mode" else {"value": value})
    state = {"seed": 2, "second_seed": 5, "mixing_layer": 3, name: value}
    assert panel.picture.value == png(draw(toy, GeneratorState(**state), 16))


def test_draw_again_gives_new_noise(panel):
    panel.controls["noise_mode"].value = "random"
    before = panel.picture.value
    panel.controls["again"].click()
    assert panel.picture.value != before


def test_a_dragged_slider_ends_at_the_last_value(toy):
    panel = generator_sliders(toy, size=16)
    for seed in range(40):
        panel.controls["seed"].value = seed
    panel.worker.wait_idle()
    assert panel.picture.value == png(draw(toy, GeneratorState(seed=39), 16))


def test_an_error_goes_into_the_status_line_and_the_next_picture_clears_it(panel, monkeypatch):
    panel._draw, works = lambda: 1 / 0, panel._draw
    panel.controls["seed"].value = 7
    assert "ZeroDivisionError" in panel.status.value and "ZeroDivisionError" in panel.last_error
    panel._draw = works
    panel.controls["seed"].value = 8
    assert panel.status.value == "" and panel.last_error is None


def test_a_notebook_shows_the_controls_and_keeps_a_still_picture(panel):
    bundle = panel._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == panel.box.model_id
    still = Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))
    assert still.size == panel.still.size
