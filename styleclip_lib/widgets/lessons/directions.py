"""Lesson 06: several texts at once by global directions, with sliders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import ipywidgets
import torch
from PIL import Image

from ...editing.directions.auto import moves_rgb
from ...editing.directions.global_directions import GlobalDirections
from ...editing.prompt import Prompt
from ...editing.recipe import NEUTRAL
from ...editing.recipes import Change
from ...images import image_grid
from ..toolkit.controls import slider, text_box
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing

ALPHA = "Strength of this text: 0 leaves it out, below 0 reverses it"
BETA = ("Disentanglement: channels whose relevance is below this share of the text's largest one do not change; a higher share has fewer "
        "side effects. Share times largest relevance is beta. Texts that name a colour have a higher minimum")


@dataclass
class DirectedFace:
    """A face that texts are tried on.

    w_plus  [1, num_ws, w_dim]
    before  its picture, [1, 3, R, R]
    """

    directions: GlobalDirections
    seed: int
    w_plus: torch.Tensor
    before: torch.Tensor

    def after(self, changes: Sequence[Change]) -> torch.Tensor:
        """The picture with all changes made, [1, 3, R, R]. Raises StyleclipError for a text or a beta that cannot be used."""
        return self.directions.edit_several(self.w_plus, with_text(changes)).image

    def draw(self, changes: Sequence[Change], size: int = 256) -> Image.Image:
        """Before and after side by side, `size` pixels each."""
        labels = [f"seed {self.seed}", ", ".join(_described(c) for c in with_text(changes)) or "no text"]
        return image_grid([self.before, self.after(changes)], columns=2, labels=labels, size=size)

    def used(self, changes: Sequence[Change]) -> str:
        """A line for each text that says how many channels it moves, and which most of all."""
        return "\n".join(self._used(change) for change in with_text(changes))

    def _used(self, change: Change) -> str:
        channels = self.directions.channels(change.target, change.neutral, change.beta, change.rgb)
        most = ", ".join(f"{c.layer} {c.number} ({c.relevance:+.2f})" for c in channels[:3])
        return f"{change.target}: {len(channels)} channels, first {most}"


def directed_face(directions: GlobalDirections, seed: int, psi: float = 0.7) -> DirectedFace:
    """The face of a seed, ready for texts."""
    models = directions.models
    w_plus = models.sample(seed, psi)
    with torch.no_grad():
        return DirectedFace(directions, seed, w_plus, models.generator.synthesis(w_plus))


def with_text(changes: Sequence[Change]) -> list[Change]:
    """The changes that have a text and a strength other than 0."""
    return [change for change in changes if change.target.strip() and change.alpha]


def at_share(directions: GlobalDirections, change: Change, share: float) -> Change:
    """The change with a beta that is this share of its own text's largest relevance, which differs much from text to text.

    A text that names a colour changes channels of the toRGB layers too, and has `Calibration.beta_share_rgb` as its minimum, below which
    the background would be tinted as well.

    Raises StyleclipError for a text that CLIP cannot read.
    """
    rgb, usual = moves_rgb(directions, Prompt.of(directions.models, change.target)), directions.models.calibration
    largest = float(directions.relevance(change.target, change.neutral, rgb).abs().max())
    return replace(change, beta=(max(share, usual.beta_share_rgb) if rgb else share) * largest, rgb=rgb)


def _described(change: Change) -> str:
    return f"{change.target} ({change.alpha:+g})"


TEXTS = ("a smiling face", "a face with glasses", "a face with blue hair")


def directions_sliders(directions: GlobalDirections, texts: Sequence[str] = TEXTS, alphas: Sequence[float] = (), seed: int = 0,
                       neutral: str = NEUTRAL, share: float | None = None, size: int = 256, threaded: bool = True) -> Panel:
    """A panel with a row for each text: the text and its alpha; and the neutral text, beta and the face for all of them.

    beta is set as a share of each text's largest relevance; share: where its slider begins, by default the domain's.
    alphas = where the rows' sliders begin, 0 where none is given; size = pixels of each of the two faces. An empty text is left out.
    """
    wide = {"place": {"width": "330px"}}
    alphas = [*alphas, *[0.0] * (len(texts) - len(alphas))]
    controls: dict[str, ipywidgets.Widget] = {
        "seed": slider("face (seed)", seed, 0, 999, 1, "The seed of the face", **wide),
        "neutral": text_box("neutral text", neutral, "What the face is before the texts", **wide),
        "share": slider("threshold", directions.models.calibration.beta_share if share is None else share, 0, 0.95, 0.05, BETA, **wide),
    }
    for i, (text, alpha) in enumerate(zip(texts, alphas)):
        controls[f"text{i}"] = text_box(f"text {i + 1}", text, "What the face should become; an empty line is left out", **wide)
        controls[f"alpha{i}"] = slider("strength alpha", alpha, -10, 10, 0.25, ALPHA, **wide)
    face = directed_face(directions, seed)

    def changes() -> list[Change]:
        neutral, share = controls["neutral"].value, controls["share"].value
        rows = [Change(controls[f"text{i}"].value, neutral, controls[f"alpha{i}"].value) for i in range(len(texts))]
        return [at_share(directions, change, share) for change in with_text(rows)]

    def current() -> Drawing:
        wanted = changes()
        return face.draw(wanted, size), face.used(wanted)

    def another_face() -> Drawing:
        nonlocal face
        face = directed_face(directions, controls["seed"].value)
        return current()

    rows = [("seed",), ("neutral", "share"), *((f"text{i}", f"alpha{i}") for i in range(len(texts)))]
    panel = Panel(controls, rows, current, threaded)
    for name, control in controls.items():
        draw, kind = (another_face, "face") if name == "seed" else (None, "draw")
        control.observe(lambda _, draw=draw, kind=kind: panel.request(draw, kind=kind), names="value")
    return panel.show_first()
