"""The pad itself, without a browser: what the front end sends is set on the traits."""

from __future__ import annotations

import pytest

from styleclip_lib.widgets.lessons.blend import blend_pad, corners_of_codes, corners_of_seeds, draw
from styleclip_lib.widgets.toolkit.stage import png

SIZE = 64


@pytest.fixture
def corners(toy):
    return corners_of_seeds(toy, [1, 2, 3, 4])


@pytest.fixture
def panel(toy, corners):
    return blend_pad(toy, corners, 0.3, 0.6, size=SIZE, threaded=False)


def widgets(box):
    return [widget for child in box.children for widget in (widgets(child) if hasattr(child, "children") else [child])]


def test_the_first_picture_is_there_at_once_and_has_its_place(toy, corners, panel):
    first = draw(toy, corners, 0.3, 0.6, size=SIZE)
    assert panel.picture.value == png(first)
    assert (panel.picture.layout.width, panel.picture.layout.height) == tuple(f"{side}px" for side in first.size)
    assert panel.status.value.startswith("0.42 · seed 1 + 0.18 · seed 2 + 0.28 · seed 3 + 0.12 · seed 4")


def test_everything_is_shown_once(panel):
    shown = widgets(panel.box)
    assert len(shown) == len(set(shown)) == 6 and {*panel.controls.values(), panel.picture, panel.status} == set(shown)


@pytest.mark.parametrize(("name", "value"), [("x", 1.25), ("y", -0.2), ("space", "z"), ("space", "pixels")])
def test_every_control_changes_the_picture(toy, corners, panel, name, value):
    panel.controls[name].set_state({"index": corners.spaces.index(value)} if name == "space" else {"value": value})
    assert panel.picture.value == png(draw(toy, corners, **{"x": 0.3, "y": 0.6, "size": SIZE, name: value}))


def test_to_the_centre(toy, corners, panel):
    panel.controls["centre"].click()
    assert panel.picture.value == png(draw(toy, corners, 0.5, 0.5, size=SIZE))
    assert panel.status.value.count("0.25") == 4


def test_between_two_faces_only_x_moves(toy):
    panel = blend_pad(toy, corners_of_codes(toy, {"a": toy.sample(1), "b": toy.sample(2)}), 1.0, 0.9, SIZE, threaded=False)
    assert panel.controls["y"].disabled and panel.controls["y"].value == 0.5
    assert panel.controls["space"].options == ("w+", "pixels")
    assert panel.status.value == "1.00 · b"


def test_a_dragged_slider_ends_at_the_last_value(toy, corners):
    panel = blend_pad(toy, corners, size=SIZE)
    for step in range(40):
        panel.controls["x"].value = step / 40
    panel.worker.wait_idle()
    assert panel.picture.value == png(draw(toy, corners, 39 / 40, 0.5, size=SIZE))
