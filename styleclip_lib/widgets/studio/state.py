"""What the studio shows and has shown: scenes, their history, favourites, and recipes as files. Plain Python."""

from __future__ import annotations

import copy
import json
from dataclasses import dataclass, field
from pathlib import Path

from ... import __version__
from ...errors import StyleclipError
from ...paths import written_whole
from . import edits as studio_edits
from . import faces as studio_faces
from .faces import Recipe

MOST = 200
"""Scenes that a history keeps."""


@dataclass(frozen=True)
class Scene:
    """A face and the edit of it, if there is one; see `studio_faces` and `studio_edits` for what stands in them."""

    face: Recipe
    edit: Recipe | None = None

    def __str__(self) -> str:
        return f"{studio_faces.described(self.face)}: {studio_edits.described(self.edit)}"


@dataclass
class StudioState:
    """The scene that is shown, those before it and, after an undo, those behind it; and those that somebody liked.

    A slider that is dragged shows many scenes; `rest` puts the one at which it rests into the history.
    """

    domain: str
    scene: Scene
    history: list[Scene] = field(default_factory=list)
    at: int = 0
    favourites: list[Scene] = field(default_factory=list)

    def __post_init__(self):
        self.history = [self.scene]

    def rest(self, scene: Scene) -> bool:
        """The scene stays: it becomes the newest of the history, and what was undone before is forgotten. False if nothing is new."""
        self.scene = scene
        if scene == self.history[self.at]:
            return False
        self.history = [*self.history[: self.at + 1], copy.deepcopy(scene)][-MOST:]
        self.at = len(self.history) - 1
        return True

    def go_to(self, number: int) -> Scene:
        """Back or forward to a scene of the history. Raises StyleclipError if it has no such number."""
        if not 0 <= number < len(self.history):
            raise StyleclipError("There is nothing to undo." if number < 0 else "There is nothing to redo.")
        self.at = number
        self.scene = self.history[number]
        return self.scene

    def undo(self) -> Scene:
        """The scene before this one. Raises StyleclipError if this is the first."""
        return self.go_to(self.at - 1)

    def redo(self) -> Scene:
        """The scene that was undone last. Raises StyleclipError if there is none."""
        return self.go_to(self.at + 1)

    def like(self) -> bool:
        """Makes the scene a favourite; False if it is one already."""
        if self.scene in self.favourites:
            return False
        self.favourites.append(copy.deepcopy(self.scene))
        return True

    def favourite_faces(self) -> dict[str, Recipe]:
        """The faces of the favourites by name; where an edit made a latent code, that is the face."""
        faces = {}
        for number, scene in enumerate(self.favourites):
            edited = studio_edits.moves_code(scene.edit)
            faces[f"favourite {number + 1}"] = {"edited": scene.face, "edit": scene.edit} if edited else scene.face
        return faces

    def recipe(self) -> dict:
        """What makes the scene again: domain, face, edit, library version."""
        return {"domain": self.domain, "face": self.scene.face, "edit": self.scene.edit, "version": __version__}

    def save_recipe(self, path: str | Path) -> Path:
        """Writes the recipe as JSON, whole or not at all. Raises StyleclipError if the place cannot be written."""
        with written_whole(path) as partial:
            partial.write_text(json.dumps(self.recipe(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        return Path(path)

    def read_recipe(self, content: bytes) -> Scene:
        """The scene of a recipe. Raises StyleclipError for what is no recipe, or one of another domain."""
        try:
            recipe = json.loads(content)
            domain, face, edit = recipe["domain"], recipe["face"], recipe["edit"]
            scene = Scene(face, edit)
            str(scene)  # finds what is missing in it
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StyleclipError("This is not a recipe of the studio: choose a .json file that was saved here.") from error
        if domain != self.domain:
            raise StyleclipError(f"This recipe is of the domain '{domain}', and the studio has '{self.domain}' open.")
        return scene
