"""A text box, a button and a slider for `sentence_play`."""

from __future__ import annotations

from ...models import Models
from ..lessons.sentence_play import edited, unedited
from .controls import button, slider, text_box
from .panel import Panel
from .stage import Drawing


def sentence_box(
    models: Models, text: str = "", seed: int = 0, steps: int = 60, size: int = 256, threaded: bool = True
) -> Panel:
    """A panel that edits an invented face: choose a face, type a sentence, press Edit, then move the strength.

    A text that is given is carried out at once, which takes seconds. The status line says what is being done, what
    the edit changed, and which word is unknown.
    """
    wide = {"place": {"width": "330px"}}
    controls = {
        "seed": slider("face (seed)", seed, 0, 999, 1, "The seed of the face", **wide),
        "strength": slider("strength", 1.0, -1, 2, 0.1, "Of the edit: 1 as it was found, 0 the face itself", **wide),
        "text": text_box("sentence", text, "What the face should become", wait=False, place={"width": "98%", "max_width": "560px"},
                         placeholder="a smiling face with glasses"),
        "edit": button("Edit", lambda: pressed(), "Carry the sentence out; takes seconds", button_style="primary"),
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

    def pressed() -> None:
        controls["edit"].disabled = True
        panel.request(edit_now, "Editing, a few seconds ...", kind="edit")

    controls["seed"].observe(lambda _: panel.request(another_face, kind="face"), names="value")
    controls["strength"].observe(lambda _: panel.request(), names="value")
    return panel.show_first()
