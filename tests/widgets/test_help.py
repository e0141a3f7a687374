"""Every control of every widget has a label in words, or a place that says what it is, and a sentence of help."""

from __future__ import annotations

import pytest

from styleclip_lib.editing.alignment import LatentAlignment
from styleclip_lib.editing.mapper import LatentMapper
from styleclip_lib.networks.fast_style import FastStyle
from styleclip_lib.stylization.fast import FastTransfer
from styleclip_lib.widgets.lessons.alignment import alignment_sliders
from styleclip_lib.widgets.lessons.blend import blend_pad, corners_of_seeds
from styleclip_lib.widgets.lessons.directions import directions_sliders
from styleclip_lib.widgets.lessons.generator import generator_sliders
from styleclip_lib.widgets.lessons.inversion import inversion_sliders
from styleclip_lib.widgets.lessons.mapper import mapper_sliders
from styleclip_lib.widgets.lessons.sentence import sentence_box
from styleclip_lib.widgets.lessons.stylization import style_sliders
from styleclip_lib.widgets.studio.studio import Studio

CONTROLS = ("FloatSlider", "IntSlider", "IntRangeSlider", "BoundedFloatText", "BoundedIntText", "Button", "Text", "Textarea", "Dropdown",
            "Select", "ToggleButton", "ToggleButtons", "Checkbox", "FileUpload")
WIDGETS = {
    "lessons 00 and 04": lambda models, directions: sentence_box(models, threaded=False),
    "lesson 01": lambda models, directions: generator_sliders(models, threaded=False),
    "lesson 02": lambda models, directions: inversion_sliders(models, threaded=False),
    "lesson 03": lambda models, directions: blend_pad(models, corners_of_seeds(models, [1, 2, 3]), threaded=False),
    "lesson 05": lambda models, directions: mapper_sliders(models, {"smile": LatentMapper.load(models, "smile")}, threaded=False),
    "lesson 06": lambda models, directions: directions_sliders(directions, threaded=False),
    "lesson 09": lambda models, directions: style_sliders(models, {"mosaic": FastTransfer(models, FastStyle(4, 1), {"text": "a mosaic"})},
                                                         threaded=False),
    "lesson 10": lambda models, directions: alignment_sliders(LatentAlignment.compute(models, faces=8, progress=False), threaded=False),
}


@pytest.mark.parametrize("lesson", WIDGETS)
def test_of_a_lesson(lesson, world, directions):
    controls = list(inside(WIDGETS[lesson](world, directions).box))
    assert len(controls) >= 4 and without_help(controls) == []


def test_of_the_studio(world, tmp_path):
    studio = Studio(world, folder=tmp_path, threaded=False)
    boxes = [studio.box, *(tab.box for tab in studio.tabs.values()), *(page.box for page in studio.tabs["Method"].pages.values())]
    controls = [one for box in boxes for one in inside(box) if one.layout.display != "none"]  # a thumbnail that shows nothing has no words
    assert {type(one).__name__ for one in controls} == set(CONTROLS) and without_help(controls) == []


def inside(widget):
    """Everything inside a widget that a person can use."""
    for child in getattr(widget, "children", ()):
        yield from inside(child)
    if type(widget).__name__ in CONTROLS:
        yield widget


def without_help(controls) -> list[str]:
    return [f"{type(one).__name__} {one.description}" for one in controls if len(help_of(one)) < 5]


def help_of(widget) -> str:
    if hasattr(widget, "tooltips"):
        return "".join(widget.tooltips)
    return getattr(widget, "tooltip", None) or getattr(widget, "description_tooltip", None) or ""
