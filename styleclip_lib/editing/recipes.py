"""Recipes: one frozen dataclass for each method of editing. `Recipe.from_dict(json).apply(models, face, prompt)` makes an edit.

A recipe holds the settings of a method but no text, so that one recipe can be tried on many texts and faces. A setting of None takes the
default of the domain (`Models.calibration`) or one chosen by the text; the recipe of the returned `Edit` has the value that was used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ..calibration import Start
from ..settings import Settings, setting
from .recipe import MOST_STEPS, NEUTRAL, SEEDS, TEXT_LENGTH, Recipe

if TYPE_CHECKING:
    from ..models import Models
    from .face import Face
    from .prompt import Prompt
    from .recipe import OnStep
    from .result import Edit

FORMER_NAMES = {"lambda_side": "lambda_off_direction", "already": "early_exit", "enough": "clip_cap", "companions": "auxiliary_latents"}
"""Former names of the settings of an optimisation, which files and, for one version, calls may still use."""

Level = Literal["coarse", "medium", "fine", "all"]


@dataclass(frozen=True, kw_only=True)
class Optimization(Recipe):
    """Latent optimisation: follow CLIP's gradient for one face and one text (Patashnik et al. 2021, section 4).

    argmin_w  D_CLIP(G(w), t) + λ_L2 ‖w - w_s‖₂² + λ_ID L_ID(w) + λ_off L_off(w)        (eq. 1, and L_off: `losses.off_direction_loss`)

    `PRESETS["paper"]`, also `Optimization.PAPER`, has the authors' settings.
    """

    KIND: ClassVar[str] = "optimization"
    TITLE: ClassVar[str] = "Latent optimisation"
    DEFAULT: ClassVar[Optimization]
    PAPER: ClassVar[Optimization]
    steps: int = setting(100, "number of steps; none are taken if the text is already true", low=1, high=MOST_STEPS, slider=(5, 150, 5))
    space: Literal["styles", "w+", "w"] = setting(
        "styles", "what is optimised: the styles of all channels, a latent for each layer, or one latent for all layers")
    lr: float | None = setting(None, "Adam's peak learning rate; by default the domain's for the space", low=0, high=100,
                               label="learning rate")
    lambda_l2: float | None = setting(None, "weight of the squared offset; by default the domain's for the space", low=0, high=1e6,
                                      label="L2 loss")
    lambda_id: float = setting(0.1, "weight of the identity loss", low=0, high=1e6, slider=(0.0, 1.0, 0.05), label="identity loss")
    lambda_off_direction: float | None = setting(
        None, "weight of the off-direction penalty on changes that the text does not ask for; by default the domain's (0 in the paper)",
        low=0, high=1e6, slider=(0.0, 1.0, 0.05), label="off-direction")
    clip_cap: float | None = setting(
        None, "cosine of picture and text above which the CLIP loss stops falling; by default the domain's (paper: 1)", low=-1, high=1,
        label="similarity cap")
    early_exit: float | None = setting(
        None, "cosine at which the text counts as already true and the face is left unchanged; by default the domain's (1: never)",
        low=-1, high=1)
    auxiliary_latents: int | None = setting(
        None, "number of invented faces, new ones in each step, on which the offset is also tried; by default the domain's (paper: 0)",
        low=0, high=64, slider=(0, 4, 1))
    start: Start | None = setting(
        None, "where the search begins: at the face, or at its edit by latent alignment, for what no gradient leads to; by default the "
              "domain's (paper: face)")
    views: int = setting(2, "number of random views of the picture in each step (1 in the paper)", low=1, high=64)
    layers: Literal["all", "auto", "shape", "color"] = setting(
        "all", "which layers of the generator may change: shape keeps the colours, color keeps the shapes, auto chooses by the text")
    rgb: bool | None = setting(
        None, "whether to change the styles of the toRGB layers too, in the space styles; by default if the text names a colour",
        label="toRGB layers")
    stop_at: int | None = setting(
        None, "resolution at which CLIP and the identity network see the face; by default 256, or the generator's own if that is smaller",
        low=4, high=8192, label="resolution")
    stop_after: int | None = setting(None, "stop after this many steps, with the learning rate schedule of all", low=1, high=MOST_STEPS)
    seed: int = setting(0, "the same seed gives the same result", low=0, high=SEEDS)

    def prepare(self, models: Models, prompt: Prompt | None = None, progress: bool = True) -> Optimization:
        super().prepare(models, prompt)
        if (self.start or models.calibration.start) == "alignment" and not self.has_nothing_to_do(prompt):
            from .alignment import latent_alignment_of

            latent_alignment_of(models, progress=progress)
        return self

    def steps_ahead(self, models: Models, prompt: Prompt | None = None) -> int:
        return self.steps

    def _edited(self, models: Models, face: Face, prompt: Prompt | None, on_step: OnStep | None, frames: int, progress: bool) -> Edit:
        from .optimization import optimize

        return optimize(models, face, self.required(prompt), self, on_step, frames, progress)


@dataclass(frozen=True, kw_only=True)
class MapperEdit(Recipe):
    """The latent mapper: a network trained for one text (Patashnik et al. 2021, section 5)."""

    KIND: ClassVar[str] = "mapper"
    TITLE: ClassVar[str] = "Latent mapper"
    STRENGTHS: ClassVar[tuple[float, ...]] = (0.0, 1.0, 1.25, 1.5, 1.75, 2.0)  # 1 is what was learnt: less is not tried
    DEFAULT: ClassVar[MapperEdit]
    mapper: str = setting(
        "", "the name of a mapper that the domain ships, or a file; by default the shipped one for the text, or a new one, trained in a "
            "minute or two", high=TEXT_LENGTH)
    levels: tuple[Level, ...] | None = setting(None, "apply only these levels; by default all that the mapper has")
    stop_after: int | None = setting(None, "stop the training of a new mapper after this many steps", low=1, high=MOST_STEPS)
    seed: int = setting(0, "seed for training a new mapper", low=0, high=SEEDS)

    def prepare(self, models: Models, prompt: Prompt | None = None, progress: bool = True) -> MapperEdit:
        super().prepare(models, prompt)
        if self.has_nothing_to_do(prompt):
            return self
        from .mapper import mapper_of

        return replace(self, stop_after=mapper_of(models, self, prompt, progress=progress).stopped_after)

    @classmethod
    def choices(cls, models: Models, files: Sequence[str] = ()) -> dict[str, list]:
        from ..networks.mapper import LEVELS
        from .mapper_file import shipped_mappers

        return {"mapper": [("shipped for the text, or new", ""), *shipped_mappers(models), *files], "levels": list(LEVELS)}

    def own_text(self, models: Models) -> str:
        from .mapper import mapper_of

        return mapper_of(models, self, None).recipe.get("text", "") if self.mapper else ""

    def steps_ahead(self, models: Models, prompt: Prompt | None = None) -> int:
        from .mapper import STEPS, is_at_hand

        return 0 if self.has_nothing_to_do(prompt) or is_at_hand(models, self, prompt) else STEPS

    def described(self, text: str = "") -> str:
        return super().described(text or Path(self.mapper).name)

    def check(self, prompt: Prompt | None) -> None:
        if not self.mapper or self.strength == "auto":
            super().check(prompt)

    def _edited(self, models: Models, face: Face, prompt: Prompt | None, on_step: OnStep | None, frames: int, progress: bool) -> Edit:
        from .mapper import mapper_of

        mapper = mapper_of(models, self, prompt, on_step, face.code, progress)
        return replace(mapper.apply(face, self.levels), prompt=prompt)


@dataclass(frozen=True, kw_only=True)
class AlignmentEdit(Recipe):
    """Latent alignment: a map from CLIP's space to W+ turns the text into an offset (after Zheng et al. 2022).

    w_plus + f(C (t - t_0)),  t the text's vector and t_0 that of the neutral text
    """

    KIND: ClassVar[str] = "alignment"
    TITLE: ClassVar[str] = "Latent alignment"
    DEFAULT: ClassVar[AlignmentEdit]
    c: float | None = setting(
        None, "the constant C, the length of the step in CLIP's space; by default the length at which, by the closed form, the text "
              "becomes true of this face", low=-100, high=100, slider=(0.0, 1.0, 0.05), label="constant C")
    closed_form: bool = setting(
        False, "solve the map in closed form from invented faces, in about a minute, even if the domain ships a trained one")

    def prepare(self, models: Models, prompt: Prompt | None = None, progress: bool = True) -> AlignmentEdit:
        super().prepare(models, prompt)
        from .alignment import latent_alignment_of

        latent_alignment_of(models, self, progress)
        return self

    def _edited(self, models: Models, face: Face, prompt: Prompt | None, on_step: OnStep | None, frames: int, progress: bool) -> Edit:
        from .alignment import latent_alignment_of

        return latent_alignment_of(models, self, progress).apply(face, self.required(prompt), self)


@dataclass(frozen=True)
class Change(Settings):
    """One text of an edit by global directions: from `neutral` to `target`, with strength alpha and threshold beta.

    rgb: whether the channels of the toRGB layers change too; in the paper they do not.
    """

    target: str = setting(help="what the face should become", label="text", high=TEXT_LENGTH)
    neutral: str = setting(NEUTRAL, "what the face is before the edit", label="neutral text", high=TEXT_LENGTH)
    alpha: float = setting(2.0, "strength, in standard deviations of the most relevant channel", low=-1000, high=1000,
                           slider=(-10.0, 10.0, 0.25), label="strength alpha")
    beta: float | None = setting(None, "disentanglement threshold; by default a share of the largest relevance", low=0, high=1,
                                 slider=(0.0, 0.5, 0.01), label="threshold beta")
    rgb: bool | None = setting(None, "whether to change the channels of the toRGB layers too; by default if the text names a colour",
                               label="toRGB layers")


@dataclass(frozen=True, kw_only=True)
class Directions(Recipe):
    """Global directions: one step in StyleSpace that suits every face (Patashnik et al. 2021, section 6).

    changes  the changes to make, one for each text, in place of a prompt. The recipe of an edit always has them: with `strength="auto"`
             each part of the text gets its own alpha, and possibly another neutral text.
    """

    KIND: ClassVar[str] = "directions"
    TITLE: ClassVar[str] = "Global directions"
    DEFAULT: ClassVar[Directions]
    PAPER: ClassVar[Directions]
    alpha: float = setting(2.0, "how far the most relevant channel moves, in its standard deviations; --strength auto chooses it itself",
                           low=-1000, high=1000, slider=(-10.0, 10.0, 0.25), label="strength alpha")
    beta: float | None = setting(
        None, "disentanglement threshold: less relevant channels stay as they are; by default a share of the largest relevance",
        low=0, high=1, slider=(0.0, 0.5, 0.01), label="threshold beta")
    ridge: float | None = setting(
        None, "0: the relevance of each channel by itself, as in the paper; above 0: jointly solved (ridge regression); by default the "
              "domain's", low=0, high=1e6)
    rgb: bool | None = setting(None, "whether to change the channels of the toRGB layers too; by default if the text names a colour",
                               label="toRGB layers")
    changes: tuple[Change, ...] = setting((), "several texts, each with its own alpha, beta and neutral text, in place of a prompt")

    def prepare(self, models: Models, prompt: Prompt | None = None, progress: bool = True) -> Directions:
        super().prepare(models, prompt)
        from .directions.auto import directions_of

        if not self.has_nothing_to_do(prompt):
            directions_of(models, self, prompt)
        return self

    def asked_for(self, text: str = "") -> str:
        return ", ".join(change.target for change in self.changes if change.alpha > 0) if self.changes else text

    def described(self, text: str = "") -> str:
        said = ", ".join(f"{one.target} ({one.alpha:+g})" for one in self.changes) if self.changes else f"{text} ({self.alpha:+g})"
        return said if self.strength == 1 else f"{said}, strength {self.strength}"

    def check(self, prompt: Prompt | None) -> None:
        if not self.changes or self.strength == "auto":
            super().check(prompt)

    def apply(self, models: Models, face: Face, prompt: Prompt | None = None, on_step: OnStep | None = None, *, frames: int = 0,
              progress: bool = True) -> Edit:
        """As `Recipe.apply`; with the strength "auto", each part of the text gets its own strength."""
        if self.strength != "auto" or self.changes:
            return super().apply(models, face, prompt, on_step, frames=frames, progress=progress)
        prompt = self.required(prompt)
        if self.has_nothing_to_do(prompt):
            return self._unchanged(face, prompt)
        from .directions.auto import auto_edit, directions_of

        return auto_edit(directions_of(models, self).on(face.on(models)), face, prompt, self.beta, self.rgb)

    def _edited(self, models: Models, face: Face, prompt: Prompt | None, on_step: OnStep | None, frames: int, progress: bool) -> Edit:
        from .directions.auto import changes_of, directions_of

        directions = directions_of(models, self, prompt).on(face.on(models))
        return replace(directions.apply(face, changes_of(directions, self, prompt)), prompt=prompt)


@dataclass(frozen=True, kw_only=True)
class ChannelShift(Recipe):
    """A single style channel moved by hand."""

    KIND: ClassVar[str] = "channel"
    TITLE: ClassVar[str] = "Style channel"
    NEEDS_TEXT: ClassVar[bool] = False
    layer: str = setting("b4.conv1", "a convolution of the generator, such as b16.conv1", high=60)
    number: int = setting(0, "the channel's index in that layer", label="channel", low=0, high=100_000, slider=(0, 511, 1))
    sigmas: float = setting(5.0, "how far it moves, in its standard deviations", label="shift in sigmas", low=-1000, high=1000,
                            slider=(-20.0, 20.0, 0.5))

    @classmethod
    def choices(cls, models: Models, files: Sequence[str] = ()) -> dict[str, list]:
        slices = dict(models.generator.style_slices)
        resolutions = dict(zip(slices, models.generator.layer_resolutions))
        return {"layer": [(f"{name} ({resolutions[name]} pixels, {where.stop - where.start} channels)", name)
                          for name, where in slices.items()]}

    def asked_for(self, text: str = "") -> str:
        return ""

    def described(self, text: str = "") -> str:
        return f"{self.layer} channel {self.number} ({self.sigmas:+g} sigma)"

    def _edited(self, models: Models, face: Face, prompt: Prompt | None, on_step: OnStep | None, frames: int, progress: bool) -> Edit:
        from .directions.auto import directions_of

        return directions_of(models).on(face.on(models)).shift(face, self)


Optimization.DEFAULT = Optimization()
Optimization.PAPER = Optimization(steps=300, space="w+", lr=0.1, lambda_l2=0.008, lambda_id=0.005, lambda_off_direction=0.0, clip_cap=1.0,
                                  early_exit=1.0, auxiliary_latents=0, start="face", views=1, rgb=False)
MapperEdit.DEFAULT = MapperEdit()
AlignmentEdit.DEFAULT = AlignmentEdit()
Directions.DEFAULT = Directions()
Directions.PAPER = Directions(alpha=4.1, beta=0.15, ridge=0.0, rgb=False)
Optimization.PRESETS = {"default": Optimization.DEFAULT, "paper": Optimization.PAPER}
MapperEdit.PRESETS = {"default": MapperEdit.DEFAULT}
AlignmentEdit.PRESETS = {"default": AlignmentEdit.DEFAULT}
Directions.PRESETS = {"default": Directions.DEFAULT, "paper": Directions.PAPER}

