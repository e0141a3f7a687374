"""What the recipes of all methods have in common. `Recipe.from_dict` knows the methods in `recipes` once that module is imported."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from ..errors import StyleclipError
from ..settings import Settings, setting

if TYPE_CHECKING:
    from torch import Tensor

    from ..models import Models
    from .face import Face
    from .prompt import Prompt
    from .result import Edit

    OnStep = Callable[[int, Tensor], bool | None]

NEUTRAL = "a face"
"""The neutral text unless another one is given."""

SEEDS = 2**63 - 1
MOST_STEPS = 100_000
TEXT_LENGTH = 1000


@dataclass(frozen=True, kw_only=True)
class Recipe(Settings):
    """What all methods have in common.

    strength   how far to go from the face to the method's result: 0 is the face, 1 the result, more exaggerates; "auto": the best
               trade-off between text and identity (`strength.best_strength`) among `STRENGTHS`
    """

    TAG: ClassVar[str] = "method"
    TITLE: ClassVar[str] = ""
    NEEDS_TEXT: ClassVar[bool] = True
    STRENGTHS: ClassVar[tuple[float, ...]] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0)
    PRESETS: ClassVar[dict[str, Recipe]] = {}
    strength: float | Literal["auto"] = setting(
        1.0, "how far to go: 0 changes nothing, 1 is the method's own result, more exaggerates; auto: the best trade-off between text "
             "and identity", low=-10, high=10, slider=(-1.0, 2.0, 0.05))

    def apply(self, models: Models, face: Face, prompt: Prompt | None = None, on_step: OnStep | None = None, *, frames: int = 0,
              progress: bool = True) -> Edit:
        """Edits a face as the prompt says.

        on_step  called in each step of an iterative method, with the step's number and its picture [1, 3, r, r]; returning True stops it
        frames   number of evenly spaced pictures of the optimisation path to keep, for an animation

        The recipe of the edit is this one with every setting filled in, so that it makes the same edit again without a search.
        Raises StyleclipError for a missing prompt, and for a setting that does not suit the generator or the text.
        """
        self.check(prompt)
        if self.has_nothing_to_do(prompt):
            return self._unchanged(face, prompt)
        edit = self._edited(models, face, prompt, on_step, frames, progress)
        if self.strength != "auto":
            return edit.at(self.strength)
        from .strength import best_strength

        text_prompt = self.required(prompt)
        return edit.at(best_strength(face.on(models), lambda strength: edit.at(strength).image, text_prompt, strengths=self.STRENGTHS))

    def as_done(self, done: Recipe) -> Recipe:
        """This recipe with what only the edit determined: the strength, and the step at which it was ended early.

        done  the recipe of the edit, with every setting filled in
        """
        if self.strength == "auto":
            return done
        ended = getattr(done, "stop_after", None)
        return replace(self, stop_after=ended) if hasattr(self, "stop_after") else self

    def prepare(self, models: Models, prompt: Prompt | None = None, progress: bool = True) -> Recipe:
        """Loads, computes or trains everything that the method needs besides the face, so that errors come before an inversion.

        Returns the recipe to continue with: this one, or one that records where Ctrl-C ended a training.
        Raises StyleclipError as `apply` does.
        """
        self.check(prompt)
        return self

    def steps_ahead(self, models: Models, prompt: Prompt | None = None) -> int:
        """The number of steps that `apply` will take: 0 if the result is available at once."""
        return 0

    @classmethod
    def choices(cls, models: Models, files: Sequence[str] = ()) -> dict[str, list]:
        """The choices of fields that depend on the domain: for each field's name a list of values, or of pairs (label, value).

        files  further files of weights
        """
        return {}

    def own_text(self, models: Models) -> str:
        """The recipe's own text, whatever the prompt says; "" if it has none."""
        return ""

    def asked_for(self, text: str = "") -> str:
        """The target as one text to measure by; "" if there is none."""
        return text

    def described(self, text: str = "") -> str:
        """The edit in a few words."""
        return f"{text} ({self.TITLE.lower()}{'' if self.strength == 1 else f', strength {self.strength}'})"

    def required(self, prompt: Prompt | None) -> Prompt:
        """The prompt. Raises StyleclipError if there is none."""
        if prompt is None:
            raise StyleclipError(f"The method '{self.KIND}' needs a text: say what the face should become, such as 'a smiling face'.")
        return prompt

    def check(self, prompt: Prompt | None) -> None:
        """Raises StyleclipError if a required prompt is missing."""
        if self.NEEDS_TEXT or self.strength == "auto":
            self.required(prompt)

    def has_nothing_to_do(self, prompt: Prompt | None) -> bool:
        """Whether the edit follows the prompt, and the neutral text already says everything that the target text asks for."""
        return prompt is not None and prompt.is_described and self.asked_for(prompt.text) == prompt.text

    def _unchanged(self, face: Face, prompt: Prompt | None) -> Edit:
        """The face as it is."""
        from .result import Edit

        return Edit(face, face, replace(self, strength=0.0) if self.strength == "auto" else self, prompt)

    def _edited(self, models: Models, face: Face, prompt: Prompt | None, on_step: OnStep | None, frames: int, progress: bool) -> Edit:
        """The method's own result, that of strength 1."""
        raise NotImplementedError
