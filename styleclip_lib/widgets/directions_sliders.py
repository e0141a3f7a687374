"""Text boxes and sliders for `directions_play`."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

from ..editing.global_directions import NEUTRAL, SHARE, Change, GlobalDirections
from .directions_play import at_share, directed_face, said
from .panel import Panel
from .stage import Drawing

TEXTS = ("a smiling face", "a face with glasses", "a face with blue hair")


def directions_sliders(directions: GlobalDirections, texts: Sequence[str] = TEXTS, alphas: Sequence[float] = (), seed: int = 0,
                       neutral: str = NEUTRAL, share: float = SHARE, size: int = 256, threaded: bool = True) -> Panel:
    """A panel with a row for each text: the text and its alpha; and the neutral text, beta and the face for all of them.

    beta is set as a share of each text's largest relevance.
    alphas = where the rows' sliders begin, 0 where none is given; size = pixels of each of the two faces. An empty text is left out.
    """
    wide = {"layout": ipywidgets.Layout(width="330px"), "style": {"description_width": "70px"}}
    slow = {"continuous_update": False, **wide}  # a text is read when it is whole: with Enter, or when the box is left
    alphas = [*alphas, *[0.0] * (len(texts) - len(alphas))]
    controls: dict[str, ipywidgets.Widget] = {
        "seed": ipywidgets.IntSlider(seed, 0, 999, description="face", **wide),
        "neutral": ipywidgets.Text(neutral, description="neutral", **slow),
        "share": ipywidgets.FloatSlider(share, min=0, max=0.95, step=0.05, description="beta / max", **wide),
    }
    for i, (text, alpha) in enumerate(zip(texts, alphas)):
        controls[f"text{i}"] = ipywidgets.Text(text, description=f"text {i + 1}", **slow)
        controls[f"alpha{i}"] = ipywidgets.FloatSlider(alpha, min=-10, max=10, step=0.25, description="alpha", **wide)
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
