"""What each setting of a method contributes: the same edits with one setting switched off or set to the paper's value."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..editing.mapper import train_mapper
from ..editing.prompt import Prompt
from ..editing.recipe import NEUTRAL
from ..editing.recipes import Directions, MapperEdit, Optimization, Recipe
from ..models import Models
from .answers import Row
from .evaluate import HeldOut, evaluate
from .intervals import half_width
from .questions import Question
from .recipes import RECIPES
from .summary import WITH_INTERVALS, measured, of_rows

DEFAULT = "default"
"""The variant that all others are compared with."""


@dataclass(frozen=True)
class Variant:
    """A method with one change.

    name         what is changed
    recipe       the method's settings
    calibration  changed entries of the domain's calibration
    training     changed settings of `train_mapper`; a mapper is then trained for each text. None: as the recipe does it
    ask          makes the prompt of a text
    """

    name: str
    recipe: Recipe
    calibration: Mapping[str, object] = field(default_factory=dict)
    training: Mapping[str, object] | None = None
    ask: Callable[[Models, str], Prompt] = Prompt.of


def variants(method: str) -> list[Variant]:
    """The method unchanged, then with each of its settings switched off or set to the paper's value. method: one of `METHODS`"""
    usual = RECIPES[method]
    return [Variant(DEFAULT, usual), *_OTHERS[method](usual)]


def _of_optimization(usual: Recipe) -> list[Variant]:
    paper, half = Optimization.PAPER, Optimization.DEFAULT.steps // 2
    settings: dict[str, dict] = {
        "no off-direction penalty": {"lambda_off_direction": 0.0}, "no similarity cap": {"clip_cap": 1.0},
        "no early exit": {"early_exit": 1.0}, "no auxiliary latents": {"auxiliary_latents": 0}, "one view": {"views": 1},
        "no identity loss": {"lambda_id": 0.0}, "identity loss of the paper": {"lambda_id": paper.lambda_id},
        "no L2 loss": {"lambda_l2": 0.0}, "W+": {"space": "w+"}, "W": {"space": "w"},
        "toRGB layers never move": {"rgb": False}, "toRGB layers always move": {"rgb": True},
        "layers by the text": {"layers": "auto"}, "half the steps": {"steps": half}, "automatic strength": {"strength": "auto"}}
    return [*_changed(usual, settings), Variant("the paper's settings", paper)]


def _of_mapper(usual: Recipe) -> list[Variant]:
    all_levels = ("coarse", "medium", "fine")
    training: dict[str, dict] = {
        "trained anew": {}, "no off-direction penalty": {"lambda_off_direction": 0.0}, "no similarity cap": {"clip_cap": 1.0},
        "no jitter": {"jitter": 0.0}, "no identity loss": {"lambda_id": 0.0}, "no L2 loss": {"lambda_l2": 0.0},
        "all three levels": {"levels": all_levels}, "no truncation": {"truncation_psi": 1.0},
        "the paper's loss": {"lambda_l2": 0.8, "lambda_id": 0.1, "lambda_off_direction": 0.0, "clip_cap": 1.0, "jitter": 0.0,
                             "levels": all_levels}}
    return [*(Variant(name, usual, training=own) for name, own in training.items()),
            *_changed(usual, {"strength 1": {"strength": 1.0}}),
            *_calibrated(usual, {"no early exit": {"early_exit": 1.0}, "no price for identity": {"identity_price": 0.0},
                                 "no cap of the z-score": {"cap_z": 100.0}})]


def _of_directions(usual: Recipe) -> list[Variant]:
    settings: dict[str, dict] = {
        "strength 1": {"strength": 1.0}, "each channel by itself": {"ridge": 0.0}, "toRGB layers never move": {"rgb": False},
        "toRGB layers always move": {"rgb": True}}
    calibration: dict[str, dict] = {
        "no early exit": {"early_exit": 1.0}, "no price for identity": {"identity_price": 0.0},
        "no cap of the z-score": {"cap_z_directions": 100.0}, "every strength tried": {"hopeless_z": 100.0},
        "threshold 0.1, or 0.3 with toRGB layers": {"beta_share": 0.1, "beta_share_rgb": 0.3}}
    return [*_changed(usual, settings), *_calibrated(usual, calibration), Variant("neutral text 'a face'", usual, ask=_from_a_face),
            Variant("in one piece", usual, ask=_in_one_piece), Variant("the paper's settings", Directions.PAPER)]


def _of_alignment(usual: Recipe) -> list[Variant]:
    return _changed(usual, {"closed form": {"closed_form": True}, "constant C of 0.7": {"c": 0.7},
                            "automatic strength": {"strength": "auto"}})


def _changed(usual: Recipe, settings: Mapping[str, dict]) -> list[Variant]:
    return [Variant(name, replace(usual, **own)) for name, own in settings.items()]


def _calibrated(usual: Recipe, calibration: Mapping[str, dict]) -> list[Variant]:
    return [Variant(name, usual, own) for name, own in calibration.items()]


_OTHERS: dict[str, Callable[[Recipe], list[Variant]]] = {
    "optimization": _of_optimization, "mapper": _of_mapper, "directions": _of_directions, "alignment": _of_alignment}

METHODS = tuple(_OTHERS)
"""The methods for which there are variants."""


def ablate(models: Models, people: HeldOut, questions: Sequence[Question], each: int | None, chosen: Sequence[Variant],
           on_variant: Callable[[list[dict]], None] = lambda _: None, progress: bool = True) -> list[dict]:
    """Makes the edits of each variant and compares them, edit by edit, with those of the first.

    chosen      the variants; the others are compared with the first
    on_variant  called after each variant with all results so far, so that nothing is lost

    Returns for each variant its means with intervals (`summary.summarised`) and, under "difference", how far the first variant lies above
    it: {measure: [mean, half the width of the 95 % interval]}. An interval without 0 means that the change makes a difference.
    Ctrl-C returns the completed variants.
    """
    results: list[dict] = []
    base: list[Row] = []
    for variant in chosen:
        rows = _edited(models, variant, people, questions, each, progress)
        if len(rows) < len(questions):
            break
        base = base or rows
        results.append({"variant": variant.name, **of_rows(rows), "difference": differences(base, rows)})
        on_variant(results)
    return results


def differences(base: Sequence[Row], rows: Sequence[Row]) -> dict[str, list[float | None]]:
    """How far the edits of `base` lie above those of `rows`, for the same portraits and texts: measure -> [mean, half width].

    Only edits whose text was not true before count. The intervals are those of the paired differences, clustered by text.
    """
    pairs = [(one, other, row.question.text) for row, changed in zip(base, rows, strict=True)
             for one, other in zip(row.answers, changed.answers, strict=True) if not one.report.true_before]
    found = {}
    for name in WITH_INTERVALS:
        known = [(before - after, text) for one, other, text in pairs
                 if (before := measured(name, one)) is not None and (after := measured(name, other)) is not None]
        found[name] = [sum(value for value, _ in known) / len(known), half_width(*zip(*known))] if known else [None, None]
    return found


def _edited(models: Models, variant: Variant, people: HeldOut, questions: Sequence[Question], each: int | None,
            progress: bool) -> list[Row]:
    """The edits of one variant. Its calibration and its mappers are discarded afterwards."""
    models = replace(models, calibration=replace(models.calibration, **variant.calibration))
    with tempfile.TemporaryDirectory(prefix="ablation-") as folder:
        recipe = variant.recipe if variant.training is None else _Trained(variant.recipe, variant.training, Path(folder))
        return evaluate(models, {variant.name: recipe}, people, questions, each, progress, variant.ask)


@dataclass(frozen=True)
class _Trained:
    """A mapper recipe that trains a mapper for each text, with its own settings, when `evaluate` prepares it."""

    recipe: MapperEdit
    training: Mapping[str, object]
    folder: Path

    def prepare(self, models: Models, prompt: Prompt, progress: bool = True) -> MapperEdit:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.safetensors"
        train_mapper(models, prompt.text, progress=progress, **self.training).save(path)
        return replace(self.recipe, mapper=str(path))


def _from_a_face(models: Models, text: str) -> Prompt:
    """As in the paper: the same neutral text for all texts."""
    return Prompt.of(models, text, NEUTRAL)


def _in_one_piece(models: Models, text: str) -> Prompt:
    """Without splitting the text into parts."""
    return replace(Prompt.of(models, text), parts=())
