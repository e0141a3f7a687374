"""Inversion with sliders, first what is drawn, then the sliders."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib.inversion.invert import psnr
from styleclip_lib.widgets.lessons.inversion import (
    WORN,
    InversionState,
    coverage_to_face_size,
    found,
    inversion_sliders,
    target,
    yaw_of_degrees,
)
from styleclip_lib.widgets.toolkit.stage import png

SIZE = 16


def test_every_part_of_the_state_changes_the_picture():
    plain = target(InversionState(), 32)
    others = [{"person": 1}, {"coverage": 0.8}, {"yaw": 30.0}, *({"worn": worn} for worn in WORN if worn != "nothing")]
    assert plain.shape == (1, 3, 32, 32)
    for other in others:
        assert not torch.equal(target(InversionState(**other), 32), plain), other
    assert yaw_of_degrees(32) == pytest.approx(1, abs=0.01) and yaw_of_degrees(-16) == pytest.approx(-0.5, abs=0.01)
    assert coverage_to_face_size(0.49) == 0 and coverage_to_face_size(0.64) == pytest.approx(1)


def test_steps_come_nearer(tiny):
    start, end = (found(tiny, InversionState(person=3), steps) for steps in (0, 20))
    assert torch.equal(start.target, end.target) and torch.equal(start.target, target(InversionState(person=3), 32))
    assert psnr(end.image, end.target) > psnr(start.image, start.target)
    assert str(start) == f"PSNR {psnr(start.image, start.target):.1f} dB"
    sheet = start.draw(SIZE)
    assert sheet.width == 3 * SIZE + 4 and sheet.height > SIZE


def test_the_difference_is_black_where_nothing_differs(tiny):
    one = found(tiny, InversionState())
    one.image = one.target
    assert max(one.draw(SIZE).crop((2 * SIZE + 4, 0, 3 * SIZE + 4, SIZE)).tobytes()) == 0


@pytest.fixture
def panel(tiny):
    return inversion_sliders(tiny, InversionState(person=2), steps=3, size=SIZE, threaded=False)


@pytest.mark.parametrize(("name", "value"), [("person", 5), ("coverage", 0.4), ("yaw", -20.0), ("worn", "hat"), ("space", "w")])
def test_every_slider_shows_another_picture_and_guess_at_once(tiny, panel, name, value):
    panel.controls[name].value = value
    shown = found(tiny, InversionState(**{"person": 2, name: value}))
    assert panel.picture.value == png(shown.draw(SIZE)) and str(shown) in panel.status.value


def test_the_button_takes_the_steps(tiny, panel):
    panel.controls["steps"].value = 4
    assert panel.picture.value == png(found(tiny, InversionState(person=2)).draw(SIZE))
    panel.controls["invert"].click()
    end = found(tiny, InversionState(person=2), 4)
    assert panel.picture.value == png(end.draw(SIZE))
    assert str(end) in panel.status.value and "encoder" in panel.status.value and not panel.controls["invert"].disabled


def test_the_button_works_again_after_an_error(panel, monkeypatch):
    monkeypatch.setattr("styleclip_lib.widgets.lessons.inversion.found", lambda *_: 1 / 0)
    panel.controls["invert"].click()
    assert "ZeroDivisionError" in panel.status.value and not panel.controls["invert"].disabled


def test_a_notebook_keeps_a_still_picture(panel):
    assert "image/png" in panel._repr_mimebundle_()
