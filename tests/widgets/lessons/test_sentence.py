"""Editing by a sentence, first without and then with the text box."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.widgets.lessons.sentence import edited, sentence_box, unedited
from styleclip_lib.widgets.toolkit.stage import png


def test_an_edit_starts_from_the_seed_and_follows_the_strength(toy, quick):
    face = edited(toy, 3, " a smiling face ", steps=5)
    assert quick.edits == [("a smiling face", 5, False)]
    assert torch.equal(face.w_plus, toy.sample(3)) and torch.equal(face.before, toy.generator.synthesis(toy.sample(3)))
    assert torch.equal(face.after(0), face.before)
    assert torch.allclose(face.after(1), face.edit.image, atol=1e-6)
    assert not torch.allclose(face.after(0.5), face.after(1))
    assert face.report(0).moved == 0 < face.report(1).moved


def test_an_unedited_face_has_no_report(toy):
    face = unedited(toy, 3)
    assert face.report() is None and torch.equal(face.after(2), face.before)


@pytest.mark.parametrize(("text", "says"), [("  ", "Say what"), ("a tiara", "'tiara'")])
def test_texts_that_cannot_be_followed(toy, quick, text, says):
    with pytest.raises(StyleclipError, match=says):
        edited(toy, 0, text)
    assert quick.edits == []


def test_the_box_edits_when_the_button_is_pressed(toy, quick):
    panel = sentence_box(toy, seed=3, steps=5, size=16, threaded=False)
    assert panel.picture.value == png(unedited(toy, 3).draw(1.0, 16)) and panel.status.value == ""
    panel.controls["text"].value = "a smiling face"
    assert quick.edits == []
    panel.controls["edit"].click()
    assert quick.edits == [("a smiling face", 5, False)] and "moved" in panel.status.value
    assert panel.picture.value == png(edited(toy, 3, "a smiling face").draw(1.0, 16))


def test_the_strength_needs_no_new_edit_and_another_face_forgets_it(toy, quick):
    panel = sentence_box(toy, "a smiling face", seed=3, size=16, threaded=False)
    assert len(quick.edits) == 1  # a text that is given is carried out
    panel.controls["strength"].value = 0.5
    assert panel.picture.value == png(edited(toy, 3, "a smiling face").draw(0.5, 16))
    panel.controls["seed"].value = 8
    assert len(quick.edits) == 2 and panel.status.value == ""
    assert panel.picture.value == png(unedited(toy, 8).draw(0.5, 16))


def test_an_unknown_word_is_named_and_the_button_works_again(toy, quick):
    panel = sentence_box(toy, size=16, threaded=False)
    before = panel.picture.value
    panel.controls["text"].value = "a tiara"
    panel.controls["edit"].click()
    assert "&#x27;tiara&#x27;" in panel.status.value and panel.picture.value == before
    assert panel.controls["edit"].disabled is False


def test_while_an_edit_runs_the_sliders_do_not_push_it_out(toy, quick):
    panel = sentence_box(toy, seed=3, size=16)
    quick.gate.clear()
    panel.controls["text"].value = "a smiling face"
    panel.controls["edit"].click()
    assert panel.controls["edit"].disabled and "Editing" in panel.status.value
    for strength in (0.1, 0.2, 0.3):
        panel.controls["strength"].value = strength
    quick.gate.set()
    panel.worker.wait_idle()
    assert quick.edits and not panel.controls["edit"].disabled
    assert panel.picture.value == png(edited(toy, 3, "a smiling face").draw(0.3, 16))
