"""The widget of a lesson: controls above a picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import ipywidgets

from .controls import row
from .stage import Drawing, Stage, still_bundle


class Panel(Stage):
    """Controls above a picture. A notebook shows the panel; where no kernel runs, it shows the first picture.

    controls   the widgets by name, in the order of their rows
    rows       the names in each row
    draw       takes nothing, returns the picture and the status line
    threaded   False computes in the thread that asks, for tests
    """

    def __init__(
        self,
        controls: Mapping[str, ipywidgets.Widget],
        rows: Sequence[Sequence[str]],
        draw: Callable[[], Drawing],
        threaded: bool = True,
    ):
        super().__init__(threaded)
        self.controls, self._draw = dict(controls), draw
        lines = [row(*(self.controls[name] for name in names)) for names in rows]
        self.box = ipywidgets.VBox([*lines, self.picture, self.status])  # in this order no picture jumps when more is said

    def show_first(self) -> Panel:
        """Draws the first picture at once, in this thread, and fixes the picture's place; returns the panel."""
        self.compute(self._draw)
        if self.still is not None:
            width, height = self.still.size
            self.picture.layout = ipywidgets.Layout(width=f"{width}px", height=f"{height}px")
        return self

    def request(self, draw: Callable[[], Drawing] | None = None, working: str = "", kind: str = "draw", delay: float = 0.0) -> None:
        """Draws again, in the worker; draw = another function than the panel's own."""
        super().request(draw or self._draw, working, kind, delay)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return still_bundle(self.box, self.still, "Controls and a picture")
