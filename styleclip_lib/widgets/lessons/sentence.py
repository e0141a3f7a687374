"""Lessons 00 and 04: a face and a sentence, carried out by latent optimisation."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image

from ...editing.optimization import optimize_latent
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
    """A face and what a sentence made of it.

    w_plus  [1, num_ws, w_dim], the face before
    before  its picture, [1, 3, R, R] in [-1, 1]
    """

    models: Models
    seed: int
    text: str
    w_plus: torch.Tensor
    before: torch.Tensor
    edit: Edit | None = None

    def after(self, strength: float = 1.0) -> torch.Tensor:
        """The picture at this strength, [1, 3, R, R]; 1 is the edit itself, 0 the face before; see `Edit.at`."""
        return self.before if self.edit is None else self.edit.at(strength).image

    def report(self, strength: float = 1.0) -> EditReport | None:
        """What the edit did, measured; None before there is one."""
        if self.edit is None:
            return None
        return measure_edit(self.models, self.before, self.after(strength), self.text)

    def draw(self, strength: float = 1.0, size: int = 256) -> Image.Image:
        """Before and after side by side, `size` pixels each."""
        said = f"{self.text} ({strength:g})" if self.edit is not None else "(nothing said yet)"
        return image_grid([self.before, self.after(strength)], columns=2, labels=[f"seed {self.seed}", said], size=size)


def unedited(models: Models, seed: int, psi: float = 0.7) -> SentenceEdit:
    """The face of a seed, with nothing said yet."""
    w_plus = models.sample(seed, psi)
    with torch.no_grad():
        before = models.generator.synthesis(w_plus, noise_mode="const")
    return SentenceEdit(models, seed, "", w_plus, before)


def edited(models: Models, seed: int, text: str, steps: int = 60) -> SentenceEdit:
    """The face of a seed, changed as the text says by latent optimisation; takes seconds.

    Raises StyleclipError for an empty text or one with a word that the domain does not know.
    """
    if not text.strip():
        raise StyleclipError("Say what the face should become, such as: a smiling face with glasses")
    models.clip.encode_text([text])  # says at once which word is unknown
    face = unedited(models, seed)
    face.text = text.strip()
    face.edit = optimize_latent(models, face.w_plus, face.text, steps=steps, progress=False)
    return face


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
