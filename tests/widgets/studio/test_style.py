"""The studio's tab for styles: restyle, stop, save, code."""

from __future__ import annotations

import json

import pytest
import torch

from styleclip_lib.images import load_image
from styleclip_lib.stylization.recipe import StyleRecipe
from styleclip_lib.widgets.studio.studio import Studio
from styleclip_lib.widgets.studio.style import OWN


@pytest.fixture
def studio(world, tmp_path):
    return Studio(world, folder=tmp_path, threaded=False)


@pytest.fixture
def tab(studio):
    tab = studio.tabs["Style"]
    tab.form.set(StyleRecipe(steps=2, patches=2))
    return tab


def said(studio) -> str:
    return studio.session.stage.status.value


def test_the_picture_is_restyled_and_the_face_stays(studio, tab):
    scene, before = studio.session.scene, studio.session.stage.picture.value
    tab.style.value = "a mosaic"
    tab.apply.click()
    assert "a mosaic, in 2 steps" in said(studio) and studio.session.stage.picture.value != before
    assert studio.session.scene == scene and len(studio.session.history.scenes) == 1
    assert tab.result.image.shape == studio.session.shot.after.shape and studio.session.progress.box.layout.visibility == "hidden"


def test_the_code_makes_the_same_picture(studio, tab):
    assert tab.code.layout.display == "none"
    tab.apply.click()
    space: dict = {}
    assert tab.code.layout.display == "flex"
    exec(tab.code.value, space)
    assert torch.equal(space["image"], tab.result.image)


def test_it_can_be_saved_once_it_is_shown(studio, tab):
    seen = []
    tab.save_it.observe(lambda _: seen.append((studio.session.stage.picture.value, said(studio))), names="disabled")
    tab.apply.click()
    assert seen == [(studio.session.stage.picture.value, said(studio))]


def test_picture_and_settings_are_saved(studio, tab, tmp_path):
    assert tab.save_it.disabled
    tab.apply.click()
    tab.save_it.click()
    assert "Saved my_style.png and my_style.json." in said(studio)
    content = json.loads((tmp_path / "my_style.json").read_text())
    assert StyleRecipe.from_dict(content["style"]) == tab.result.recipe and content["text"] == tab.result.text
    assert (load_image(tmp_path / "my_style.png") - tab.result.image).abs().max() < 1 / 127


def test_presets_and_texts(tab):
    tab.preset.value = "paper"
    assert tab.form.value == StyleRecipe.PAPER
    tab.style.value = "a mosaic"
    assert tab.text.value == "a mosaic"
    tab.style.value = OWN
    assert tab.text.value == "a mosaic"


def test_what_is_wrong_is_said(studio, tab):
    for text, told in (("", "such as: a mosaic"), ("a zebralike mosaic", "zebralike")):
        tab.text.value = text
        tab.apply.click()
        assert told in said(studio) and "#b00020" in said(studio)
    tab.save_it.disabled = False
    tab.save_it.click()
    assert "press Restyle first" in said(studio)


def test_stop_keeps_the_best_so_far(studio, tab, monkeypatch):
    monkeypatch.setattr(studio.session.progress, "show", lambda done: studio.session.stop())
    tab.form.set(StyleRecipe(steps=50, patches=2))
    tab.apply.click()
    assert len(tab.result.history["loss"]) == 1 and tab.result.recipe.stop_after == 1
