"""Lesson 07 as a student uses it: in JupyterLab, in Chromium."""

from __future__ import annotations

import base64
import json

import pytest
from PIL import Image

from .using import STUDIO, open_tool, picture, run_new_cell, settles, status, wait_for_another, wish


def test_a_wish_its_code_and_its_recipe(lesson, lab):
    page, before = lesson, picture(lesson)
    after = wish(page, "a face with a hat")
    assert "a face with a hat" in status(page)

    page.get_by_role("button", name="Copy as code").click()
    page.locator(f"{STUDIO} textarea:visible").wait_for()
    code = page.locator(f"{STUDIO} textarea:visible").input_value()
    assert "a face with a hat" in code and len(code.strip().splitlines()) == 6
    same = "bool((image.clamp(-1, 1) == studio.session.shot.after).all())"
    said = run_new_cell(page, f"{code}print({same}, studio.session.stage.last_error)")
    assert "True None" in said

    page.get_by_role("button", name="Save picture and recipe").click()
    page.locator(STUDIO, has_text="Saved my_edit.png").wait_for()
    page.get_by_role("button", name="Undo").click()
    settles(page, before)
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Load a recipe").click()
    chooser.value.set_files(lab[1] / "my_edit.json")
    settles(page, after)


def test_a_photograph_with_several_faces_which_the_notebook_does_not_keep(lesson, lab, tmp_path):
    head = Image.fromarray(pytest.importorskip("skimage.data").astronaut()).crop((110, 10, 340, 240))
    photograph = Image.new("RGB", (700, 330), (150, 150, 150))
    photograph.paste(head, (20, 50))
    photograph.paste(head.resize((300, 300)), (350, 15))
    photograph.save(tmp_path / "two.png")
    page, before = lesson, picture(lesson)
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
    open_tool(page, "Method")
    page.get_by_role("button", name="Latent optimisation").click()
    page.get_by_role("button", name="Edit", exact=True).click()
    for _ in range(5):
        seen.append(wait_for_another(page, seen[-1]))
    assert "Stop keeps the best so far" in status(page)
    page.get_by_role("button", name="Stop").click()
    page.locator(f"{STUDIO} .sc-said", has_text="the same person").wait_for()
    ended = run_new_cell(page, "print(studio.session.scene.recipe.stop_after, studio.session.stage.last_error)").split()
    assert 5 <= int(ended[0]) < 100 and ended[1] == "None" and len(set(seen)) == 6


def test_a_portrait_of_the_gallery(lesson):
    page, before = lesson, picture(lesson)
    page.get_by_role("button", name="anna").click()
    wait_for_another(page, before)
    page.locator(f"{STUDIO} button:enabled", has_text="Undo").wait_for()  # the inversion has ended
    said = run_new_cell(page, "print(repr(studio.session.scene.face), studio.session.stage.last_error)")
    assert said.strip().endswith("name='anna') None")


TOOLS = {"Face": 10, "Method": 12, "Style": 6, "Mix": 6, "Blend": 12, "Channels": 6, "History": 3, "Save": 5}
"""What stands behind the wish, and how many controls each has at least."""


def test_everything_can_be_reached_without_a_mouse(lesson):
    for name, least in TOOLS.items():
        open_tool(lesson, name)
        lesson.locator(f"{STUDIO} .sc-line input").focus()
        reached = 0
        while lesson.evaluate("""() => {
          const one = document.activeElement;
          one.dataset.reached = 'yes';
          return one.closest('.sc-studio') !== null;
        }"""):
            lesson.keyboard.press("Tab")
            reached += 1
        missed = lesson.locator(f"{STUDIO} .sc-tool, {STUDIO} .sc-line, {STUDIO} .sc-chips, {STUDIO} .sc-tools").locator(
            "button:enabled, select, input:not([type=file]), textarea, .noUi-origin:not([disabled]) .noUi-handle")
        missed = [one for one in missed.all() if one.is_visible() and one.get_attribute("data-reached") is None]
        assert reached > least and not missed, name


@pytest.mark.parametrize("width", [1280, 820])
def test_nothing_sticks_out_or_jumps_and_no_tool_is_empty(lesson, width):
    lesson.set_viewport_size({"width": width, "height": 1100})
    lesson.wait_for_timeout(500)
    places = set()
    for name in TOOLS:
        open_tool(lesson, name)
        lesson.wait_for_timeout(300)
        box = lesson.locator(STUDIO)
        assert box.evaluate("""box => [...box.querySelectorAll('*')]
          .filter(one => one.offsetParent && !one.closest('.sc-bar'))
          .filter(one => !['auto', 'hidden'].includes(getComputedStyle(one.parentElement).overflowX))  // cut off, or a row that scrolls
          .filter(one => one.getBoundingClientRect().right > box.getBoundingClientRect().right + 1)
          .map(one => `${one.className} ${one.getBoundingClientRect().right - box.getBoundingClientRect().right}`)""") == [], name
        places.add(round(lesson.locator(f"{STUDIO} .sc-tools").bounding_box()["y"] - box.bounding_box()["y"]))  # the page may scroll
        assert filled(lesson.locator(f"{STUDIO} .sc-tool")) > 1 / 3, f"{name} is empty"
    assert len(places) == 1


def filled(tool) -> float:
    """The share of its place that the controls of a tool span."""
    return tool.evaluate("""tool => {
      const inside = [...tool.querySelectorAll('button, input, select, textarea, img, .noUi-target, .sc-help')]
        .map(one => one.getBoundingClientRect()).filter(one => one.width && one.height);
      const [left, top] = ['left', 'top'].map(side => Math.min(...inside.map(one => one[side])));
      const [right, bottom] = ['right', 'bottom'].map(side => Math.max(...inside.map(one => one[side])));
      const all = tool.getBoundingClientRect();
      return (right - left) * (bottom - top) / (all.width * all.height);
    }""")
