"""What is seldom needed, behind a row of buttons of which each opens a part of the studio."""

from __future__ import annotations

from collections.abc import Mapping

import ipywidgets

from ..toolkit.controls import helped


class Tools:
    """One part is open, or none.

    parts  the parts by title, with a sentence of help: the widget, what it is for
    """

    def __init__(self, parts: Mapping[str, tuple[ipywidgets.Widget, str]]):
        self._parts, self._turning = {title: part for title, (part, _) in parts.items()}, False
        self.buttons = {title: helped(ipywidgets.ToggleButton(False, description=title, layout=ipywidgets.Layout(width="auto")), text)
                        for title, (_, text) in parts.items()}
        for title, one in self.buttons.items():
            one.observe(lambda change, title=title: self._pressed(title, change["new"]), names="value")
        bar, self._place = ipywidgets.Box(list(self.buttons.values())), ipywidgets.VBox()
        bar.add_class("sc-tools")
        self._place.add_class("sc-tool")
        self.box = ipywidgets.VBox([bar, self._place])

    @property
    def opened(self) -> str | None:
        """The title of the part that is open."""
        return next((title for title, one in self.buttons.items() if one.value), None)

    def open(self, title: str) -> None:
        """Opens a part."""
        self.buttons[title].value = True

    def _pressed(self, title: str, is_open: bool) -> None:
        if self._turning:
            return
        self._turning = True
        for other, one in self.buttons.items():
            one.value = is_open and other == title
        self._turning = False
        self._place.children = [self._parts[title]] if is_open else []
