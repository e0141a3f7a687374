"""The studio: a face, all methods of editing it, and what the edit did, in one widget."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import ipywidgets

from ...images import image_grid
from ...models import Models
from ..toolkit.controls import EMPTY, button, helped, row
from ..toolkit.stage import still_bundle
from .channels import ChannelsTab
from .code import as_code
from .face import FaceTab
from .keeping import HistoryTab, SaveTab
from .mixing import BlendTab, MixTab
from .renderer import Shot
from .scenes import Scene
from .score import STYLE, bars, score
from .session import Session
from .style import StyleTab
from .text import TextTab

SIZE = 376
"""Pixels of the face on the screen, whatever the generator's."""

TABS = {"Face": FaceTab, "Text": TextTab, "Mix": MixTab, "Blend": BlendTab, "Channels": ChannelsTab, "Style": StyleTab,
        "History": HistoryTab, "Save": SaveTab}


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

        self.compare = helped(ipywidgets.FloatSlider(0.0, min=0, max=1, step=0.01, description="before", readout=False,
                                                     style={"description_width": "50px"}, layout=ipywidgets.Layout(width="98%")),
                              "Move to the right to lay the face before over the face after")
        self.undo = button("Undo", lambda: session.go(session.history.undo), "Back to the scene before", icon="undo")
        self.redo = button("Redo", lambda: session.go(session.history.redo), "Forward again", icon="repeat")
        self.like = button("Favourite", session.like, "Keep this scene in the list of favourites", icon="star")
        self.copy = button("Copy as code", self._copy, "Show the Python that makes this picture", icon="code")
        self.score, self.bars = ipywidgets.HTML(), ipywidgets.HTML()
        self.tabs = {title: tab(session) for title, tab in TABS.items()}
        self.tab = ipywidgets.Tab([tab.box for tab in self.tabs.values()])
        for number, title in enumerate(self.tabs):
            self.tab.set_title(number, title)  # `titles=` is silently ignored by ipywidgets 7
        self.box = self._laid_out()
        self.compare.observe(lambda change: session.stage.worker.submit(lambda: session.lay_over(change["new"]), "compare"), names="value")
        session.on_rest(self._rested)
        session.begin()

    def _laid_out(self) -> ipywidgets.Widget:
        """Picture on the left, tabs and readings on the right; where it is narrow these go below, and words beside the picture."""
        layout, stage, side = ipywidgets.Layout, self.session.stage, f"{SIZE}px"
        stage.picture.layout = layout(width=side, height=side, flex="0 0 auto", border="1px solid var(--jp-border-color2)")
        stage.picture.value = stage.picture.value or EMPTY
        stage.status.layout, self.score.layout = layout(min_height="40px", flex="0 0 auto"), layout(flex="0 0 auto")
        words = ipywidgets.VBox([stage.status, self.score], layout=layout(height="168px", overflow="auto"))  # so that nothing jumps
        self.bars.layout = layout(min_height="140px", width="98%")
        self.tab.layout = layout(height="470px", width="auto")
        said = ipywidgets.VBox([self.compare, row(self.undo, self.redo, self.like, self.copy), self.session.progress.box, words],
                               layout=layout(flex="1 1 210px", max_width=f"{SIZE + 8}px"))
        screen = row(stage.picture, said, flex=f"1 1 {SIZE + 8}px")
        right = ipywidgets.VBox([self.tab, self.bars], layout=layout(flex="1000 1 420px", min_width="300px"))
        both = row(screen, right)
        screen.layout.align_items = both.layout.align_items = "flex-start"
        style = ipywidgets.HTML(STYLE, layout=layout(height="0px", margin="0px"))
        box = ipywidgets.VBox([style, both], layout=layout(max_width="1200px"))
        box.add_class("sc-studio")
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
        self.score.value, self.bars.value = score(shot.report), bars(shot.readings)
        self.undo.disabled, self.redo.disabled = history.at == 0, history.at == len(history.scenes) - 1

    def _copy(self) -> None:
        self.tab.selected_index = list(self.tabs).index("Save")
        self.session.stage.say("The code is in the tab Save: copy it into a cell of your own.")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        still, shot = None, self.session.shot
        if shot is not None:
            still = image_grid([shot.before, shot.after], columns=2, labels=["before", str(shot.scene)], size=256)
        return still_bundle(self.box, still, "The studio: a face, its edits, and what they did")
