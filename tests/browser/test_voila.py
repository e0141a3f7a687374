"""``styleclip studio``: the studio outside a notebook, on a screen and on a phone."""

from __future__ import annotations

import pytest

from .using import STUDIO, handle, picture, ready, settles, thumbnails, wait_for_another, wish


@pytest.mark.parametrize("width", [1280, 390])
def test_a_wish_its_strength_the_face_before_and_an_edit_brought_back(page, voila, width):
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(voila)
    ready(page)
    face = picture(page)
    smile = wish(page, "a smiling face")
    assert smile != face
    page.locator(f"{STUDIO} .sc-said", has_text="expression: smile").wait_for()
    edit = thumbnails(page).first.get_attribute("title")

    handle(page, "strength").focus()
    page.keyboard.press("PageDown")
    wait_for_another(page, smile)
    page.locator(f"{STUDIO} .sc-status", has_text="strength 0.75").wait_for()
    page.keyboard.press("PageUp")
    settles(page, smile)
    handle(page, "before").focus()
    page.keyboard.press("End")
    settles(page, face)
    page.keyboard.press("Home")
    settles(page, smile)

    page.locator(f"{STUDIO} .sc-strip .sc-at").and_(page.get_by_title(edit, exact=True)).wait_for()  # measured again, and kept
    thumbnails(page).last.click()
    settles(page, face)
    thumbnails(page).first.focus()
    page.keyboard.press("Enter")
    settles(page, smile)

    shown = page.locator(f"{STUDIO} .sc-face").bounding_box()
    assert shown["width"] == shown["height"] >= 256 and page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator(f"{STUDIO} .sc-line").bounding_box()["y"] < 844  # in sight at once
    assert page.locator("text=from styleclip_lib import").count() == 0  # the page shows no code
