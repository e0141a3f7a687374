"""What every method of editing returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

from torch import Tensor

from .face import Face

if TYPE_CHECKING:
    from .prompt import Prompt
    from .recipes import Recipe


@dataclass
class Edit:
    """An edited face.

    start    the face before the edit;  end: the method's result, at strength 1
    recipe   the settings that make the edit again, including its strength
    prompt   the text; None if the recipe does not need one
    history  one list for each loss, a number for each step, for plotting
    frames   some pictures on the optimisation path, [1, 3, R, R] each, for an animation
    """

    start: Face
    end: Face
    recipe: Recipe
    prompt: Prompt | None = None
    history: dict[str, list[float]] = field(default_factory=dict)
    frames: list[Tensor] = field(default_factory=list)

    @cached_property
    def face(self) -> Face:
        """The new face."""
        strength = self.recipe.strength
        assert strength != "auto", "an edit that was made knows its strength"
        return self.start.toward(self.end, strength)

    @property
    def image(self) -> Tensor:
        """Its picture, [1, 3, R, R] in [-1, 1]."""
        return self.face.image

    @property
    def w_plus(self) -> Tensor:
        """Its latent code [1, num_ws, w_dim]; for an edit in StyleSpace that before the edit, since no w_plus has exactly its styles."""
        return self.face.w_plus

    @property
    def styles(self) -> Tensor:
        """Its styles [1, num_channels]."""
        return self.face.styles[0]

    @property
    def rgb_styles(self) -> Tensor:
        """Its styles of the toRGB layers [1, num_rgb_channels]."""
        return self.face.styles[1]

    def at(self, strength: float) -> Edit:
        """The same edit at another strength: 0 is the face before it, 1 the method's result, more exaggerates."""
        if strength == self.recipe.strength:
            return self
        return replace(self, recipe=replace(self.recipe, strength=strength))
