"""The widget of a lesson: controls above a picture."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import ipywidgets
import torch

from .controls import row
from .progress import Progress
from .stage import Drawing, Stage, still_bundle


class Panel(Stage):
    """Controls above a picture. A notebook shows the panel; where no kernel runs, it shows the first picture.

    controls   the widgets by name, in the order of their rows
    rows       the names in each row
    draw       takes nothing, returns the picture and the status line
    threaded   False computes in the thread that asks, for tests
    busy       the names of controls that wait while something runs; where there are some, a bar and a Stop button come with them
    """

    def __init__(self, controls: Mapping[str, ipywidgets.Widget], rows: Sequence[Sequence[str]], draw: Callable[[], Drawing],
                 threaded: bool = True, busy: Sequence[str] = ()):
        super().__init__(threaded)
        self.controls, self._draw, self._busy = dict(controls), draw, busy
        self.progress = Progress(self._wait)
        lines = [row(*(self.controls[name] for name in names)) for names in rows]
        below = [self.progress.box] if busy else []
        self.box = ipywidgets.VBox([*lines, *below, self.picture, self.status])  # in this order no picture jumps when more is said

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

    def press(self, draw: Callable[[], Drawing], working: str, kind: str) -> None:
        """Begins something that takes seconds, for which the controls in `busy` wait; draw runs it inside of `running`."""
        self._wait(True)
        self.request(draw, working, kind)

    @contextmanager
    def running(self, steps: int) -> Iterator[Callable[[int, torch.Tensor], bool]]:
        """While something runs: gives the function that hears of each step, and says whether Stop was pressed."""
        stop = self.progress.begin()

        def on_step(step: int, image: torch.Tensor) -> bool:
            self.progress.show((step + 1) / steps)
            return stop.is_set()

        try:
            yield on_step
        finally:
            self.progress.end(stop)

    def close(self) -> None:
        """Stops what runs, and takes no more."""
        self.progress.stop()
        super().close()

    def _wait(self, running: bool) -> None:
        for name in self._busy:
            self.controls[name].disabled = running

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        return still_bundle(self.box, self.still, "Controls and a picture")
