"""Sliders and a button for `inversion_play`."""

from __future__ import annotations

import ipywidgets

from ..models import Models
from .inversion_play import WORN, InversionState, found
from .panel import Panel
from .stage import Drawing


def inversion_sliders(
    models: Models, state: InversionState | None = None, steps: int = 40, size: int = 192, threaded: bool = True
) -> Panel:
    """A panel with sliders for the portrait, which shows the encoder's guess at once, and a button for the steps behind it.

    state = where the sliders begin; size = pixels of each of the three pictures.
    """
    state = state or InversionState()
    wide = {"layout": ipywidgets.Layout(width="330px"), "style": {"description_width": "80px"}}
    controls = {
        "person": ipywidgets.IntSlider(state.person, 0, 199, description="person", **wide),
        "coverage": ipywidgets.FloatSlider(state.coverage, min=0.3, max=0.9, step=0.01, description="coverage", **wide),
        "yaw": ipywidgets.FloatSlider(state.yaw, min=-80, max=80, step=1, description="yaw", readout_format=".0f", **wide),
        "worn": ipywidgets.Dropdown(options=list(WORN), value=state.worn, description="worn", **wide),
        "space": ipywidgets.ToggleButtons(options=["w", "w+"], value=state.space, description="space"),
        "steps": ipywidgets.IntSlider(steps, 1, 200, description="steps", **wide),
        "invert": ipywidgets.Button(description="Invert", button_style="primary", layout=ipywidgets.Layout(width="90px")),
    }
    controls["space"].style.button_width = "60px"

    def current() -> InversionState:
        return InversionState(**{name: controls[name].value for name in ("person", "coverage", "yaw", "worn", "space")})

    def guess() -> Drawing:
        start = found(models, current())
        return start.draw(size), f"{start} (the encoder's guess)"

    def invert_now() -> Drawing:
        try:
            start, end = (found(models, current(), steps) for steps in (0, controls["steps"].value))
            return end.draw(size), f"{end}, where the encoder's guess had {start}"
        finally:
            controls["invert"].disabled = False

    panel = Panel(controls, [("person", "worn"), ("coverage", "yaw"), ("space",), ("steps", "invert")], guess, threaded)

    def pressed(_: object) -> None:
        controls["invert"].disabled = True
        panel.request(invert_now, "Inverting, a few seconds ...", kind="invert")

    for name in ("person", "coverage", "yaw", "worn", "space"):
        controls[name].observe(lambda _: panel.request(), names="value")
    controls["invert"].on_click(pressed)
    return panel.show_first()
