"""The studio: a face, all methods of editing it, and what the edit did, in one widget."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

import ipywidgets
import torch

from ...editing.directions.global_directions import GlobalDirections
from ...images import image_grid
from ...models import Models
from ..toolkit.controls import EMPTY, button, helped, row
from ..toolkit.stage import Drawing, Stage, still_bundle
from . import pages as studio_pages
from .blend import BlendTab
from .channels import ChannelsTab
from .code import as_code
from .edits import PREPARING
from .face import FaceTab
from .faces import STEPS, Recipe, is_picture
from .history import HistoryTab
from .mix import MixTab
from .renderer import Renderer, Shot
from .save import SaveTab
from .state import Scene, StudioState
from .text import TextTab

REST = 0.3
"""Seconds without a move after which a scene is measured and put into the history."""

SIZE = 376
"""Pixels of the face on the screen, whatever the generator's."""


class Studio:
    """Take a face, edit it with sentences, see what the edit did, get the code that does it.

    models      the domain; its directions and mappers are used
    scene       what is shown first
    folder      where pictures and recipes are saved
    directions  global directions other than those of the domain
    mappers     files of mappers besides those that come with the domain
    threaded    False computes in the thread that asks, for tests

    There is one studio at a time: opening another one, as running its cell again does, ends the work of the one before.
    """

    _open: ClassVar[weakref.ref[Studio] | None] = None

    def __init__(self, models: Models, scene: Scene | None = None, folder: str | Path = ".", directions: GlobalDirections | None = None,
                 mappers: Sequence[str | Path] = (), threaded: bool = True):
        before = Studio._open and Studio._open()
        if before is not None:
            before.close()
        Studio._open = weakref.ref(self)
        self.models, self.folder = models, Path(folder)
        self.renderer, self.stage = Renderer(models, directions, mappers), Stage(threaded)
        self.state = StudioState(models.domain, scene or Scene({"seed": 1, "truncation_psi": 0.7}))
        self.scene = self.state.scene
        self.shot: Shot | None = None
        self._stop, self._following = threading.Event(), False

        self.compare = helped(ipywidgets.FloatSlider(0.0, min=0, max=1, step=0.01, description="before", readout=False,
                                                     style={"description_width": "50px"}, layout=ipywidgets.Layout(width="98%")),
                              "Move to the right to lay the face before over the face after")
        self.undo = button("Undo", lambda: self.go(self.state.undo), "Back to the scene before", icon="undo")
        self.redo = button("Redo", lambda: self.go(self.state.redo), "Forward again", icon="repeat")
        self.like = button("Favourite", self._like, "Keep this scene in the list of favourites", icon="star")
        self.copy = button("Copy as code", self._copy, "Show the Python that makes this picture", icon="code")
        self.halt = button("Stop", self.stop, "End an optimisation or an inversion here, and keep the best so far", icon="stop")
        self.progress = ipywidgets.FloatProgress(0.0, min=0, max=1, layout=ipywidgets.Layout(flex="1 1 80px", width="auto"))
        self.score, self.bars = ipywidgets.HTML(), ipywidgets.HTML()
        self.tabs = {"Face": FaceTab(self), "Text": TextTab(self), "Mix": MixTab(self), "Blend": BlendTab(self),
                     "Channels": ChannelsTab(self), "History": HistoryTab(self), "Save": SaveTab(self)}
        self.tab = ipywidgets.Tab([tab.box for tab in self.tabs.values()],
                                  layout=ipywidgets.Layout(flex="1000 1 420px", min_width="300px", height="640px"))
        for number, title in enumerate(self.tabs):
            self.tab.set_title(number, title)  # `titles=` is silently ignored by ipywidgets 7
        self.box = self._laid_out()
        self.compare.observe(lambda _: self.stage.worker.submit(self._compare, "compare"), names="value")
        self.stage.compute(lambda: self._take(self.scene, preview=False))

    def _laid_out(self) -> ipywidgets.Widget:
        """Picture and tabs side by side; where it is narrow the tabs go below, and what is said of the picture goes beside it."""
        layout, side = ipywidgets.Layout, f"{SIZE}px"
        self.stage.picture.layout = layout(width=side, height=side, flex="0 0 auto", border="1px solid var(--jp-border-color2)")
        self.stage.picture.value = self.stage.picture.value or EMPTY
        self.stage.status.layout, self.score.layout = layout(min_height="40px", flex="0 0 auto"), layout(flex="0 0 auto")
        words = ipywidgets.VBox([self.stage.status, self.score], layout=layout(height="168px", overflow="auto"))  # so that nothing jumps
        self.bars.layout = layout(min_height="140px")
        said = ipywidgets.VBox([self.compare, row(self.undo, self.redo, self.like, self.copy),
                               ipywidgets.HBox([self.progress, self.halt]), words],
                               layout=layout(flex="1 1 210px", max_width=f"{SIZE + 8}px"))
        screen = row(self.stage.picture, said, flex=f"1 1 {SIZE + 8}px")
        screen.layout.align_items = "flex-start"
        both = row(screen, self.tab)
        both.layout.align_items = "flex-start"
        style = ipywidgets.HTML(studio_pages.STYLE, layout=layout(height="0px", margin="0px"))
        box = ipywidgets.VBox([style, both, self.bars], layout=layout(max_width="1100px"))
        box.add_class("sc-studio")
        return box

    # --- what the tabs ask for ---------------------------------------------------------------------------------------

    @property
    def following(self) -> bool:
        """Whether the controls are being set to a scene, so that their changes are nobody's wish."""
        return self._following

    def change_face(self, face: Recipe) -> None:
        """Shows another face with the same edit; an optimisation, which belonged to the face before, is left behind."""
        edit = self.scene.edit
        self.show(Scene(face, None if edit is not None and edit["method"] == "optimization" else edit))

    def change_edit(self, edit: Recipe | None) -> None:
        """Shows another edit of the face."""
        self.show(Scene(self.scene.face, edit))

    def show(self, scene: Scene) -> None:
        """Draws a scene: at once as a preview; measured, and into the history, when nothing moves any more."""
        self.stop()
        self.stage.worker.cancel("long", "rest", "find")
        self._stop = threading.Event()
        self.scene = scene
        if not self.renderer.takes_long(scene):
            working = "" if self.renderer.edits.prepared(scene.edit) else PREPARING
            self.stage.request(lambda: self._take(scene, preview=True), working, kind="draw")
            self.stage.request(lambda: self._take(scene, preview=False), kind="rest", delay=REST)
            return
        if scene.edit is None and is_picture(scene.face):
            self.stage.request(lambda: self._take(scene, preview=True), kind="draw")
        stop = self._stop
        self.stage.request(lambda: self._take(scene, preview=False, stop=stop), "This takes some seconds; Stop keeps the best so far ...",
                           kind="long")

    def stop(self) -> None:
        """Ends an optimisation or an inversion; the best so far is kept."""
        self._stop.set()

    def go(self, step: Callable[[], Scene]) -> None:
        """Shows a scene that was there before, or that was loaded, and sets the controls to it; says what is wrong with it, if anything."""
        self.stage.attempt(lambda: self._go(step()))

    def _go(self, scene: Scene) -> None:
        self.follow(scene)
        self.show(scene)

    def follow(self, scene: Scene) -> None:
        """Sets the controls to a scene."""
        self._following = True
        try:
            for tab in self.tabs.values():
                tab.follow(scene)
        finally:
            self._following = False

    def save(self, name: str) -> str:
        """Writes the picture and its recipe; says where. Raises StyleclipError if that cannot be, or nothing is shown yet."""
        return self.tabs["Save"].save(name)

    @property
    def code(self) -> str:
        """The Python that makes the picture."""
        return as_code(self.models, self.state.scene.face, self.state.scene.edit)

    def close(self) -> None:
        """Ends all work; the controls go on showing what they showed last."""
        self.stop()
        self.stage.close()

    # --- in the worker -----------------------------------------------------------------------------------------------

    def _take(self, scene: Scene, preview: bool, stop: threading.Event | None = None) -> Drawing:
        steps = STEPS if scene.edit is None or scene.edit["method"] != "optimization" else scene.edit["steps"]

        def watch(step: int, image: torch.Tensor) -> bool:
            if self.stage.worker.cancelled():
                return True
            self.progress.value = min(1.0, (step + 1) / steps)
            before = self.shot.before if self.shot is not None and self.shot.before.shape == image.shape else image
            self.stage.show(studio_pages.split_view(before, image.clamp(-1, 1), self.compare.value))
            counted = f" of {steps}" if step < steps else ""
            self.stage.say(f"Step {step + 1}{counted}; Stop keeps the best so far.")
            return stop is not None and stop.is_set()

        shot = self.renderer.shot(scene, preview, watch, wanted=lambda: not self.stage.worker.cancelled())
        if not self.stage.worker.cancelled():
            self.shot = shot
            if not preview:
                self._rest(shot)
        return studio_pages.split_view(shot.before, shot.after, self.compare.value), str(shot.scene)

    def _rest(self, shot: Shot) -> None:
        """Writes everything that is said about a scene which stays."""
        self.scene = shot.scene  # an optimisation that was stopped says so in it
        self.state.rest(shot.scene)
        self.score.value, self.bars.value = studio_pages.score(shot.report), studio_pages.bars(shot.readings)
        self._refresh()

    def _refresh(self) -> None:
        self.undo.disabled, self.redo.disabled = self.state.at == 0, self.state.at == len(self.state.history) - 1
        for tab in self.tabs.values():
            tab.refresh()

    def _compare(self) -> None:
        if self.shot is not None:
            self.stage.show(studio_pages.split_view(self.shot.before, self.shot.after, self.compare.value))

    # --- buttons -----------------------------------------------------------------------------------------------------

    def _like(self) -> None:
        said = "It is in the list of favourites now." if self.state.like() else "It is a favourite already."
        self._refresh()
        self.stage.say(said)

    def _copy(self) -> None:
        self.tabs["Save"].refresh()
        self.tab.selected_index = list(self.tabs).index("Save")
        self.stage.say("The code is in the tab Save: copy it into a cell of your own.")

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, object]:
        still = None
        if self.shot is not None:
            labels = ["before", str(self.shot.scene)]
            still = image_grid([self.shot.before, self.shot.after], columns=2, labels=labels, size=256)
        return still_bundle(self.box, still, "The studio: a face, its edits, and what they did")
