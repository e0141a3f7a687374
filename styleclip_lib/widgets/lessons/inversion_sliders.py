"""Sliders and a button for `inversion_play`."""

from __future__ import annotations

from ...models import Models
from ..toolkit.controls import button, choice, slider, switch
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing
from .inversion_play import WORN, InversionState, found


def inversion_sliders(
    models: Models, state: InversionState | None = None, steps: int = 40, size: int = 192, threaded: bool = True
) -> Panel:
    """A panel with sliders for the portrait, which shows the encoder's guess at once, and a button for the steps behind it.

    state = where the sliders begin; size = pixels of each of the three pictures.
    """
    state = state or InversionState()
    wide = {"place": {"width": "330px"}}
    controls = {
        "person": slider("person", state.person, 0, 199, 1, "Who is drawn", **wide),
        "coverage": slider("coverage", state.coverage, 0.3, 0.9, 0.01, "Height of the head, as a share; seen: 0.49 to 0.64", **wide),
        "yaw": slider("yaw (degrees)", state.yaw, -80, 80, 1.0, "How far the head turns; seen: -32 to 32", readout_format=".0f", **wide),
        "worn": choice("worn", list(WORN), "What the person wears", value=state.worn, **wide),
        "space": switch(["w", "w+"], "w: one code for all layers; w+: one for each", value=state.space, description="space"),
        "steps": slider("steps", steps, 1, 200, 1, "Steps of the optimisation behind the guess", **wide),
        "invert": button("Invert", lambda: pressed(), "Go on from the guess; takes seconds", button_style="primary"),
    }

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

    def pressed() -> None:
        controls["invert"].disabled = True
        panel.request(invert_now, "Inverting, a few seconds ...", kind="invert")

    for name in ("person", "coverage", "yaw", "worn", "space"):
        controls[name].observe(lambda _: panel.request(), names="value")
    return panel.show_first()
