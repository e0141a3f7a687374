"""The studio's tab for texts: the same wish by global directions, by a mapper, or by optimisation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from ...editing.recipes import NEUTRAL, Change
from ...errors import StyleclipError
from ...networks.mapper import LEVELS
from ..lessons.directions import ALPHA, BETA, at_share, said
from ..lessons.mapper import STRENGTH
from ..toolkit.controls import button, choice, note, row, slider, switch, text_box, tick
from .edits import PREPARING, change_recipe
from .faces import Recipe
from .state import Scene

if TYPE_CHECKING:
    from .studio import Studio

TEXTS = ("a smiling face", "a face with glasses", "a face with blue hair")
NO_MAPPER = ("This domain comes without mappers. Train one, as in lesson 05, with train_mapper(models, text).save('mine.safetensors'); "
             "then open the studio with Studio(models, mappers=['mine.safetensors']). The other two methods need nothing.")
METHODS = {"global directions": "directions", "mapper": "mapper", "optimisation": "optimization"}


class TextTab:
    """Three methods, each with its own controls."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.method = switch(list(METHODS), "Global directions: at once, several texts. Mapper: texts that were learnt. Optimisation: any "
                                            "text, takes seconds")
        self.pages = {"directions": self._directions(), "mapper": self._mapper(), "optimization": self._optimisation()}
        self.page = ipywidgets.VBox([self.pages["directions"]])
        clear = button("No edit", lambda: studio.go(lambda: Scene(studio.scene.face)), "The face as it is", icon="times")
        self.box = ipywidgets.VBox([note("Say what the face should become, and how much of it."), self.method, self.page, row(clear)])
        self.method.observe(lambda change: setattr(self.page, "children", [self.pages[METHODS[change["new"]]]]), names="value")

    def follow(self, scene: Scene) -> None:
        """Sets the controls of the method that the scene's edit has, and clears those of the others."""
        edit = scene.edit or {"method": ""}
        changes = edit["changes"] if edit["method"] == "directions" else []
        for (text, alpha), one in zip(self.rows, self._in_rows(changes)):
            text.value, alpha.value = (one["text"], one["alpha"]) if one else (text.value, 0.0)
        if changes:
            self.neutral.value = changes[0]["neutral"]
        if edit["method"] == "mapper" and edit["mapper"] in self.studio.renderer.edits.mappers:
            self.mapper.value, self.strength.value = edit["mapper"], edit["strength"]
            for level, box in self.levels.items():
                box.value = level in edit["acting"]
        if edit["method"] == "optimization":
            self.text.value, self.steps.value, self.reached.value = edit["text"], edit["steps"], edit["strength"]
        if edit["method"] in self.pages:
            self.method.value = next(name for name, method in METHODS.items() if method == edit["method"])

    def refresh(self) -> None:
        """Has nothing to follow."""

    def _in_rows(self, changes: list[Recipe]) -> list[Recipe | None]:
        """Each change in the row that has its text already, or else in one that nobody needs."""
        said = {one["text"]: one for one in changes}
        placed = [said.pop(text.value, None) for text, _ in self.rows]
        return [one or (said.pop(next(iter(said))) if said else None) for one in placed]

    # --- global directions -------------------------------------------------------------------------------------------

    def _directions(self) -> ipywidgets.Widget:
        self.neutral = text_box("neutral text", NEUTRAL, "What the face is before the texts; directions go from here to each of them")
        self.share = slider("threshold", self.studio.models.calibration.beta_share, 0, 0.95, 0.05, BETA)
        self.rows = [(text_box(f"text {i + 1}", text, "What the face should become"),
                      slider("strength alpha", 0.0, -10, 10, 0.25, ALPHA))
                     for i, text in enumerate(TEXTS)]
        find = button("Find the strengths", self._find, "As strong as CLIP gains more than the person loses, for every text", icon="magic")
        for control in (self.neutral, self.share, *(one for pair in self.rows for one in pair)):
            control.observe(lambda _: self._direct(), names="value")
        return ipywidgets.VBox([*(one for pair in self.rows for one in pair), self.neutral, self.share, row(find)])

    def _direct(self) -> None:
        stage = self.studio.stage
        if self.studio.following:
            return
        if self.studio.renderer.edits.prepared({"method": "directions"}):
            stage.attempt(self._change)
        else:
            stage.say(PREPARING)
            stage.worker.submit(lambda: stage.attempt(self._change), "prepare")

    def _change(self) -> None:
        self.studio.change_edit(self._changes())

    def _changes(self) -> Recipe | None:
        """The edit that the rows ask for. Raises StyleclipError for a text that CLIP cannot read."""
        wanted = said([Change(text.value, self.neutral.value, alpha.value) for text, alpha in self.rows])
        changes = [change_recipe(at_share(self.studio.renderer.edits.directions, change, self.share.value)) for change in wanted]
        return {"method": "directions", "changes": changes} if changes else None

    def _find(self) -> None:
        texts = [text.value for text, _ in self.rows if text.value.strip()]
        asked = [text.value for text, alpha in self.rows if text.value.strip() and alpha.value] or texts[:1]
        self.studio.stage.say("Looking for the strengths, some seconds ...")
        self.studio.stage.worker.submit(lambda: self.studio.stage.attempt(lambda: self._found(asked)), "find")

    def _found(self, texts: list[str]) -> None:
        """In the worker: the strengths of all texts, one after the other, as one edit."""
        if not texts:
            raise StyleclipError("Say what the face should become first, such as: a smiling face")
        renderer, face = self.studio.renderer, self.studio.scene.face
        w_plus = renderer.code(face)
        found = []
        for text in texts:
            found += renderer.edits.strengths(w_plus, text, self.neutral.value)
            if self.studio.stage.worker.cancelled():  # somebody wants something else by now
                return
        edit = {"method": "directions", "changes": found[: len(self.rows)]}
        self.studio.go(lambda: Scene(face, edit if found else None))
        if not found:
            self.studio.stage.say("CLIP finds it true of this face already, or not worth what the person would lose.")

    # --- mapper ------------------------------------------------------------------------------------------------------

    def _mapper(self) -> ipywidgets.Widget:
        names = self.studio.renderer.edits.mappers
        if not names:
            return note(NO_MAPPER)
        self.mapper = choice("mapper", names, "Which of the networks that have learnt one text each")
        self.strength = slider("strength", 1.0, -1, 2, 0.1, STRENGTH)
        self.levels = {level: tick(level, True, f"Whether the {level} layers take part") for level in LEVELS}
        for control in (self.mapper, self.strength, *self.levels.values()):
            control.observe(lambda _: self._map(), names="value")
        apply = button("Apply", self._map, "Edit the face with this mapper", button_style="primary")
        return ipywidgets.VBox([self.mapper, self.strength, row(ipywidgets.Label("levels that act"), *self.levels.values()), row(apply)])

    def _map(self) -> None:
        if not self.studio.following:
            acting = [level for level, box in self.levels.items() if box.value]
            strength = round(self.strength.value, 2)
            self.studio.change_edit({"method": "mapper", "mapper": self.mapper.value, "strength": strength, "acting": acting})

    # --- optimisation ------------------------------------------------------------------------------------------------

    def _optimisation(self) -> ipywidgets.Widget:
        self.text = text_box("text", "a smiling face with glasses", "What the face should become, in a sentence", wait=False)
        self.steps = slider("steps", 50, 5, 150, 5, "Steps of the optimisation; each shows its picture")
        self.start = button("Start", self._start, "Follow CLIP's gradient for this face and this text", button_style="primary", icon="play")
        self.reached = slider("strength", 1.0, -1, 2, 0.05, "Of the result: 1 as it was found, 0 the face itself, 2 exaggerated")
        self.reached.observe(lambda _: self._move(), names="value")
        return ipywidgets.VBox([self.text, self.steps, row(self.start), self.reached])

    def _start(self) -> None:
        self.studio.stage.attempt(self._check)

    def _check(self) -> None:
        text = self.text.value.strip()
        if not text:
            raise StyleclipError("Say what the face should become, such as: a smiling face with glasses")
        self.studio.models.clip.encode_text([text])  # says at once which word is unknown
        self.studio.change_edit({"method": "optimization", "text": text, "steps": self.steps.value, "strength": 1.0})

    def _move(self) -> None:
        edit = self.studio.scene.edit
        if not self.studio.following and edit is not None and edit["method"] == "optimization":
            self.studio.change_edit({**edit, "strength": round(self.reached.value, 2)})
