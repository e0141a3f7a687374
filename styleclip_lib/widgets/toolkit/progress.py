"""A bar and a Stop button that are there only while something runs."""

from __future__ import annotations

import threading
from collections.abc import Callable

import ipywidgets

from .controls import button


class Progress:
    """How far a long piece of work is, and a way to end it, which keeps the best so far.

    running  called with True when something begins and with False when it has ended
    """

    def __init__(self, running: Callable[[bool], None] = lambda running: None):
        self._stop, self._running = threading.Event(), running
        self.bar = ipywidgets.FloatProgress(0.0, min=0, max=1, layout=ipywidgets.Layout(flex="1 1 80px", width="auto"))
        self.halt = button("Stop", self.stop, "End it here, and keep the best so far", icon="stop")
        self.box = ipywidgets.HBox([self.bar, self.halt], layout=ipywidgets.Layout(visibility="hidden"))

    def begin(self) -> threading.Event:
        """Shows the bar, empty. Returns what says whether this piece of work is to end."""
        self._stop = threading.Event()
        self.bar.value, self.box.layout.visibility = 0.0, "visible"
        self._running(True)
        return self._stop

    def show(self, done: float) -> None:
        """Fills the bar up to a share from 0 to 1."""
        self.bar.value = min(1.0, done)

    def end(self, stop: threading.Event) -> None:
        """Hides the bar, unless another piece of work has begun since `begin` returned this."""
        if stop is self._stop:
            self.box.layout.visibility = "hidden"
            self._running(False)

    def stop(self) -> None:
        """Asks the piece of work that runs to end."""
        self._stop.set()
