"""A text box, a button and a slider for `sentence_play`."""

from __future__ import annotations

import ipywidgets

from ..models import Models
from .panel import Panel
from .sentence_play import edited, unedited
from .stage import Drawing


def sentence_box(
    models: Models, text: str = "", seed: int = 0, steps: int = 60, size: int = 256, threaded: bool = True
) -> Panel:
    """A panel that edits an invented face: choose a face, type a sentence, press Edit, then move the strength.

    A text that is given is carried out at once, which takes seconds. The status line says what is being done, what
    the edit changed, and which word is unknown.
    """
    wide = {"layout": ipywidgets.Layout(width="330px"), "style": {"description_width": "70px"}}
    controls = {
        "seed": ipywidgets.IntSlider(seed, 0, 999, description="face", **wide),
        "strength": ipywidgets.FloatSlider(1.0, min=-1, max=2, step=0.1, description="strength", **wide),
        "text": ipywidgets.Text(text, description="sentence", placeholder="a smiling face with glasses",
                                layout=ipywidgets.Layout(width="560px"), style={"description_width": "70px"}),
        "edit": ipywidgets.Button(description="Edit", button_style="primary", layout=ipywidgets.Layout(width="90px")),
    }
    face = edited(models, seed, text, steps) if text else unedited(models, seed)

    def current() -> Drawing:
        strength = controls["strength"].value
        report = face.report(strength)
        return face.draw(strength, size), "" if report is None else str(report)

    def another_face() -> Drawing:
        nonlocal face
        face = unedited(models, controls["seed"].value)
        return current()

    def edit_now() -> Drawing:
        nonlocal face
        try:
            face = edited(models, controls["seed"].value, controls["text"].value, steps)
            return current()
        finally:
            controls["edit"].disabled = False

    panel = Panel(controls, [("seed", "strength"), ("text", "edit")], current, threaded)

    def pressed(_: object) -> None:
        controls["edit"].disabled = True
        panel.request(edit_now, "Editing, a few seconds ...", kind="edit")

    controls["seed"].observe(lambda _: panel.request(another_face, kind="face"), names="value")
    controls["strength"].observe(lambda _: panel.request(), names="value")
    controls["edit"].on_click(pressed)
    return panel.show_first()
