"""From a scene to pictures and numbers. Plain Python, no widgets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from ...editing.directions.global_directions import GlobalDirections
from ...editing.recipes import NEUTRAL
from ...errors import StyleclipError
from ...evaluation.report import EditReport, measure_edit
from ...models import Models
from .edits import Edits, Moved, asked, moves_code
from .faces import Faces, Recipe, Watch, is_picture
from .state import Scene

PREVIEW = 128
"""While something is dragged, no picture is drawn larger than this."""


@dataclass
class Shot:
    """A scene, taken.

    scene    what was carried out; an optimisation that was stopped says so
    before, after  [1, 3, R, R] in [-1, 1]; smaller in a preview
    report   what the edit did (None without an edit, and in a preview)
    readings what the attributes of before and after are (None in a preview, and in a domain without attributes)
    """

    scene: Scene
    before: torch.Tensor
    after: torch.Tensor
    report: EditReport | None = None
    readings: tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]] | None = None


class Renderer:
    """Takes scenes. What takes seconds (inversions, optimisations) is remembered.

    directions, mappers = as `Edits` takes them
    """

    def __init__(self, models: Models, directions: GlobalDirections | None = None, mappers: Sequence[str | Path] = ()):
        self.models, self.faces, self.edits = models, Faces(models), Edits(models, directions, mappers)
        self._texts: dict[str, str] = {}
        self._full: Shot | None = None
        self._start: tuple[object, torch.Tensor, torch.Tensor] | None = None

    def shot(self, scene: Scene, preview: bool = False, watch: Watch | None = None, wanted: Callable[[], bool] = lambda: True) -> Shot:
        """Draws a scene, and measures it unless it is a preview.

        preview = draw small, and take the encoder's guess where a picture is not inverted yet
        watch = sees every step of an inversion or an optimisation, and may end it
        wanted = whether somebody still waits for the measurements, asked before each of them

        Raises StyleclipError for what cannot be carried out.
        """
        full = not preview or (self._small(preview) is None and self._known(scene.face))
        if self._full is not None and full and self._full.scene == scene:
            return self._measured(self._full, preview, wanted)  # the preview was as large, and all that is missing are the numbers
        start, before = self._before(scene.face, preview, watch)
        shot = Shot(scene, before, before)
        if scene.edit is not None:
            moved = self.edits.moved(start, scene.edit, watch)
            shot = Shot(Scene(scene.face, moved.edit), before, self.draw(moved, preview))
        self._full = shot if full and self._known(scene.face) else None
        return self._measured(shot, preview, wanted)

    @torch.no_grad()
    def code(self, face: Recipe, preview: bool = False, watch: Watch | None = None) -> torch.Tensor:
        """The latent code of a face, [1, num_ws, w_dim]. Raises StyleclipError if it cannot be made."""
        if "seed" in face:
            return self.models.sample(face["seed"], face["truncation_psi"])
        if is_picture(face):
            guess = self.faces.guess(face) if preview else None
            if guess is not None:
                return guess
            with torch.enable_grad():
                return self.faces.invert(face, watch)
        if "mixed" in face:
            a, b = (self.code(one, preview, watch) for one in face["mixed"])
            first, last = face["layers"]
            return torch.cat([a[:, :first], b[:, first:last], a[:, last:]], dim=1)
        if "blended" in face:
            parts = [weight * self.code(one, preview, watch) for weight, one in zip(face["weights"], face["blended"])]
            return sum(parts[1:], parts[0])
        if not moves_code(face["edit"]):
            raise StyleclipError("Only what a mapper or an optimisation made has a latent code to go on from; to say more with global "
                                 "directions, add a text.")
        return self.edits.moved(self.code(face["edited"], preview, watch), face["edit"], watch).w_plus

    def takes_long(self, scene: Scene) -> bool:
        """Whether there is an optimisation or an inversion to be done first, of which the steps are worth watching."""
        if not self._known(scene.face):
            return True
        return scene.edit is not None and scene.edit["method"] == "optimization" and not self.edits.ready(self.code(scene.face), scene.edit)

    def text(self, edit: Recipe | None) -> str:
        """What an edit was asked for, as one text; "" if no text says it."""
        if edit is not None and edit["method"] == "mapper" and edit["mapper"] not in self._texts:
            self._texts[edit["mapper"]] = self.edits.mapper(edit["mapper"]).recipe.get("text", "")
        return asked(edit, self._texts)

    def _known(self, face: Recipe) -> bool:
        if is_picture(face):
            return self.faces.known(face)
        inner = face.get("mixed") or face.get("blended") or [face[name] for name in ("edited",) if name in face]
        if not all(self._known(one) for one in inner):
            return False
        return "edited" not in face or self.edits.ready(self.code(face["edited"]), face["edit"])

    def _before(self, face: Recipe, preview: bool, watch: Watch | None) -> tuple[torch.Tensor, torch.Tensor]:
        """A face's code and picture; those of the last face are kept, because a slider mostly moves its edit."""
        asked_for = face, preview and not self._known(face), preview
        if self._start is None or self._start[0] != asked_for:
            w_plus = self.code(face, preview, watch)
            self._start = asked_for, w_plus, self.draw(Moved({}, w_plus), preview)
        return self._start[1:]

    @torch.no_grad()
    def draw(self, moved: Moved, preview: bool = False) -> torch.Tensor:
        """The picture at which an edit arrives, [1, 3, R, R] in [-1, 1]; smaller in a preview."""
        generator, stop_at = self.models.generator, self._small(preview)
        if moved.shift is None:
            return generator.synthesis(moved.w_plus, stop_at=stop_at).clamp(-1, 1)
        styles = torch.cat(generator.styles(moved.w_plus), dim=1) + moved.shift
        return generator.from_styles(*generator.split_styles(styles), stop_at=stop_at).clamp(-1, 1)

    def _small(self, preview: bool) -> int | None:
        """The resolution at which a preview stops; None where the whole picture is no larger."""
        resolutions = self.models.generator.synthesis.resolutions
        return max(r for r in resolutions if r <= PREVIEW) if preview and resolutions[-1] > PREVIEW else None

    @torch.no_grad()
    def _measured(self, shot: Shot, preview: bool, wanted: Callable[[], bool]) -> Shot:
        """A copy of the shot with all numbers, unless it is a preview; with some of them if nobody wants the others any more."""
        if preview:
            return shot
        shot = replace(shot)
        for picture in (shot.before, shot.after):
            if self.models.attributes is not None and wanted():
                shot.readings = (*(shot.readings or ()), self.models.attributes(picture))
        if shot.scene.edit is not None and wanted():
            shot.report = measure_edit(self.models, shot.before, shot.after, self.text(shot.scene.edit) or NEUTRAL)
        return shot
