"""What every widget here consists of: controls, one picture of fixed size, a status line, and a worker behind them."""

from __future__ import annotations

import base64
import html
import io
import traceback
from collections.abc import Callable, Mapping, Sequence

import ipywidgets
from PIL import Image

from ..errors import StyleclipError
from .worker import Worker

Drawing = tuple[Image.Image, str]
"""A picture, and what is to be said about it."""


class Panel:
    """Controls above a picture. A notebook shows the panel; where no kernel runs, it shows the first picture.

    controls   the widgets by name, in the order of their rows
    rows       the names in each row
    draw       takes nothing, returns the picture and the status line
    threaded   False computes in the thread that asks, for tests

    Pictures travel as the bytes of a PNG, not through matplotlib or an Output widget, because callbacks may run in any
    thread. An error goes into the status line; its traceback is kept in `last_error`.
    """

    def __init__(
        self,
        controls: Mapping[str, ipywidgets.Widget],
        rows: Sequence[Sequence[str]],
        draw: Callable[[], Drawing],
        threaded: bool = True,
    ):
        self.controls, self._draw = dict(controls), draw
        self.worker = Worker(threaded)
        self.last_error: str | None = None
        self.still: Image.Image | None = None
        self.picture = ipywidgets.Image(format="png")
        self.status = ipywidgets.HTML(layout=ipywidgets.Layout(min_height="2em"))
        lines = [ipywidgets.HBox([self.controls[name] for name in names]) for names in rows]
        self.box = ipywidgets.VBox([*lines, self.status, self.picture])

    def show_first(self) -> Panel:
        """Draws the first picture at once, in this thread, and fixes the picture's place; returns the panel."""
        self._compute(self._draw)
        if self.still is not None:
            width, height = self.still.size
            self.picture.layout = ipywidgets.Layout(width=f"{width}px", height=f"{height}px")
        return self

    def request(self, draw: Callable[[], Drawing] | None = None, working: str = "", kind: str = "draw") -> None:
        """Draws again, in the worker.

        draw = another function than the panel's own; working = what the status line says until the picture is there;
        kind = see `Worker.submit`.
        """
        if working:
            self.say(working)
        self.worker.submit(lambda: self._compute(draw or self._draw), kind)

    def say(self, text: str, wrong: bool = False) -> None:
        """Writes into the status line; lines of the text stay lines."""
        lines = html.escape(text).replace("\n", "<br>")
        self.status.value = f'<span style="color: #b00020">{lines}</span>' if wrong else lines

    def _compute(self, draw: Callable[[], Drawing]) -> None:
        try:
            picture, said = draw()
        except StyleclipError as error:
            self._failed(str(error))
        except Exception as error:  # a callback has nobody to raise to
            self._failed(f"{type(error).__name__}: {error} (the traceback is in .last_error)")
        else:
            self.last_error = None
            self.still = self.still or picture
            self.picture.value = png(picture)
            self.say(said)

    def _failed(self, message: str) -> None:
        self.last_error = traceback.format_exc()
        self.say(message, wrong=True)

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        """The live controls, and beside them the first picture for readers without a kernel."""
        view = {"version_major": 2, "version_minor": 0, "model_id": self.box.model_id}
        bundle: dict[str, object] = {
            "text/plain": "Controls and a picture",
            "application/vnd.jupyter.widget-view+json": view,
        }
        if self.still is not None:
            bundle["image/png"] = base64.b64encode(png(self.still)).decode("ascii")
        return bundle


def png(picture: Image.Image) -> bytes:
    """The bytes of a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()
