"""``styleclip studio``: the studio outside a notebook."""

from __future__ import annotations

from .using import handle, open_tab, picture, ready, wait_for_another


def test_the_studio_works_without_a_notebook(page, voila):
    page.goto(voila)
    ready(page)
    before = picture(page)
    seed = handle(page, "seed")
    seed.focus()
    page.keyboard.press("ArrowRight")
    other = wait_for_another(page, before)
    open_tab(page, "Text")
    handle(page, "strength alpha").focus()
    for _ in range(12):
        page.keyboard.press("ArrowRight")
    wait_for_another(page, other)
    assert page.locator("text=from styleclip_lib import").count() == 0  # the page shows no code
