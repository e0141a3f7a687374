"""Small pictures to press."""

from __future__ import annotations

import base64
import io
import re

from PIL import Image

from styleclip_lib.widgets.toolkit.thumbnails import Thumbnails

COLOURS = ("red", "lime", "blue")
SHOWN = [(Image.new("RGB", (64, 64), colour), "", f"the {colour} one") for colour in COLOURS]


def backgrounds(thumbnails) -> dict[str, tuple[int, int, int]]:
    """The colour of each button's background, by the button's class."""
    rules = re.findall(r"\.(\S+) \{ background-image: url\(data:image/png;base64,([^)]+)\); \}", thumbnails.box.children[0].value)
    return {name: Image.open(io.BytesIO(base64.b64decode(content))).getpixel((3, 3)) for name, content in rules}


def seen(thumbnails) -> list[str]:
    return [one.tooltip for one in thumbnails.buttons if one.layout.display != "none"]


def test_each_is_a_button_with_its_picture_and_its_help():
    pressed = []
    thumbnails = Thumbnails(4, 20, pressed.append)
    assert seen(thumbnails) == []
    thumbnails.show(SHOWN, at=1)
    assert seen(thumbnails) == ["the red one", "the lime one", "the blue one"]
    colours = backgrounds(thumbnails)
    by_button = [next(colours[name] for name in one._dom_classes if name in colours) for one in thumbnails.buttons[:3]]
    assert by_button == [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    assert ["sc-at" in one._dom_classes for one in thumbnails.buttons[:3]] == [False, True, False]
    thumbnails.buttons[2].click()
    assert pressed == [2]
    thumbnails.show(SHOWN[:1])
    assert seen(thumbnails) == ["the red one"] and "sc-at" not in thumbnails.buttons[1]._dom_classes


def test_there_are_never_more_than_there_is_room_for():
    thumbnails = Thumbnails(2, 20, lambda number: None)
    thumbnails.show(SHOWN)
    assert len(seen(thumbnails)) == len(backgrounds(thumbnails)) == 2


def test_two_on_one_page_do_not_share_their_pictures():
    one, other = Thumbnails(1, 20, lambda number: None), Thumbnails(1, 20, lambda number: None)
    one.show(SHOWN[:1])
    other.show(SHOWN[1:])
    assert not backgrounds(one).keys() & backgrounds(other).keys()
