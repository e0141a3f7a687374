"""Text boxes and sliders for `directions_play`."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

from ...editing.directions.global_directions import NEUTRAL, SHARE, Change, GlobalDirections
from ..toolkit.controls import slider, text_box
from ..toolkit.panel import Panel
from ..toolkit.stage import Drawing
from .directions_play import ALPHA, BETA, at_share, directed_face, said

TEXTS = ("a smiling face", "a face with glasses", "a face with blue hair")


def directions_sliders(directions: GlobalDirections, texts: Sequence[str] = TEXTS, alphas: Sequence[float] = (), seed: int = 0,
                       neutral: str = NEUTRAL, share: float = SHARE, size: int = 256, threaded: bool = True) -> Panel:
    """A panel with a row for each text: the text and its alpha; and the neutral text, beta and the face for all of them.

    beta is set as a share of each text's largest relevance.
    alphas = where the rows' sliders begin, 0 where none is given; size = pixels of each of the two faces. An empty text is left out.
    """
    wide = {"place": {"width": "330px"}}
    alphas = [*alphas, *[0.0] * (len(texts) - len(alphas))]
    controls: dict[str, ipywidgets.Widget] = {
        "seed": slider("face (seed)", seed, 0, 999, 1, "The seed of the face", **wide),
        "neutral": text_box("neutral text", neutral, "What the face is before the texts", **wide),
        "share": slider("threshold", share, 0, 0.95, 0.05, BETA, **wide),
    }
    for i, (text, alpha) in enumerate(zip(texts, alphas)):
        controls[f"text{i}"] = text_box(f"text {i + 1}", text, "What the face should become; an empty line is left out", **wide)
        controls[f"alpha{i}"] = slider("strength alpha", alpha, -10, 10, 0.25, ALPHA, **wide)
    face = directed_face(directions, seed)

    def changes() -> list[Change]:
        neutral, share = controls["neutral"].value, controls["share"].value
        rows = [Change(controls[f"text{i}"].value, neutral, controls[f"alpha{i}"].value) for i in range(len(texts))]
        return [at_share(directions, change, share) for change in said(rows)]

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
