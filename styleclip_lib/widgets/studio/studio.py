"""The studio: a face, all methods of editing it, and what the edit did, in one widget."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import ipywidgets

from ...images import image_grid
from ...models import Models
from ..toolkit.controls import EMPTY, button, folded, helped, row
from ..toolkit.stage import still_bundle
from .channels import ChannelsTab
from .code import as_code
from .face import FaceTab
from .keeping import HistoryTab, SaveTab
from .look import STYLE
from .method import MethodTab
from .mixing import BlendTab, MixTab
from .renderer import Shot
from .scenes import Scene
from .score import bars, sentence
from .session import Session
from .strip import Strip
from .style import StyleTab
from .tools import Tools
from .wish import Wish

TABS = {
    "Face": (FaceTab, "Another face: invented, from the gallery, or a picture of your own"),
    "Method": (MethodTab, "The method that Edit uses, and its settings"),
    "Style": (StyleTab, "Restyle the picture to match a sentence"),
    "Mix": (MixTab, "Take layers of another face"),
    "Blend": (BlendTab, "A point between up to four faces"),
    "Channels": (ChannelsTab, "What single style channels do"),
    "History": (HistoryTab, "Every scene, and favourites"),
    "Save": (SaveTab, "The code, the picture and its recipe"),
}
"""What stands behind the wish, in the order of use."""


class Studio:
    """Take a face, edit it with sentences, see what the edit did, get the code that does it.

    models      the domain; its directions and mappers are used
    scene       what is shown first
    folder      where pictures and recipes are saved
    mappers     files of mappers besides those that come with the domain
    threaded    False computes in the thread that asks, for tests

    There is one studio at a time: opening another one, as running its cell again does, ends the work of the one before.
    """

    _open: ClassVar[weakref.ref[Studio] | None] = None

    def __init__(self, models: Models, scene: Scene | None = None, folder: str | Path = ".", mappers: Sequence[str | Path] = (),
                 threaded: bool = True):
        before = Studio._open and Studio._open()
        if before is not None:
            before.close()
        Studio._open = weakref.ref(self)
        self.session = session = Session(models, scene or Scene(), folder, mappers, threaded)

        self.tabs = {title: tab(session) for title, (tab, _) in TABS.items()}
        self.tools = Tools({title: (self.tabs[title].box, text) for title, (_, text) in TABS.items()})
        self.wish, self.strip = Wish(session, self.tabs["Method"]), Strip(session)
        self.compare = helped(ipywidgets.FloatSlider(0.0, min=0, max=1, step=0.01, description="before", readout=False,
                                                     style={"description_width": "50px"}, layout=ipywidgets.Layout(width="98%")),
                              "Move to the right to see the face before the edit")
        self.undo = button("Undo", lambda: session.go(session.history.undo), "Back to the scene before", icon="undo")
        self.redo = button("Redo", lambda: session.go(session.history.redo), "Forward again", icon="repeat")
        self.go_on = button("Go on from here", session.go_on, "Take the result as the new face, and edit that", icon="arrow-right")
        self.copy = button("Copy as code", self._copy, "Show the Python that makes this picture", icon="code")
        self.sentence, self.bars = ipywidgets.HTML(), ipywidgets.HTML()
        self.box = self._laid_out()
        self.compare.observe(lambda change: session.stage.worker.submit(lambda: session.lay_over(change["new"]), "compare"), names="value")
        session.on_rest(self._rested)
        self.tools.open("Face")
        session.begin()

    def _laid_out(self) -> ipywidgets.Widget:
        """The face on the left, what is said and done about it on the right; where it is narrow, below."""
        stage, progress = self.session.stage, self.session.progress
        stage.picture.value = stage.picture.value or EMPTY
        frame = ipywidgets.Box([stage.picture, progress.box])
        left = ipywidgets.VBox([frame, self.compare, self.strip.box, row(self.undo, self.redo, self.tabs["Face"].another)])
        right = ipywidgets.VBox([self.wish.box, stage.status, self.sentence,
                                 folded("All attributes", [self.bars], "Show or hide what every attribute was, and is",
                                        [self.go_on, self.copy]), self.tools.box])
        main = ipywidgets.Box([left, right])
        box = ipywidgets.VBox([ipywidgets.HTML(STYLE, layout=ipywidgets.Layout(display="none")), main])
        for widget, name in ((stage.picture, "face"), (frame, "frame"), (progress.box, "running"), (stage.status, "status"), (main, "main"),
                             (box, "studio")):
            widget.add_class(f"sc-{name}")
        return box

    @property
    def code(self) -> str:
        """The Python that makes the picture."""
        return as_code(self.session.models, self.session.history.scene)

    def show(self, scene: Scene) -> None:
        """Shows a scene and sets the controls to it; what is wrong with it is said in the status line."""
        self.session.go(lambda: scene)

    def save(self, name: str) -> str:
        """Writes the picture and its recipe; says where. Raises StyleclipError if that cannot be, or nothing is shown yet."""
        return self.tabs["Save"].save(name)

    def wait(self, timeout: float = 600.0) -> None:
        """Returns when everything is drawn and measured; Ctrl-C stops what runs and keeps the best so far. Raises TimeoutError."""
        self.session.wait(timeout)

    def close(self) -> None:
        """Ends all work; the controls go on showing what they showed last."""
        self.session.close()

    def _rested(self, shot: Shot) -> None:
        history = self.session.history
        self.sentence.value, self.bars.value = sentence(shot.report), bars(shot.readings)
        self.go_on.disabled = shot.scene.recipe is None
        self.undo.disabled, self.redo.disabled = history.at == 0, history.at == len(history.scenes) - 1

    def _copy(self) -> None:
        self.tools.open("Save")
        self.session.stage.say("Copy the code below into a cell of your own.")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        still, shot = None, self.session.shot
        if shot is not None:
            still = image_grid([shot.before, shot.after], columns=2, labels=["before", str(shot.scene)], size=256)
        return still_bundle(self.box, still, "The studio: a face, its edits, and what they did")
