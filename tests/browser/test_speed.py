"""From the move of a slider to the new picture on the screen, in a real browser.

    python -m pytest -s tests/browser/test_speed.py

prints the times. On two cores that do nothing else the median lies below 100 ms and the 95th percentile below 200 ms.
"""

from __future__ import annotations

import os

import pytest

from .using import STUDIO, handle, open_tool, wish

MOVES = 100
THERE_AND_BACK = 15
RESTS = (0, 0, 0, 200, 0, 0, 350, 0, 600, 0)
"""Milliseconds before a move: a hand that rests now and then, so that the scene is measured meanwhile."""

WATCH = """picture => {
  window.waits = [];
  document.addEventListener('keydown', event => { window.moved = event.timeStamp; }, true);
  picture.addEventListener('load', () => requestAnimationFrame(() => {
    if (window.moved) { window.waits.push(performance.now() - window.moved); window.moved = 0; }
  }));
}"""


@pytest.mark.full
@pytest.mark.parametrize("label", ["strength", "truncation psi"])
def test_the_picture_follows_the_slider(lesson, label):
    open_tool(lesson, "Face")
    wish(lesson, "a smiling face")
    waits = milliseconds(lesson, handle(lesson, label))
    median, most = waits[MOVES // 2], waits[MOVES * 95 // 100]
    print(f"\n{label}: median {median:.0f} ms, 95th percentile {most:.0f} ms, longest {waits[-1]:.0f} ms of {MOVES} moves; "
          f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    assert len(waits) == MOVES, "every move brought a picture"


def milliseconds(page, slider) -> list[float]:
    """The times from the key to the picture, the shortest first."""
    page.locator(f"{STUDIO} img").first.evaluate(WATCH)
    slider.focus()
    for number in range(MOVES):
        page.wait_for_timeout(RESTS[number % len(RESTS)])
        page.keyboard.press("ArrowLeft" if number // THERE_AND_BACK % 2 else "ArrowRight")
        page.wait_for_function("count => window.waits.length > count", arg=number, polling=10)
    return sorted(page.evaluate("window.waits"))
