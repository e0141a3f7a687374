"""What every widget here has: one picture of fixed size, a status line, and a worker behind them."""

from __future__ import annotations

import base64
import html
import io
import traceback
from collections.abc import Callable

import ipywidgets
from PIL import Image

from ...errors import StyleclipError
from .worker import Worker

Drawing = tuple[Image.Image, str]
"""A picture, and what is to be said about it."""


class Stage:
    """A picture and a status line that a worker fills.

    threaded   False computes in the thread that asks, for tests

    Pictures travel as the bytes of a PNG, not through matplotlib or an Output widget, because callbacks may run in any
    thread. An error goes into the status line; its traceback is kept in `last_error`. What was called off is not shown.
    """

    def __init__(self, threaded: bool = True):
        self.worker = Worker(threaded)
        self.last_error: str | None = None
        self.still: Image.Image | None = None
        self.picture = ipywidgets.Image(format="png")
        self.status = ipywidgets.HTML(layout=ipywidgets.Layout(min_height="2em"))

    def request(self, draw: Callable[[], Drawing], working: str = "", kind: str = "draw", delay: float = 0.0) -> None:
        """Draws, in the worker.

        working = what the status line says until the picture is there; kind, delay = see `Worker.submit`.
        """
        if working:
            self.say(working)
        self.worker.submit(lambda: self.compute(draw), kind, delay)

    def compute(self, draw: Callable[[], Drawing]) -> None:
        """Draws in this thread, and shows the picture or says what went wrong."""
        self.attempt(lambda: self.present(*draw()))

    def attempt(self, job: Callable[[], None]) -> None:
        """Does something in this thread; says what went wrong, if anything."""
        try:
            job()
        except StyleclipError as error:
            self._failed(str(error))
        except MemoryError:
            self._failed("There is not enough memory for this: take a smaller picture, or close other programs.")
        except Exception as error:  # a callback has nobody to raise to
            self._failed(f"{type(error).__name__}: {error} (the traceback is in .last_error)")

    def present(self, picture: Image.Image, text: str) -> None:
        """Shows what a job has led to and what is to be said about it, unless the job was called off."""
        if not self.worker.cancelled():
            self.last_error = None
            self.show(picture)
            self.say(text)

    def show(self, picture: Image.Image) -> None:
        """Puts a picture on the screen."""
        self.still = self.still or picture
        self.picture.value = png(picture)

    def say(self, text: str, wrong: bool = False) -> None:
        """Writes into the status line; lines of the text stay lines."""
        lines = html.escape(text).replace("\n", "<br>")
        self.status.value = f'<span style="color: var(--jp-error-color1, #b00020)">{lines}</span>' if wrong else lines

    def close(self) -> None:
        """Ends the work that is under way, and takes no more."""
        self.worker.close()

    def _failed(self, message: str) -> None:
        if not self.worker.cancelled():
            self.last_error = traceback.format_exc()
            self.say(message, wrong=True)


def png(picture: Image.Image, effort: int = 1) -> bytes:
    """The bytes of a PNG file. effort = from 1, quick, to 9, small: a picture of 1024 pixels takes a fifth of the time with 1 as with 6."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=effort)
    return buffer.getvalue()


def still_bundle(box: ipywidgets.Widget, still: Image.Image | None, text: str) -> dict[str, object]:
    """What a notebook shows: the live widget, and beside it a picture for readers without a kernel."""
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    bundle: dict[str, object] = {"text/plain": text, "application/vnd.jupyter.widget-view+json": view}
    if still is not None:
        bundle["image/png"] = base64.b64encode(png(still, effort=9)).decode("ascii")
    return bundle
