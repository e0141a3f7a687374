"""The controls that the studio is built from: each with a label in words and a sentence of help."""

from __future__ import annotations

import html
import random
from collections.abc import Callable, Sequence

import ipywidgets

from .studio_faces import Recipe, portraits

WIDE = {"width": "98%", "max_width": "520px"}


def helped(widget: ipywidgets.DOMWidget, text: str) -> ipywidgets.DOMWidget:
    """Gives a control its help, which shows when the pointer rests on it; ipywidgets 7 has another name for it."""
    setattr(widget, "tooltip" if widget.has_trait("tooltip") else "description_tooltip", text)
    return widget


def slider(label: str, value: float, low: float, high: float, step: float, text: str, **more) -> ipywidgets.FloatSlider:
    """A slider that is followed while it moves; whole numbers if the step is one."""
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    style = {"description_width": "110px"}
    return helped(kind(value, min=low, max=high, step=step, description=label, style=style, layout=ipywidgets.Layout(**WIDE), **more), text)


def text_box(label: str, value: str, text: str, placeholder: str = "", wait: bool = True) -> ipywidgets.Text:
    """A line of text. wait = it is read when it is whole: with Enter, or when the box is left."""
    box = ipywidgets.Text(value, description=label, placeholder=placeholder, continuous_update=not wait,
                          style={"description_width": "110px"}, layout=ipywidgets.Layout(**WIDE))
    return helped(box, text)


def button(label: str, press: Callable[[], None], text: str, **more) -> ipywidgets.Button:
    """A button as wide as its words."""
    made = ipywidgets.Button(description=label, tooltip=text, layout=ipywidgets.Layout(width="auto", flex="0 0 auto"), **more)
    made.on_click(lambda _: press())
    return made


def choice(label: str, options: Sequence, text: str, **more) -> ipywidgets.Dropdown:
    """One of several, in a list that opens."""
    made = ipywidgets.Dropdown(options=options, description=label, style={"description_width": "110px"},
                               layout=ipywidgets.Layout(**WIDE), **more)
    return helped(made, text)


def switch(options: Sequence, text: str) -> ipywidgets.ToggleButtons:
    """One of a few, side by side."""
    made = ipywidgets.ToggleButtons(options=options, style={"button_width": "auto"})
    made.tooltips = [text] * len(options)
    return made


def picture(width: int, height: int) -> ipywidgets.Image:
    """A place for a picture that keeps its size while it is empty."""
    return ipywidgets.Image(value=EMPTY, format="png", layout=ipywidgets.Layout(width=f"{width}px", height=f"{height}px",
                                                                               object_fit="contain", flex="0 0 auto"))


def note(text: str) -> ipywidgets.HTML:
    """A line that explains."""
    return ipywidgets.HTML(f'<div class="sc-help">{html.escape(text)}</div>')


def row(*children: ipywidgets.Widget, **layout) -> ipywidgets.Box:
    """Side by side, and below each other where it is narrow."""
    return ipywidgets.Box(children, layout=ipywidgets.Layout(display="flex", flex_flow="row wrap", align_items="center", **layout))


class FacePick:
    """A face to choose: a picture of the gallery, a favourite, or a seed, which has a slider beside it.

    changed is called with nothing whenever another face is meant.
    """

    def __init__(self, label: str, seed: int, changed: Callable[[], None]):
        self._favourites, self._offering = {}, False
        self.which = choice(label, ["seed", *portraits()], "Where this face comes from: invented from a seed, or a picture of the gallery",
                            value="seed")
        self.which.layout.width, self.which.layout.flex = "230px", "0 0 auto"
        self.seed = slider("", seed, 0, 999, 1, "The seed of an invented face")
        self.seed.layout.width, self.seed.layout.flex, self.seed.style.description_width = "150px", "1 1 130px", "0px"
        self.box = row(self.which, self.seed)
        for control in (self.which, self.seed):
            control.observe(lambda _: self._changed(changed), names="value")

    @property
    def face(self) -> Recipe:
        """The face that is chosen."""
        if self.which.value == "seed":
            return {"seed": self.seed.value, "truncation_psi": 0.7}
        return self._favourites.get(self.which.value, {"portrait": self.which.value})

    def offer(self, favourites: dict[str, Recipe]) -> None:
        """Puts favourites into the list, by name; what is chosen stays chosen."""
        if favourites != self._favourites:
            chosen, self._favourites, self._offering = self.which.value, favourites, True
            self.which.options = ["seed", *portraits(), *favourites]
            self.which.value, self._offering = chosen, False

    def set(self, face: Recipe) -> None:
        """Chooses a face; one that is not in the list leaves the choice as it is."""
        names = [name for name, favourite in self._favourites.items() if favourite == face]
        if "seed" in face:
            self.which.value, self.seed.value = "seed", face["seed"]
        elif "portrait" in face or names:
            self.which.value = names[0] if names else face["portrait"]

    def _changed(self, changed: Callable[[], None]) -> None:
        self.seed.layout.visibility = "visible" if self.which.value == "seed" else "hidden"
        if not self._offering:
            changed()


def another_seed() -> int:
    """A seed that nobody chose."""
    return random.randrange(1000)


EMPTY = (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
         b"\x00\x00\x00\rIDATx\x9cc````\x00\x00\x00\x05\x00\x01\xa5\xf6E@\x00\x00\x00\x00IEND\xaeB`\x82")
"""A PNG of one transparent pixel: a browser draws a broken picture for no bytes at all."""
