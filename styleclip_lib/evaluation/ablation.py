"""What each setting of a method brings: the same edits again with one setting switched off, or as the paper has it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..editing.mapper import train_mapper
from ..editing.prompt import Prompt
from ..editing.recipe import NEUTRAL
from ..editing.recipes import AlignmentEdit, Directions, MapperEdit, Optimization, Recipe
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
    """A method with one thing changed.

    name         what is changed
    recipe       the method's settings
    calibration  numbers of the domain that are others
    training     settings of `train_mapper` that are others; a mapper is then trained for each text
    ask          makes the prompt of a text
    """

    name: str
    recipe: Recipe
    calibration: Mapping[str, object] = field(default_factory=dict)
    training: Mapping[str, object] | None = None
    ask: Callable[[Models, str], Prompt] = Prompt.of


def variants(method: str) -> list[Variant]:
    """A method as it is, and with each of its settings switched off or as the paper has it, one at a time."""
    usual = RECIPES[method]

    def changed(name: str, **settings) -> Variant:
        return Variant(name, replace(usual, **settings))

    def calibrated(name: str, **numbers) -> Variant:
        return Variant(name, usual, numbers)

    def trained(name: str, **training) -> Variant:
        return Variant(name, usual, training=training)

    return [Variant(DEFAULT, usual), *{
        "optimization": lambda: [
            changed("no off-direction penalty", lambda_off_direction=0.0), changed("no similarity cap", clip_cap=1.0),
            changed("no early exit", early_exit=1.0), changed("no auxiliary latents", auxiliary_latents=0), changed("one view", views=1),
            changed("no identity loss", lambda_id=0.0), changed("identity loss of the paper", lambda_id=Optimization.PAPER.lambda_id),
            changed("no L2 loss", lambda_l2=0.0), changed("W+", space="w+"), changed("W", space="w"),
            changed("toRGB layers never move", rgb=False), changed("toRGB layers always move", rgb=True),
            changed("layers by the text", layers="auto"), changed("half the steps", steps=usual.steps // 2),
            changed("automatic strength", strength="auto"), Variant("the paper's settings", Optimization.PAPER)],
        "mapper": lambda: [
            trained("trained anew"), changed("strength 1", strength=1.0), trained("no off-direction penalty", lambda_off_direction=0.0),
            trained("no similarity cap", clip_cap=1.0), trained("no jitter", jitter=0.0), trained("no identity loss", lambda_id=0.0),
            trained("no L2 loss", lambda_l2=0.0), trained("all three levels", levels=("coarse", "medium", "fine")),
            trained("the paper's loss", lambda_l2=0.8, lambda_id=0.1, lambda_off_direction=0.0, clip_cap=1.0, jitter=0.0,
                    levels=("coarse", "medium", "fine")),
            trained("no truncation", truncation_psi=1.0), calibrated("no early exit", early_exit=1.0),
            calibrated("identity has no price", identity_price=0.0), calibrated("no cap of the z-score", cap_z=100.0)],
        "directions": lambda: [
            changed("strength 1", strength=1.0), changed("channels by themselves", ridge=0.0),
            changed("toRGB layers never move", rgb=False), changed("toRGB layers always move", rgb=True),
            Variant("neutral text 'a face'", usual, ask=_from_a_face), Variant("in one piece", usual, ask=_in_one_piece),
            calibrated("no early exit", early_exit=1.0), calibrated("identity has no price", identity_price=0.0),
            calibrated("no cap of the z-score", cap_z_directions=100.0), calibrated("never hopeless", hopeless_z=100.0),
            calibrated("half the threshold", beta_share=0.1, beta_share_rgb=0.3), Variant("the paper's settings", Directions.PAPER)],
        "alignment": lambda: [
            changed("closed form", closed_form=True), changed("constant C of 0.7", c=0.7),
            Variant("automatic strength", AlignmentEdit(strength="auto"))],
    }[method]()]


METHODS = ("optimization", "mapper", "directions", "alignment")
"""Those of which `variants` knows what can be switched off."""


def ablate(models: Models, people: HeldOut, questions: Sequence[Question], each: int | None, chosen: Sequence[Variant],
           on_variant: Callable[[list[dict]], None] = lambda _: None, progress: bool = True) -> list[dict]:
    """Makes the edits of each variant and compares them with the default's, edit by edit.

    chosen      the first is what the others are compared with
    on_variant  called after each variant with all that is known by then, so that nothing is lost

    Returns for each variant its means with their intervals (`summary.summarised`) and under "difference" what the default has more than
    it, {measure: [mean, half the width of the 95 % interval]}; an interval without 0 means that the change makes a difference.
    Ctrl-C returns the variants that are whole.
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
    """What the edits of `base` have more than those of `rows`, which are of the same portraits and texts: measure -> [mean, half width].

    Only texts that were not true already count. The intervals are those of the paired differences, with texts as groups.
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
    """The edits of one variant. Numbers and mappers of its own are forgotten after it."""
    models = replace(models, calibration=replace(models.calibration, **variant.calibration))
    with tempfile.TemporaryDirectory(prefix="ablation-") as folder:
        recipe = variant.recipe if variant.training is None else _Trained(variant.recipe, variant.training, Path(folder))
        return evaluate(models, {variant.name: recipe}, people, questions, each, progress, variant.ask)


@dataclass(frozen=True)
class _Trained:
    """A mapper's recipe that trains one for each text, with settings of its own. Stands where `evaluate` prepares a recipe."""

    recipe: MapperEdit
    training: Mapping[str, object]
    folder: Path

    def prepare(self, models: Models, prompt: Prompt, progress: bool = True) -> MapperEdit:
        path = self.folder / f"{len(list(self.folder.iterdir()))}.safetensors"
        train_mapper(models, prompt.text, progress=progress, **self.training).save(path)
        return replace(self.recipe, mapper=str(path))


def _from_a_face(models: Models, text: str) -> Prompt:
    """The paper's way: from one neutral text for all."""
    return Prompt.of(models, text, NEUTRAL)


def _in_one_piece(models: Models, text: str) -> Prompt:
    """Without a prompt for each thing that the text says."""
    return replace(Prompt.of(models, text), parts=())
