"""Lessons 00 and 04: a face and a sentence, carried out by latent optimisation."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from ...descent import OnStep
from ...editing.face import Face
from ...editing.prompt import Prompt
from ...editing.recipes import Optimization
from ...editing.result import Edit
from ...errors import StyleclipError
from ...evaluation.report import EditReport, measure_edit
from ...images import image_grid
from ...models import Models
from ..toolkit.controls import button, slider, text_box
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing


@dataclass
class SentenceEdit:
    """A face, and what a sentence made of it, if anything was said yet."""

    models: Models
    face: Face
    edit: Edit | None = None

    def at(self, strength: float) -> Face:
        """The face at this strength: 1 is the edit itself, 0 the face before."""
        return self.face if self.edit is None else self.edit.at(strength).face

    def report(self, strength: float = 1.0) -> EditReport | None:
        """What the edit did, measured; None before there is one."""
        if self.edit is None:
            return None
        return measure_edit(self.models, self.face.image, self.at(strength).image, self.edit.prompt.text)

    def draw(self, strength: float = 1.0, size: int = 256) -> Image.Image:
        """Before and after side by side, `size` pixels each."""
        label = "(nothing said yet)" if self.edit is None else f"{self.edit.prompt.text} ({strength:g})"
        return image_grid([self.face.image, self.at(strength).image], columns=2, labels=[str(self.face.source), label], size=size)


def unedited(models: Models, seed: int) -> SentenceEdit:
    """The face of a seed, with nothing said yet."""
    return SentenceEdit(models, Face.of_seed(models, seed))


def edited(models: Models, seed: int, text: str, steps: int = 60, on_step: OnStep | None = None) -> SentenceEdit:
    """The face of a seed, changed as the text says by latent optimisation; takes seconds.

    on_step  sees each step, and may end it: then it is the best so far

    Raises StyleclipError for an empty text or one with a word that the domain does not know.
    """
    if not text.strip():
        raise StyleclipError("Say what the face should become, such as: a smiling face with glasses")
    prompt, face = Prompt.of(models, text.strip()), Face.of_seed(models, seed)
    return SentenceEdit(models, face, Optimization(steps=steps).apply(models, face, prompt, on_step, progress=False))


def sentence_box(models: Models, text: str = "", seed: int = 0, steps: int = 60, size: int = 256, threaded: bool = True) -> Panel:
    """A panel that edits an invented face: choose a face, type a sentence, press Edit, then move the strength.

    A text that is given is carried out at once, which takes seconds. Stop, which is there while an edit runs, keeps the best so far.
    The status line says what is being done, what the edit changed, and which word is unknown.
    """
    wide = {"place": {"width": "330px"}}
    controls = {
        "seed": slider("face (seed)", seed, 0, 999, 1, "The seed of the face", **wide),
        "strength": slider("strength", 1.0, -1, 2, 0.1, "Of the edit: 1 is the optimised edit, 0 the face itself", **wide),
        "text": text_box("sentence", text, "What the face should become", wait=False, place={"width": "98%", "max_width": "560px"},
                         placeholder="a smiling face with glasses"),
        "edit": button("Edit", lambda: pressed(), "Edit the face to match the sentence; takes seconds", button_style="primary"),
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
        with panel.running(steps) as on_step:
            face = edited(models, controls["seed"].value, controls["text"].value, steps, on_step)
        return current()

    panel = Panel(controls, [("seed", "strength"), ("text", "edit")], current, threaded, busy=("edit",))

    def pressed() -> None:
        panel.press(edit_now, "Editing, a few seconds; Stop keeps the best so far ...", kind="edit")

    controls["seed"].observe(lambda _: panel.request(another_face, kind="face"), names="value")
    controls["strength"].observe(lambda _: panel.request(), names="value")
    return panel.show_first()
