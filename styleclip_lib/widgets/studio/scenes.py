"""Scenes: a face, and what is made of it. They are what the studio shows, remembers and saves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ... import __version__
from ...editing.recipes import Recipe
from ...editing.saved_edit import SavedEdit
from ...editing.sources import Edited, Seed, Source
from ...errors import StyleclipError

FIRST = Seed()
"""The face with which a studio begins."""

MOST = 200
"""Scenes that a history keeps."""


@dataclass(frozen=True, kw_only=True)
class Scene(SavedEdit):
    """A face and the edit of it, if there is one; files hold the same."""

    face: Source = FIRST

    def __str__(self) -> str:
        return f"{self.face}: {'unedited' if self.recipe is None else self.recipe.described(self.text)}"

    @property
    def result(self) -> Source:
        """What the scene shows, as a face to go on from."""
        return self.face if self.recipe is None else Edited(self.face, self.recipe, self.text, self.neutral)

    def edited(self, recipe: Recipe | None, text: str = "", neutral: str | None = None) -> Scene:
        """The same face with another edit."""
        return replace(self, recipe=recipe, text=text, neutral=neutral)

    def differs_in_strength(self, other: Scene) -> bool:
        """Whether the other scene is the same edit at another strength."""
        if self.recipe is None or other.recipe is None:
            return False
        return replace(self, recipe=replace(self.recipe, strength=other.recipe.strength)) == other

    @classmethod
    def read(cls, content: bytes, domain: str) -> Scene:
        """The scene in a file, also of an older version. Raises StyleclipError for anything else, and for a scene of another domain."""
        scene = cls.from_json(content)
        if scene.domain != domain:
            raise StyleclipError(f"This recipe is of the domain {scene.domain[:60]!r}, and the studio has '{domain}' open.")
        return replace(scene, version=__version__)


@dataclass
class History:
    """The scenes at which somebody rested, and which of them is shown; behind it are those that were undone.

    favourites  the scenes that somebody liked
    """

    scenes: list[Scene]
    at: int = 0
    favourites: list[Scene] = field(default_factory=list)

    @property
    def scene(self) -> Scene:
        """The one that is shown."""
        return self.scenes[self.at]

    def rest(self, scene: Scene) -> bool:
        """The scene stays: it becomes the newest, and what was undone before is forgotten. False if nothing is new."""
        if scene == self.scene:
            return False
        self.scenes = [*self.scenes[: self.at + 1], scene][-MOST:]
        self.at = len(self.scenes) - 1
        return True

    def go_to(self, number: int) -> Scene:
        """Back or forward to a scene. Raises StyleclipError if there is no such number."""
        if not 0 <= number < len(self.scenes):
            raise StyleclipError("There is nothing to undo." if number < 0 else "There is nothing to redo.")
        self.at = number
        return self.scene

    def edits(self) -> list[int]:
        """The numbers of the scenes, without those that are followed by the same edit at another strength."""
        last = len(self.scenes) - 1
        return [number for number, scene in enumerate(self.scenes)
                if number == last or not scene.differs_in_strength(self.scenes[number + 1])]

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
        self.favourites.append(self.scene)
        return True
