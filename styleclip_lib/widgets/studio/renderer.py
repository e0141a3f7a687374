"""From a scene to pictures and numbers. Plain Python, no widgets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import torch

from ...editing.face import Face
from ...editing.faces import Faces
from ...editing.prompt import Prompt
from ...editing.recipe import NEUTRAL
from ...editing.recipes import Recipe
from ...editing.result import Edit
from ...editing.sources import Source
from ...evaluation.report import EditReport, measure_edit
from ...models import Models
from ...photos.loading import Photo
from ...portraits.world.attributes import Reading
from .scenes import Scene

PREVIEW = 128
"""While something is dragged, no picture is drawn larger than this."""

KEPT = 30
"""Edits that took steps and are kept, so that nobody waits for them twice."""

Watch = Callable[[int, torch.Tensor], bool]
"""Gets the number of a step and its picture; True ends the work, and the best so far is taken."""


@dataclass
class Shot:
    """A scene, drawn.

    scene    what was carried out: a search that was stopped, or that found its own strength, says so
    before, after  [1, 3, R, R] in [-1, 1]; smaller in a preview
    report   what the edit did (None without an edit, and in a preview)
    readings what the attributes of before and after are (None in a preview, and in a domain without attributes)
    """

    scene: Scene
    before: torch.Tensor
    after: torch.Tensor
    report: EditReport | None = None
    readings: tuple[Reading, Reading] | None = None


class Renderer:
    """Draws scenes. What takes seconds (inversions, searches) is remembered.

    files  the only paths that a scene may name, since it may come from a stranger's recipe
    """

    def __init__(self, models: Models, files: Collection[str] = ()):
        self.models, self.faces = models, Faces(models, files=files)
        self._edits: dict[Scene, Edit] = {}
        self._prompts: dict[tuple[str, str | None], Prompt] = {}
        self._begun: set[type[Recipe]] = set()
        self._start: tuple[Source, bool, Face] | None = None  # a slider mostly moves the edit of the face that is there
        self._last: tuple[Scene, Face, Edit] | None = None

    def take_photos(self, name: str, photos: Sequence[Photo]) -> None:
        """The faces of a picture of one's own; what another one of the same name has led to is forgotten."""
        self.faces.take_photos(name, photos)
        self._edits.clear()
        self._start = self._last = None

    # --- what a scene needs ------------------------------------------------------------------------------------------

    def check(self, scene: Scene) -> None:
        """Raises StyleclipError for what can be said before anything is drawn: a face that is not there, a word that CLIP cannot read."""
        self.faces.check(scene.face)
        if scene.recipe is not None:
            self.faces.check_recipe(scene.recipe)
        self._prompt(scene)
        for change in getattr(scene.recipe, "changes", ()):
            self._understood(change.target, change.neutral)

    def takes_steps(self, scene: Scene) -> bool:
        """Whether the edit is searched for, face by face."""
        return scene.recipe is not None and (hasattr(scene.recipe, "steps") or scene.recipe.strength == "auto")

    def takes_long(self, scene: Scene) -> bool:
        """Whether something has to be searched for or learnt first."""
        if not self.faces.known(scene.face):
            return True
        if scene.recipe is None or _searched(scene) in self._edits:
            return False
        return self.takes_steps(scene) or scene.recipe.steps_ahead(self.models, self._prompt(scene)) > 0

    def steps(self, scene: Scene) -> int:
        """How many steps the longest part of a scene takes, as far as that is known; 1 for what takes none."""
        edit = 0 if scene.recipe is None else scene.recipe.steps_ahead(self.models, self._prompt(scene))
        return edit or getattr(scene.face, "steps", None) or 1

    def prepares(self, scene: Scene) -> str:
        """What to say before a method is used for the first time, which may compute what it needs; else nothing."""
        kind = type(scene.recipe)
        if scene.recipe is None or kind in self._begun:
            return ""
        return f"{kind.TITLE}: the first use loads what is needed, or computes it, where the domain brings none ..."

    # --- pictures ----------------------------------------------------------------------------------------------------

    def face(self, source: Source, preview: bool = False, watch: Watch | None = None) -> Face:
        """The face of a source; in a preview the encoder's guess where a picture is not inverted yet. Raises StyleclipError."""
        guess = preview and not self.faces.known(source)
        if self._start is None or self._start[:2] != (source, guess):
            face = self.faces.of(source, watch, preview)
            self._start = face.source, guess, face
        return self._start[2]

    def shot(self, scene: Scene, preview: bool = False, watch: Watch | None = None, wanted: Callable[[], bool] = lambda: True) -> Shot:
        """Draws a scene, and measures it unless it is a preview.

        preview = draw small, and take the encoder's guess where a picture is not inverted yet
        watch = sees every step of an inversion or a search, and may end it
        wanted = whether somebody still waits for the measurements, asked before each of them

        Raises StyleclipError for what cannot be carried out.
        """
        stop_at = self._small() if preview else None
        start = self.face(scene.face, preview, watch)
        edit = None if scene.recipe is None else self._edit(scene, start, watch)
        if not preview:
            scene = replace(scene, face=start.source, recipe=scene.recipe and scene.recipe.as_done(edit.recipe))
        before = start.draw(stop_at).clamp(-1, 1) if stop_at else start.image.clamp(-1, 1)
        after = before if edit is None else (edit.face.draw(stop_at) if stop_at else edit.image).clamp(-1, 1)
        shot = Shot(scene, before, after)
        return shot if preview else self._measured(shot, wanted)

    def _edit(self, scene: Scene, start: Face, watch: Watch | None) -> Edit:
        """The edit of a scene; one that took steps is kept, and at another strength it is the same."""
        key = _searched(scene)
        if key in self._edits:
            return self._edits[key].at(scene.recipe.strength)
        is_new = self._last is None or self._last[0] != scene or self._last[1] is not start
        if is_new or self.takes_long(scene):  # what takes long was stopped, or is asked for once more
            self._begun.add(type(scene.recipe))
            self._last = scene, start, scene.recipe.apply(self.models, start, self._prompt(scene), watch, progress=False)
        edit = self._last[2]
        if self.takes_steps(scene) and self.faces.known(start.source):
            done = replace(scene, face=start.source, recipe=scene.recipe.as_done(edit.recipe))
            self._edits = dict([*self._edits.items(), (_searched(done), edit)][-KEPT:])
        return edit

    def _prompt(self, scene: Scene) -> Prompt | None:
        return self._understood(scene.text, scene.neutral) if scene.text else None

    def _understood(self, text: str, neutral: str | None) -> Prompt:
        if (text, neutral) not in self._prompts:
            self._prompts[text, neutral] = Prompt.of(self.models, text, neutral)
        return self._prompts[text, neutral]

    def _small(self) -> int | None:
        """The resolution at which a preview stops; None where the whole picture is no larger."""
        resolutions = self.models.generator.synthesis.resolutions
        return max(r for r in resolutions if r <= PREVIEW) if resolutions[-1] > PREVIEW else None

    @torch.no_grad()
    def _measured(self, shot: Shot, wanted: Callable[[], bool]) -> Shot:
        """The shot with all numbers; with some of them if nobody wants the others any more."""
        readings = []
        for picture in (shot.before, shot.after):
            if self.models.attributes is not None and wanted():
                readings += self.models.attributes.read(picture)
        report = None
        if shot.scene.recipe is not None and wanted():
            text = shot.scene.recipe.own_text(self.models) or shot.scene.text
            report = measure_edit(self.models, shot.before, shot.after, shot.scene.recipe.asked_for(text) or NEUTRAL)
        return replace(shot, readings=tuple(readings) if len(readings) == 2 else None, report=report)


def _searched(scene: Scene) -> Scene:
    """The scene at full strength: what has to be searched for once for all strengths."""
    if scene.recipe is None or scene.recipe.strength == "auto":
        return scene
    return replace(scene, recipe=replace(scene.recipe, strength=1.0))
