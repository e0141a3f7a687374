"""Lesson 07 as a student uses it: in JupyterLab, in Chromium."""

from __future__ import annotations

import base64
import json

import pytest
from PIL import Image

from .using import STUDIO, handle, open_tab, picture, run_new_cell, status, wait_for_another


def test_a_text_a_slider_its_code_its_recipe_and_the_face_before(lesson, lab):
    page, before = lesson, picture(lesson)
    open_tab(page, "Text")
    page.locator(f"{STUDIO} input[type=text]:visible").first.fill("a face with a hat")
    page.keyboard.press("Enter")
    handle(page, "strength alpha").focus()
    page.keyboard.press("PageUp")  # five steps at once: one scene for the history, however slow the machine is
    assert wait_for_another(page, before)
    page.locator(f"{STUDIO} .sc-score b", has_text="Same person").wait_for()
    assert "a face with a hat (+1.25)" in status(page)

    page.get_by_role("button", name="Copy as code").click()
    page.locator(f"{STUDIO} textarea:visible").wait_for()
    code = page.locator(f"{STUDIO} textarea:visible").input_value()
    assert "a face with a hat" in code and len(code.strip().splitlines()) == 6
    same = "bool((image.clamp(-1, 1) == studio.session.shot.after).all())"
    said = run_new_cell(page, f"{code}print({same}, studio.session.stage.last_error)")
    assert "True None" in said

    after = picture(page)
    page.get_by_role("button", name="Save picture and recipe").click()
    page.locator(STUDIO, has_text="Saved my_edit.png").wait_for()
    page.get_by_role("button", name="Undo").click()
    assert wait_for_another(page, after) == before
    open_tab(page, "Save")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load a recipe").click()
    chooser.value.set_files(lab[1] / "my_edit.json")
    assert wait_for_another(page, before) == after
    handle(page, "before").focus()
    page.keyboard.press("End")
    assert wait_for_another(page, after) == before


def test_a_photograph_with_several_faces_which_the_notebook_does_not_keep(lesson, lab, tmp_path):
    head = Image.fromarray(pytest.importorskip("skimage.data").astronaut()).crop((110, 10, 340, 240))
    photograph = Image.new("RGB", (700, 330), (150, 150, 150))
    photograph.paste(head, (20, 50))
    photograph.paste(head.resize((300, 300)), (350, 15))
    photograph.save(tmp_path / "two.png")
    page, before = lesson, picture(lesson)
    page.get_by_role("button", name="own picture").click()
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Choose a picture").click()
    chooser.value.set_files(tmp_path / "two.png")
    page.get_by_role("button", name="Face 2").click()
    wait_for_another(page, before)  # the encoder's guess
    page.get_by_role("button", name="Stop").click()
    page.locator(f"{STUDIO} button:enabled", has_text="Undo").wait_for()  # the inversion has ended
    said = run_new_cell(page, "print(repr(studio.session.scene.face), studio.session.stage.last_error)")
    assert "name='two.png', face=1) None" in said
    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    kept = (lab[1] / "07_studio.ipynb").read_text()
    assert "two.png" in kept and "widgets" not in json.loads(kept)["metadata"]
    assert base64.b64encode((tmp_path / "two.png").read_bytes()[:300]).decode() not in kept


def test_an_optimisation_is_watched_and_stopped(lesson):
    page, seen = lesson, [picture(lesson)]
    open_tab(page, "Text")
    page.get_by_role("button", name="Latent optimisation").click()
    page.locator(f"{STUDIO} button", has_text="Apply").locator("visible=true").click()
    for _ in range(5):
        seen.append(wait_for_another(page, seen[-1]))
    assert "Stop keeps the best so far" in status(page)
    page.get_by_role("button", name="Stop").click()
    page.locator(f"{STUDIO} .sc-score b", has_text="Same person").wait_for()
    ended = run_new_cell(page, "print(studio.session.scene.recipe.stop_after, studio.session.stage.last_error)").split()
    assert 5 <= int(ended[0]) < 100 and ended[1] == "None" and len(set(seen)) == 6


def test_a_portrait_of_the_gallery(lesson):
    page, before = lesson, picture(lesson)
    page.get_by_role("button", name="gallery").click()
    page.get_by_role("button", name="anna").click()
    wait_for_another(page, before)
    page.locator(f"{STUDIO} button:enabled", has_text="Undo").wait_for()  # the inversion has ended
    said = run_new_cell(page, "print(repr(studio.session.scene.face), studio.session.stage.last_error)")
    assert said.strip().endswith("name='anna') None")


def test_everything_can_be_reached_without_a_mouse(lesson):
    counts = {"Face": 6, "Text": 13, "Mix": 8, "Blend": 14, "Channels": 7, "Style": 7, "History": 3, "Save": 5}
    for number, (name, least) in enumerate(counts.items()):
        lesson.locator(f"{STUDIO} .lm-TabBar-tab").first.focus()
        for key in ["ArrowRight"] * number + ["Enter"]:
            lesson.keyboard.press(key)
        assert lesson.locator(f"{STUDIO} .lm-TabBar-tab.lm-mod-current").inner_text() == name
        reached = 0
        while lesson.evaluate("""() => {
          const one = document.activeElement;
          one.dataset.reached = 'yes';
          return one.closest('.sc-studio') !== null;
        }"""):
            lesson.keyboard.press("Tab")
            reached += 1
        missed = lesson.locator(f"{STUDIO} .widget-tab-contents").locator(
            "button:enabled, select, input:not([type=file]), textarea, .noUi-origin:not([disabled]) .noUi-handle")
        missed = [one for one in missed.all() if one.is_visible() and one.get_attribute("data-reached") is None]
        assert reached > least and not missed


@pytest.mark.parametrize("width", [1280, 820])
def test_nothing_sticks_out_or_jumps(lesson, width):
    lesson.set_viewport_size({"width": width, "height": 1100})
    lesson.wait_for_timeout(500)
    heights = set()
    for tab in ("Face", "Text", "Mix", "Blend", "Channels", "Style", "History", "Save"):
        open_tab(lesson, tab)
        lesson.wait_for_timeout(150)
        box = lesson.locator(STUDIO)
        assert box.evaluate("box => [...box.querySelectorAll('*')].every(one => !one.offsetParent || one.closest('.sc-bar') || "
                            "one.getBoundingClientRect().right <= box.getBoundingClientRect().right + 1)"), f"{tab} sticks out"
        heights.add(box.evaluate("box => Math.round(box.getBoundingClientRect().height)"))
    assert len(heights) == 1
