"""Editing by a sentence, first without and then with the text box."""

from __future__ import annotations

import time

import pytest
import torch

from styleclip_lib.editing.face import Face
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Optimization
from styleclip_lib.errors import StyleclipError
from styleclip_lib.widgets.lessons import sentence
from styleclip_lib.widgets.lessons.sentence import edited, sentence_box, unedited
from styleclip_lib.widgets.toolkit.stage import png

SAD = "a sad face"


def test_an_edit_starts_from_the_seed_and_follows_the_strength(world):
    edit = edited(world, 3, f" {SAD} ", steps=3)
    expected = Optimization(steps=3).apply(world, Face.of_seed(world, 3), Prompt.of(world, SAD), progress=False)
    assert torch.equal(edit.at(1.0).image, expected.image) and torch.equal(edit.face.image, Face.of_seed(world, 3).image)
    torch.testing.assert_close(edit.at(0.0).image, edit.face.image, atol=1e-5, rtol=0)
    assert not torch.equal(edit.at(0.5).image, edit.at(1.0).image)
    assert edit.report(1.0).text == SAD and edit.report(1.0).perceptual > edit.report(0.0).perceptual


def test_an_unedited_face_has_no_report(world):
    face = unedited(world, 3)
    assert face.report() is None and torch.equal(face.at(2).image, face.face.image)


def test_what_stands_below_the_two_faces(world, monkeypatch):
    grids = []
    monkeypatch.setattr(sentence, "image_grid", lambda images, labels, **_: grids.append(labels))
    unedited(world, 3).draw()
    edited(world, 3, SAD, steps=1).draw(0.5)
    assert grids == [["seed 3", "(nothing said yet)"], ["seed 3", f"{SAD} (0.5)"]]


@pytest.mark.parametrize(("text", "says"), [("  ", "Say what"), ("a xyzzy", "xyzzy")])
def test_texts_that_cannot_be_followed(world, text, says):
    with pytest.raises(StyleclipError, match=says):
        edited(world, 0, text)


def test_the_box_edits_when_the_button_is_pressed(world):
    panel = sentence_box(world, seed=3, steps=3, size=32, threaded=False)
    assert panel.picture.value == png(unedited(world, 3).draw(1.0, 32)) and panel.status.value == ""
    panel.controls["text"].value = SAD
    assert panel.picture.value == png(unedited(world, 3).draw(1.0, 32))
    panel.controls["edit"].click()
    assert panel.last_error is None and "Same person" in panel.status.value
    assert panel.picture.value == png(edited(world, 3, SAD, 3).draw(1.0, 32))


def test_the_strength_needs_no_new_edit_and_another_face_forgets_it(world):
    panel = sentence_box(world, SAD, seed=3, steps=3, size=32, threaded=False)
    done = edited(world, 3, SAD, 3)
    assert panel.picture.value == png(done.draw(1.0, 32))  # a text that is given is carried out
    panel.controls["strength"].value = 0.5
    assert panel.picture.value == png(done.draw(0.5, 32))
    panel.controls["seed"].value = 8
    assert panel.picture.value == png(unedited(world, 8).draw(0.5, 32)) and panel.status.value == ""


def test_an_unknown_word_is_named_and_the_button_works_again(world):
    panel = sentence_box(world, steps=3, size=32, threaded=False)
    before = panel.picture.value
    panel.controls["text"].value = "a xyzzy"
    panel.controls["edit"].click()
    assert "xyzzy" in panel.status.value and panel.picture.value == before
    assert panel.controls["edit"].disabled is False and panel.progress.box.layout.visibility == "hidden"


def test_while_an_edit_runs_the_sliders_do_not_push_it_out(world):
    panel = sentence_box(world, seed=3, steps=20, size=32)
    panel.controls["text"].value = SAD
    panel.controls["edit"].click()
    assert panel.controls["edit"].disabled
    for strength in (0.1, 0.2, 0.3):
        panel.controls["strength"].value = strength
    panel.worker.wait_idle()
    assert not panel.controls["edit"].disabled
    assert panel.picture.value == png(edited(world, 3, SAD, 20).draw(0.3, 32))


def test_stop_keeps_the_best_so_far_and_the_bar_goes(world):
    panel = sentence_box(world, seed=3, steps=100_000, size=32)
    before = panel.picture.value
    panel.controls["text"].value = SAD
    panel.controls["edit"].click()
    end = time.monotonic() + 60
    while panel.progress.box.layout.visibility == "hidden" and time.monotonic() < end:
        time.sleep(0.01)
    panel.progress.halt.click()
    panel.worker.wait_idle()
    assert panel.last_error is None and "Same person" in panel.status.value and panel.picture.value != before
    assert panel.progress.box.layout.visibility == "hidden" and not panel.controls["edit"].disabled
