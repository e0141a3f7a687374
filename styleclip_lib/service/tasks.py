"""What the service can be asked for: frozen dataclasses, checked when they are made, that travel to a worker as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from ..editing.recipe import SEEDS, TEXT_LENGTH
from ..editing.recipes import Optimization, Recipe
from ..errors import StyleclipError
from ..settings import Settings, setting
from ..stylization.recipe import StyleRecipe

MOST_STEPS = 1000
"""Steps that one job may ask for in all: of inversion, tuning and optimisation."""


@dataclass(frozen=True, kw_only=True)
class Task(Settings):
    """What a job does."""

    TAG: ClassVar[str] = "task"
    PATH: ClassVar[str] = ""
    """Where it is asked for, below /v1/."""
    MAKES: ClassVar[tuple[str, ...]] = ()
    """The pictures that it makes; the first is the answer itself."""
    TAKES_PICTURE: ClassVar[bool] = True
    """Whether a picture may come along."""

    @property
    def method(self) -> str:
        """What to call it in the metrics."""
        return self.KIND

    @property
    def needs_picture(self) -> bool:
        """Whether a picture has to come along."""
        return self.TAKES_PICTURE


@dataclass(frozen=True, kw_only=True)
class EditTask(Task):
    """A face, found in a picture or invented, is changed as a text says. The settings are those of `styleclip edit`."""

    KIND: ClassVar[str] = "edit"
    PATH: ClassVar[str] = "edits"
    MAKES: ClassVar[tuple[str, ...]] = ("picture", "before")
    text: str = setting("", "what the face should become, such as: a smiling face", high=TEXT_LENGTH)
    neutral: str | None = setting(
        None, "what the picture shows, as a sentence; by default: a face. What it says already is not asked for again", low=1,
        high=TEXT_LENGTH)
    recipe: Recipe = setting(Optimization(), "method and settings, as the studio and styleclip edit --report write them")
    align: Literal["auto", "always", "never"] = setting(
        "auto", "auto crops the face out of every picture that is not an aligned face already")
    face: int | Literal["largest"] | None = setting(None, "which face, when there are several: its number, 0 being the largest", low=0,
                                                    high=1000)
    face_seed: int | None = setting(None, "an invented face in place of a picture: the same number gives the same face", low=0, high=SEEDS)
    inversion_steps: int = setting(100, "steps of the inversion before the edit", low=0, high=MOST_STEPS)
    tune_steps: int = setting(0, "steps of pivotal tuning after it, for a face that comes out as somebody else", low=0, high=MOST_STEPS)
    seed: int = setting(0, "seed of the inversion", low=0, high=SEEDS)
    paste_back: bool = setting(False, "put the edited face back into the picture that it was cropped out of, and return all of it")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.text.strip():
            self.recipe.check(None)
        steps = self.steps_before + getattr(self.recipe, "steps", 0)
        if steps > MOST_STEPS:
            raise StyleclipError(f"{steps} steps are more than one job may take: ask for at most {MOST_STEPS} in all.")
        if self.paste_back and (self.align == "never" or self.face_seed is not None):
            raise StyleclipError("paste_back needs a cropped face, and this request crops none: leave it out.")

    @property
    def method(self) -> str:
        return self.recipe.KIND

    @property
    def needs_picture(self) -> bool:
        return self.face_seed is None

    @property
    def steps_before(self) -> int:
        """Steps until the face is found."""
        return 0 if self.face_seed is not None else self.inversion_steps + self.tune_steps


@dataclass(frozen=True, kw_only=True)
class StylizeTask(Task):
    """A picture is restyled in the style that a text names. The settings are those of `StyleRecipe`."""

    KIND: ClassVar[str] = "stylize"
    PATH: ClassVar[str] = "stylizations"
    MAKES: ClassVar[tuple[str, ...]] = ("picture",)
    text: str = setting(help="the style, such as: a mosaic", low=1, high=TEXT_LENGTH)
    recipe: StyleRecipe = setting(StyleRecipe(), "settings of the style transfer")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.text.strip():
            raise StyleclipError("Say in text which style the picture shall have, such as: a mosaic.")
        if (self.recipe.steps or 0) > MOST_STEPS:
            raise StyleclipError(f"{self.recipe.steps} steps are more than one job may take: ask for at most {MOST_STEPS}.")


@dataclass(frozen=True, kw_only=True)
class FacesTask(Task):
    """Which faces are in a picture, the largest first."""

    KIND: ClassVar[str] = "faces"
    PATH: ClassVar[str] = "faces"


@dataclass(frozen=True, kw_only=True)
class SampleTask(Task):
    """A face that the generator invents; or, with a text, one of which the text is true."""

    KIND: ClassVar[str] = "sample"
    PATH: ClassVar[str] = "samples"
    MAKES: ClassVar[tuple[str, ...]] = ("picture",)
    TAKES_PICTURE: ClassVar[bool] = False
    text: str | None = setting(None, "what the face shall be; by default anything", low=1, high=TEXT_LENGTH)
    seed: int = setting(0, "the same seed gives the same face on every machine", low=0, high=SEEDS)
    truncation_psi: float = setting(0.7, "1 is the generator's whole variety, 0 its average face", low=-10, high=10)


@dataclass
class Job:
    """A task on its way, as the service shows it.

    state     queued, running, done, failed, cancelled
    phase     what is being done; step, steps: how far it is
    previews  how many pictures of steps there have been; the broker has the latest
    facts     what came out, for JSON: report, recipe, notes, faces
    made      the names of the pictures that came out; the broker has them
    problem   why it failed: {status, detail}
    version   grows with everything that changes
    """

    id: str
    task: Task
    state: Literal["queued", "running", "done", "failed", "cancelled"] = "queued"
    ahead: int = 0
    phase: str = ""
    step: int = 0
    steps: int = 0
    previews: int = 0
    facts: dict[str, Any] = field(default_factory=dict)
    made: tuple[str, ...] = ()
    problem: dict[str, Any] | None = None
    version: int = 0
    created: float = 0.0
    started: float = 0.0
    ended: float = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen."""
        return self.state in ("done", "failed", "cancelled")
