"""Who is detected, inverted and edited worse: measurements by group of people, each with its n and interval."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from scipy.stats import ttest_ind
from torch import Tensor
from tqdm.auto import tqdm

from ..descent import parts_of_a_whole
from ..editing.face import Face
from ..editing.prompt import Prompt
from ..editing.recipes import Recipe
from ..errors import StyleclipError
from ..images import to_pil
from ..inversion.invert import invert, psnr
from ..models import Models
from ..photos.detection import face_score
from ..portraits.drawing.render import render
from ..portraits.world.attributes import BY_NAME
from ..portraits.world.factors import Factors
from .examiner import examined
from .intervals import confidence_interval
from .report import measure_edit


@dataclass(frozen=True)
class Group:
    """The people with one attribute value.

    means   measurement -> (mean, half the width of its 95 % interval)
    counts  measurement -> of how many of the n people it is known
    """

    attribute: str
    value: str
    n: int
    means: dict[str, tuple[float, float]]
    counts: dict[str, int]


@parts_of_a_whole()
def measure_people(models: Models, people: Factors, recipe: Recipe | None = None, text: str = "", steps: int = 0,
                   progress: bool = True) -> dict[str, Tensor]:
    """Renders, detects, inverts and edits every person. The domain's examiner measures, if there is one (`examiner.examined`).

    recipe, text  the edit; without a text nobody is edited
    steps         of each inversion; 0 is the encoder's estimate

    Returns measurements [N]: "score" of the detector at one look (`detection.face_score`) and "found" (1 if it is above 0, otherwise 0),
    "psnr" of the inversion in dB, "identity" (cosine of the person in the picture and in its inversion), and with a text "success" of the
    edit (1 or 0; NaN if the text was true before).
    """
    prompt = Prompt.of(models, text) if text else None
    rows = [_measured(models, people[index], recipe, prompt, steps)
            for index in tqdm(range(len(people)), desc="people", disable=not progress, leave=False)]
    return {name: torch.tensor([row[name] for row in rows]) for name in rows[0]}


def _measured(models: Models, person: Factors, recipe: Recipe | None, prompt: Prompt | None, steps: int) -> dict[str, float]:
    picture = render(person, models.generator.img_resolution).to(models.device)
    inversion = invert(models, picture, steps=steps, progress=False)
    drawn = inversion.image.clamp(-1, 1)
    judges = examined(models)
    with torch.no_grad():
        same = float((judges.identity(picture) * judges.identity(drawn)).sum())
    score = face_score(to_pil(picture))
    found = {"score": score, "found": float(score > 0), "psnr": psnr(drawn, picture), "identity": same}
    if prompt is None or recipe is None:
        return found
    edit = recipe.apply(models, Face.of_inversion(models, inversion), prompt, progress=False)
    report = measure_edit(judges, inversion.image, edit.image, prompt)
    return {**found, "success": math.nan if report.true_before or report.success is None else float(report.success)}


def by_groups(people: Factors, measured: Mapping[str, Tensor], attributes: Sequence[str]) -> list[Group]:
    """The means of every group of at least two people: those of whom one value of one of the attributes is clearly true.

    measured  name -> [N], NaN for a missing value
    Raises StyleclipError for an unknown attribute.
    """
    groups = []
    for name in attributes:
        if name not in BY_NAME:
            raise StyleclipError(f"There is no attribute '{name}'; choose from {', '.join(BY_NAME)}.")
        belongs = BY_NAME[name].is_true(getattr(people, name))
        for value, members in zip(BY_NAME[name].values, belongs.unbind(1)):
            known = {what: values[members][~values[members].isnan()] for what, values in measured.items()}
            means = {what: confidence_interval(values.double()) for what, values in known.items() if len(values) > 1}
            if members.sum() > 1:
                groups.append(Group(name, value, int(members.sum()), means, {what: len(values) for what, values in known.items()}))
    return groups


def gap(one: Tensor, other: Tensor, level: float = 0.95) -> tuple[float, float]:
    """The difference between the means of two groups, one - other, and half the width of its interval (Welch 1947).

    one [N], other [M]: independent values, of which NaN does not count. Raises StyleclipError for fewer than two values in a group.
    """
    one, other = (values[~values.isnan()].double() for values in (one, other))
    if min(len(one), len(other)) < 2:
        raise StyleclipError("A gap with an interval needs at least two values in each group.")
    difference = float(one.mean() - other.mean())
    if max(one.std(), other.std()) == 0:
        return difference, 0.0
    interval = ttest_ind(one.numpy(), other.numpy(), equal_var=False).confidence_interval(level)
    return difference, float(interval.high - interval.low) / 2
