"""The controls that all widgets here are built from: each with a label in words and a sentence of help."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence

import ipywidgets

WIDE = {"width": "98%", "max_width": "520px"}
LABEL = "110px"


def helped(widget: ipywidgets.DOMWidget, text: str) -> ipywidgets.DOMWidget:
    """Gives a control its help, which shows when the pointer rests on it; ipywidgets 7 has another name for it."""
    setattr(widget, "tooltip" if widget.has_trait("tooltip") else "description_tooltip", text)
    return widget


def slider(label: str, value: float, low: float, high: float, step: float, text: str, room: str = LABEL,
           place: Mapping[str, str] = WIDE, **more) -> ipywidgets.FloatSlider:
    """A slider that is followed while it moves; whole numbers if the step is one. room = the label's; place = the layout."""
    kind = ipywidgets.IntSlider if isinstance(step, int) else ipywidgets.FloatSlider
    return helped(kind(value, min=low, max=high, step=step, description=label, **_placed(room, place), **more), text)


def number_box(label: str, value: float, low: float, high: float, text: str, room: str = LABEL, place: Mapping[str, str] = WIDE,
               ) -> ipywidgets.BoundedFloatText:
    """A box for a number; whole numbers if the value is one."""
    kind = ipywidgets.BoundedIntText if isinstance(value, int) else ipywidgets.BoundedFloatText
    step = {} if isinstance(value, int) else {"step": None}
    return helped(kind(value, min=low, max=high, description=label, **step, **_placed(room, place)), text)


def text_box(label: str, value: str, text: str, wait: bool = True, room: str = LABEL, place: Mapping[str, str] = WIDE,
             **more) -> ipywidgets.Text:
    """A line of text. wait = it is read when it is whole: with Enter, or when the box is left."""
    return helped(ipywidgets.Text(value, description=label, continuous_update=not wait, **_placed(room, place), **more), text)


def button(label: str, press: Callable[[], None], text: str, **more) -> ipywidgets.Button:
    """A button as wide as its words."""
    made = ipywidgets.Button(description=label, tooltip=text, layout=ipywidgets.Layout(width="auto", flex="0 0 auto"), **more)
    made.on_click(lambda _: press())
    return made


def choice(label: str, options: Sequence, text: str, room: str = LABEL, place: Mapping[str, str] = WIDE, **more) -> ipywidgets.Dropdown:
    """One of several, in a list that opens."""
    return helped(ipywidgets.Dropdown(options=options, description=label, **_placed(room, place), **more), text)


def switch(options: Sequence, text: str, **more) -> ipywidgets.ToggleButtons:
    """One of a few, side by side."""
    style, beside = {"button_width": "auto", "description_width": LABEL}, ipywidgets.Layout(width="auto", display="flex")
    made = ipywidgets.ToggleButtons(options=options, style=style, layout=beside, **more)
    made.tooltips = [text] * len(options)
    return made


def tick(label: str, value: bool, text: str) -> ipywidgets.Checkbox:
    """Yes or no."""
    return helped(ipywidgets.Checkbox(value, description=label, indent=False, layout=ipywidgets.Layout(width="90px")), text)


def upload(label: str, accept: str, text: str) -> ipywidgets.FileUpload:
    """A button that asks for a file."""
    return helped(ipywidgets.FileUpload(accept=accept, multiple=False, description=label, layout=ipywidgets.Layout(width="auto")), text)


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


def columns(children: Sequence[ipywidgets.Widget], least: int = 300) -> ipywidgets.Box:
    """In as many columns as there is room for. least = pixels of a column."""
    places = f"repeat(auto-fit, minmax(min(100%, {least}px), 1fr))"
    return ipywidgets.Box(children, layout=ipywidgets.Layout(display="grid", grid_template_columns=places, grid_gap="0 12px"))


def folded(title: str, children: Sequence[ipywidgets.Widget], text: str = "Show or hide what is seldom changed",
           beside: Sequence[ipywidgets.Widget] = ()) -> ipywidgets.VBox:
    """A button that shows and hides widgets; beside = what stands left of it.

    The titles of an Accordion cannot be reached with the keyboard.
    """
    inside = ipywidgets.VBox(children, layout=ipywidgets.Layout(display="none"))
    press = helped(ipywidgets.ToggleButton(False, description=title, icon="chevron-right", layout=ipywidgets.Layout(width="auto")), text)

    def show(is_open: bool) -> None:
        inside.layout.display, press.icon = ("flex", "chevron-down") if is_open else ("none", "chevron-right")

    press.observe(lambda change: show(change["new"]), names="value")
    return ipywidgets.VBox([row(*beside, press), inside])


def _placed(room: str, place: Mapping[str, str]) -> dict[str, object]:
    return {"style": {"description_width": room}, "layout": ipywidgets.Layout(**place)}


EMPTY = (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
         b"\x00\x00\x00\rIDATx\x9cc````\x00\x00\x00\x05\x00\x01\xa5\xf6E@\x00\x00\x00\x00IEND\xaeB`\x82")
"""A PNG of one transparent pixel: a browser draws a broken picture for no bytes at all."""
