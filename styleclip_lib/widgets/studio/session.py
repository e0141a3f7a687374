"""What happens in the studio, without its controls: which scene is wanted, which is shown, what was before, what runs.

A tab gets a `Session` and nothing else: it asks for scenes, and hears when it has to follow one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from ...editing.recipes import Recipe
from ...editing.sources import Source
from ...models import Models
from ..toolkit.progress import Progress
from ..toolkit.stage import Stage
from .renderer import Renderer, Shot
from .scenes import History, Scene
from .score import split_view

Watch = Callable[[int, torch.Tensor], bool]
"""Sees the number and the picture of each step, and says whether to end."""

REST = 0.3
"""Seconds without a move after which a scene is measured and put into the history."""

WORKING = "This takes some seconds; Stop keeps the best so far ..."


class Session:
    """One face, its edit, and the way there.

    models    the domain
    folder    where pictures and recipes are saved;  mappers: files of mappers besides those of the domain
    wish      what the line for texts says
    scene     what is wanted now;  history: what was shown and has rested;  shot: what is on the screen
    renderer  draws scenes;  stage: picture, status line and worker;  progress: of what runs
    """

    def __init__(self, models: Models, scene: Scene, folder: str | Path = ".", mappers: Sequence[str | Path] = (), threaded: bool = True):
        self.models, self.folder, self.mappers = models, Path(folder), [str(path) for path in mappers]
        self.renderer, self.stage, self.progress = Renderer(models, files=self.mappers), Stage(threaded), Progress()
        self.scene = replace(scene, domain=models.domain)
        self.history, self.shot = History([self.scene]), None
        self._stop = threading.Event()
        self.wish, self.compare = "", 0.0
        self.following = False
        self._follow: list[Callable[[Scene], None]] = []
        self._rested: list[Callable[[Shot], None]] = []

    # --- for whoever listens -----------------------------------------------------------------------------------------

    def on_follow(self, follow: Callable[[Scene], None]) -> None:
        """Calls this with every scene to which controls have to be set, because nobody moved them there."""
        self._follow.append(follow)

    def on_rest(self, rested: Callable[[Shot], None]) -> None:
        """Calls this with every shot that is on the screen, measured and in the history, and when favourites have changed."""
        self._rested.append(rested)

    # --- what can be asked for ---------------------------------------------------------------------------------------

    def change_face(self, source: Source) -> None:
        """Shows another face with the same edit; one that was searched for in steps belonged to the face before and is left behind."""
        scene = replace(self.scene, face=source)
        self.show(scene.edited(None) if self.renderer.takes_steps(scene) else scene)

    def change_edit(self, recipe: Recipe | None, text: str = "", neutral: str | None = None) -> None:
        """Shows another edit of the face."""
        self.show(self.scene.edited(recipe, text, neutral))

    def show(self, scene: Scene) -> None:
        """Draws a scene: at once as a preview; measured, and into the history, when nothing moves any more.

        What can be said at once to be wrong with it goes into the status line, and nothing changes.
        """
        if not self.following:
            self.stage.attempt(lambda: self._show(scene))

    def _show(self, scene: Scene) -> None:
        scene = replace(scene, domain=self.models.domain)
        self.renderer.check(scene)
        self.stop()
        self.progress.end(self._stop)
        self.stage.worker.cancel("long", "rest")
        self.scene = scene
        if not self.renderer.takes_long(scene):
            self.run(lambda: self.take(scene, preview=True), self.renderer.prepares(scene), kind="draw")
            self.run(lambda: self.take(scene), kind="rest", delay=REST)
            return
        if scene.recipe is None:
            self.run(lambda: self.take(scene, preview=True), kind="draw")
        self._stop = stop = self.progress.begin()
        self.run(lambda: self._search(scene, stop), WORKING, kind="long")

    def show_steps(self, job: Callable[[Watch], None], steps: int) -> None:
        """Does what takes steps, each of which is shown, and leads to no scene: scene and history stay. job gets what sees every step."""
        self.stop()
        self.progress.end(self._stop)
        self.stage.worker.cancel("long", "rest")
        self._stop = stop = self.progress.begin()
        self.run(lambda: self._watched(job, steps, stop), WORKING, kind="long")

    def run(self, job: Callable[[], None], working: str = "", kind: str = "job", delay: float = 0.0) -> None:
        """Does something in the worker; what goes wrong is said in the status line.

        working = what the status line says until then; kind, delay = see `Worker.submit`.
        """
        if working:
            self.stage.say(working)
        self.stage.worker.submit(lambda: self.stage.attempt(job), kind, delay)

    def go(self, step: Callable[[], Scene]) -> None:
        """Shows a scene that was there before, or that was loaded, and sets the controls to it. Says what is wrong with it, if anything."""
        def both() -> None:
            scene = step()
            self.renderer.check(scene)
            self.follow(scene)
            self._show(scene)

        self.stage.attempt(both)

    def follow(self, scene: Scene) -> None:
        """Sets the controls to a scene."""
        self.following = True
        try:
            for follow in self._follow:
                follow(scene)
        finally:
            self.following = False

    def go_on(self) -> None:
        """Takes the result as the face to edit next."""
        self.go(lambda: replace(self.history.scene.edited(None), face=self.history.scene.result))

    def like(self) -> None:
        """Keeps the scene in the list of favourites."""
        self.stage.say("It is in the list of favourites now." if self.history.like() else "It is a favourite already.")
        self.rested()

    def stop(self) -> None:
        """Ends what runs; the best so far is kept."""
        self.progress.stop()

    def wait(self, timeout: float = 600.0) -> None:
        """Returns when everything is drawn and measured; Ctrl-C stops what runs, and keeps the best so far. Raises TimeoutError."""
        try:
            self.stage.worker.wait_idle(timeout)
        except KeyboardInterrupt:
            self.stop()
            self.stage.worker.wait_idle(timeout)

    def begin(self) -> None:
        """Draws the first scene at once, in this thread."""
        self.stage.attempt(lambda: self.take(self.scene))

    def close(self) -> None:
        """Ends all work."""
        self.stop()
        self.stage.close()

    def lay_over(self, share: float) -> None:
        """Shows the face before over the left share of the face after."""
        self.compare = share
        if self.shot is not None:
            self.stage.show(split_view(self.shot.before, self.shot.after, share))

    # --- in the worker -----------------------------------------------------------------------------------------------

    def take(self, scene: Scene, preview: bool = False, watch: Callable[[int, torch.Tensor], bool] | None = None) -> None:
        """Shows a scene; unless it is a preview it rests."""
        try:
            shot = self.renderer.shot(scene, preview, watch or (lambda step, image: not self._is_wanted()), wanted=self._is_wanted)
        except Exception:
            if self._is_wanted():
                self.scene = self.history.scene  # nothing has come of it, so the next wish goes on from what is shown
            raise
        self.stage.present(split_view(shot.before, shot.after, self.compare), str(shot.scene))
        if self._is_wanted():  # asked only now: a picture of 1024 pixels takes a while to write
            self.shot = shot
            if not preview:
                self._keep(shot)

    def _search(self, scene: Scene, stop: threading.Event) -> None:
        """Shows a scene that takes steps, and each of them."""
        self._watched(lambda watch: self.take(scene, watch=watch), self.renderer.steps(scene), stop)

    def _watched(self, job: Callable[[Watch], None], steps: int, stop: threading.Event) -> None:
        """Does what takes steps, each of which is shown."""
        def watch(step: int, image: torch.Tensor) -> bool:
            if not self._is_wanted():
                return True
            self.progress.show((step + 1) / steps)
            self._show_step(image.clamp(-1, 1))
            self.stage.say(f"Step {step + 1}{f' of {steps}' if step < steps else ''}; Stop keeps the best so far.")
            return stop.is_set()

        try:
            job(watch)
        finally:
            self.progress.end(stop)

    def _show_step(self, image: torch.Tensor) -> None:
        before = self.shot.before if self.shot is not None and self.shot.before.shape == image.shape else image
        self.stage.show(split_view(before, image, self.compare))

    def _keep(self, shot: Shot) -> None:
        """Puts what is on the screen into the history, and tells everybody who has something to say about it."""
        asked, self.scene = self.scene, shot.scene  # a search that was stopped, or found its own strength, says so in it
        self.history.rest(shot.scene)
        if shot.scene != asked:
            self.follow(shot.scene)
        self.rested()

    def rested(self) -> None:
        """Tells everybody what is shown and kept by now."""
        if self.shot is not None:
            for rested in self._rested:
                rested(self.shot)

    def _is_wanted(self) -> bool:
        return not self.stage.worker.cancelled()
