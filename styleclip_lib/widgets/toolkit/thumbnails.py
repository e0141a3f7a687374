"""Small pictures to press."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence

import ipywidgets
from PIL import Image

from .controls import button
from .stage import png

Thumbnail = tuple[Image.Image, str, str]
"""A picture, what stands below it, and its help, which is what a screen reader says where nothing stands below."""


class Thumbnails:
    """A row of small pictures, each of which is a button, so that the keyboard reaches it.

    most   how many there can be
    side   pixels of each
    press  called with the number of the one that is pressed

    ipywidgets has no button with a picture: a style sheet gives each its background.
    """

    def __init__(self, most: int, side: int, press: Callable[[int], None]):
        self._side, self._sheet = side, ipywidgets.HTML(layout=ipywidgets.Layout(display="none"))
        self.buttons = [button("", lambda number=number: press(number), "") for number in range(most)]
        for number, one in enumerate(self.buttons):
            one.add_class("sc-thumb")
            one.add_class(self._name(number))
        self.box = ipywidgets.Box([self._sheet, *self.buttons])
        self.box.add_class("sc-thumbs")
        self.show([])

    def show(self, thumbnails: Sequence[Thumbnail], at: int | None = None) -> None:
        """Shows these, `most` of them at most, and marks the one whose number is `at`."""
        shown = list(thumbnails)[: len(self.buttons)]
        self._sheet.value = f"<style>{''.join(self._rule(number, picture) for number, (picture, _, _) in enumerate(shown))}</style>"
        for number, one in enumerate(self.buttons):
            one.layout.display = "" if number < len(shown) else "none"
            (one.add_class if number == at else one.remove_class)("sc-at")
            if number < len(shown):
                _, one.description, one.tooltip = shown[number]
                one.layout.height = f"{self._side + (22 if one.description else 0)}px"
                one.layout.width = f"{self._side}px"

    def _name(self, number: int) -> str:
        """The class of a button; that of another widget on the same page is another one."""
        return f"sc-{self._sheet.model_id}-{number}"

    def _rule(self, number: int, picture: Image.Image) -> str:
        content = base64.b64encode(png(picture.resize((self._side, self._side), Image.Resampling.BICUBIC), effort=6)).decode("ascii")
        return f".{self._name(number)} {{ background-image: url(data:image/png;base64,{content}); }}\n"
