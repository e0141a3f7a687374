"""Lesson 10: any text on any face by latent alignment, with the constant C on a slider."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image

from ...editing.alignment import LatentAlignment
from ...editing.face import Face
from ...editing.prompt import Prompt
from ...editing.recipes import AlignmentEdit
from ...errors import StyleclipError
from ...evaluation.report import measure_edit
from ...images import image_grid
from ..toolkit.controls import slider, text_box
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing


@dataclass(frozen=True)
class AlignmentState:
    """What the controls say.

    text  what the face should become
    seed  whose face
    c     the constant C
    psi   truncation of the face: 0 is the mean face, whatever the seed
    """

    text: str
    seed: int = 0
    c: float = 0.5
    psi: float = 0.7


@torch.no_grad()
def draw(alignment: LatentAlignment, state: AlignmentState, size: int = 256) -> tuple[Image.Image, str]:
    """The face before and after side by side, `size` pixels each; the C that is predicted for it, and a report of the edit.

    Raises StyleclipError for an empty text or one that the domain's CLIP cannot read.
    """
    if not state.text.strip():
        raise StyleclipError("Say what the face should become, such as: a smiling face with glasses")
    models, prompt = alignment.models, Prompt.of(alignment.models, state.text.strip())
    face = Face.of_seed(models, state.seed, state.psi)
    edit = alignment.apply(face, prompt, AlignmentEdit(c=state.c))
    predicted = alignment.predicted_c(models.clip.encode_image(face.image.clamp(-1, 1)), (prompt,)).item()
    labels = [f"seed {state.seed}, psi {state.psi:g}", f"{prompt.text}, C = {state.c:g}"]
    report = measure_edit(models, face.image, edit.image, prompt)
    return image_grid([face.image, edit.image], columns=2, labels=labels, size=size), f"Predicted C: {predicted:.2f}. {report}"


def alignment_sliders(alignment: LatentAlignment, state: AlignmentState | None = None, size: int = 256, threaded: bool = True) -> Panel:
    """A panel with a text, and sliders for the face, its truncation and the constant C. state = where the controls begin."""
    state = state or AlignmentState("a smiling face")
    wide = {"place": {"width": "330px"}}
    controls = {
        "text": text_box("text", state.text, "What the face should become", **wide),
        "c": slider("constant C", state.c, -1, 2, 0.05, "How far to go; 0 leaves the face as it is, below 0 goes the other way", **wide),
        "seed": slider("face (seed)", state.seed, 0, max(999, state.seed), 1, "The seed of the face", **wide),
        "psi": slider("truncation", state.psi, 0, 1, 0.05, "0 is the mean face, 1 the face of the seed without truncation", **wide),
    }

    def current() -> Drawing:
        return draw(alignment, AlignmentState(**{name: control.value for name, control in controls.items()}), size)

    panel = Panel(controls, [("text", "c"), ("seed", "psi")], current, threaded)
    for control in controls.values():
        control.observe(lambda _: panel.request(), names="value")
    return panel.show_first()
