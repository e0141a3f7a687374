"""Rules that choose the strength of an edit, compared on the same edits: constants, predictions, search."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm.auto import tqdm

from ..editing.face import Face
from ..editing.prompt import Prompt
from ..editing.recipes import Recipe
from ..editing.result import Edit
from ..editing.strength import best_strength, z_scores
from ..errors import StyleclipError
from ..models import Models
from ..networks.strength import StrengthPredictor
from .report import measure_edit

STRENGTHS = tuple(number / 8 for number in range(17))
"""The strengths, from 0 to 2, at which every case is drawn."""


@dataclass
class Case:
    """One edit of one face at several strengths.

    edit       the edit at strength 1
    embedding, identity  [K, D] and [K, E], the vectors of CLIP and of the identity network at each of `strengths`, the first of which is 0
    """

    models: Models
    edit: Edit
    prompt: Prompt
    strengths: tuple[float, ...]
    embedding: Tensor
    identity: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, models: Models, recipe: Recipe, face: Face, prompt: Prompt, strengths: Sequence[float] = STRENGTHS) -> Case:
        """Edits a face and draws it at each strength."""
        edit = recipe.apply(models, face, prompt, progress=False)
        pictures = torch.cat([edit.at(strength).image.clamp(-1, 1) for strength in strengths])
        return cls(models, edit.at(1.0), prompt, tuple(strengths), models.clip.encode_image(pictures), models.identity(pictures))

    @cached_property
    def likeness(self) -> Tensor:
        """[K], the cosine between CLIP's vectors of the face before and after: C_I(X, X')."""
        return self.embedding @ self.embedding[0]

    @cached_property
    def z(self) -> Tensor:
        """[K], the CLIP z-scores of the text: standard deviations above the mean of the reference set"""
        return torch.cat([z_scores(self.models, one[None], self.prompt.vector) for one in self.embedding])

    @cached_property
    def worth(self) -> Tensor:
        """[K], what the search maximises: the z-score minus the price of the loss of identity (`strength.weighed_strength`)"""
        price = self.models.calibration.identity_price
        return self.z.clamp(max=self.models.calibration.cap_z) - price * (1 - self.identity @ self.identity[0])

    def likeness_at(self, strength: Tensor) -> Tensor:
        """The likeness at any strength, interpolated linearly between those drawn, and differentiable. strength [] -> []"""
        grid = torch.tensor(self.strengths)
        upper = int(torch.searchsorted(grid, strength.detach()).clamp(1, len(grid) - 1))
        share = (strength - grid[upper - 1]) / (grid[upper] - grid[upper - 1])
        return torch.lerp(self.likeness[upper - 1].cpu(), self.likeness[upper].cpu(), share)


Rule = Callable[[Case], float]
"""A case -> the strength of its edit."""


def fixed(strength: float) -> Rule:
    """The same strength for every case."""
    return lambda case: strength


def best_fixed(cases: Sequence[Case]) -> float:
    """The constant with the highest mean worth over the cases."""
    worth = torch.stack([case.worth for case in cases]).mean(0)
    return cases[0].strengths[int(worth.argmax())]


def searched(case: Case) -> float:
    """The strength that `strength.best_strength` finds by drawing."""
    strengths = type(case.edit.recipe).STRENGTHS
    return best_strength(case.models, lambda strength: case.edit.at(strength).image, case.prompt, strengths=strengths)


def held_likeness(likeness: float = 0.7) -> Rule:
    """The strength at which the likeness has a given value, solved exactly: the optimum of the app's loss (likeness - C_I(X, X'))².
    The largest strength if even that changes the face less."""
    def rule(case: Case) -> float:
        below = (case.likeness <= likeness).nonzero()[:, 0]
        if not len(below):
            return case.strengths[-1]
        upper = int(below[0])
        if upper == 0:
            return case.strengths[0]
        a, b = case.likeness[upper - 1].item(), case.likeness[upper].item()
        low, high = case.strengths[upper - 1], case.strengths[upper]
        return low + (high - low) * (a - likeness) / (a - b)

    return rule


def predicted(network: StrengthPredictor) -> Rule:
    """The prediction of a network from the unedited face and the text."""
    @torch.no_grad()
    def rule(case: Case) -> float:
        return network(*inputs_of(case)).item()

    return rule


def inputs_of(case: Case) -> tuple[Tensor, Tensor, Tensor]:
    """The inputs of a `StrengthPredictor` for a case, as a batch of one."""
    return case.embedding[:1].cpu(), (case.prompt.vector - case.prompt.neutral_vector).cpu(), case.z[:1].cpu()


def cases_of(models: Models, recipe: Recipe, seeds: Sequence[int], texts: Sequence[str], progress: bool = True) -> list[Case]:
    """A case for each text and each seed's face of which the text is not true yet.

    Raises StyleclipError for a text that the domain's CLIP cannot read, and if no case is left.
    """
    prompts, cases = [Prompt.of(models, text) for text in texts], []
    for seed in tqdm(seeds, desc="curves", disable=not progress, leave=False):
        face = Face.of_seed(models, seed)
        for prompt in prompts:
            if not measure_edit(models, face.image, face.image, prompt).true_before:
                cases.append(Case.of(models, recipe, face, prompt))
    if not cases:
        raise StyleclipError("The texts are true of all these faces already: take other texts, or more faces.")
    return cases


def compare(cases: Sequence[Case], rules: Mapping[str, Rule]) -> list[dict]:
    """Applies every rule to every case. Returns a row for each rule, with means over the cases.

    success, side_effects, identity  as in `measure_edit` (success is None if no attributes can be read)
    strength, deviation  mean of the chosen strengths, and their standard deviation
    milliseconds  the time it takes to choose
    """
    rows = []
    for name, rule in rules.items():
        began = time.perf_counter()
        chosen = [rule(case) for case in cases]
        spent = time.perf_counter() - began
        reports = [measure_edit(case.models, case.edit.start.image, case.edit.at(strength).image, case.prompt)
                   for case, strength in zip(cases, chosen)]
        read = [report.success for report in reports if report.success is not None]
        strengths = torch.tensor(chosen, dtype=torch.float64)
        rows.append({"rule": name, "edits": len(cases), "success": sum(read) / len(read) if read else None,
                     "side_effects": sum(len(report.side_effects) for report in reports) / len(reports),
                     "identity": sum(report.identity for report in reports) / len(reports), "strength": strengths.mean().item(),
                     "deviation": strengths.std(correction=0).item(), "milliseconds": 1000 * spent / len(cases)})
    return rows


def fit_likeness(network: StrengthPredictor, cases: Sequence[Case], likeness: float = 0.7, steps: int = 300, lr: float = 0.03,
                 seed: int = 0) -> list[float]:
    """Trains a predictor with the app's loss L = (likeness - C_I(X, X'))². Returns the loss of each step."""
    def loss(strengths: Tensor) -> Tensor:
        return (likeness - torch.stack([case.likeness_at(one) for case, one in zip(cases, strengths)])).square().mean()

    return _fit(network, cases, loss, steps, lr, seed)


def fit_searched(network: StrengthPredictor, cases: Sequence[Case], steps: int = 300, lr: float = 0.01, seed: int = 0) -> list[float]:
    """Trains a predictor to imitate the search. Returns the loss of each step."""
    wanted = torch.tensor([case.strengths[int(case.worth.argmax())] for case in cases])
    return _fit(network, cases, lambda strengths: F.mse_loss(strengths, wanted), steps, lr, seed)


def _fit(network: StrengthPredictor, cases: Sequence[Case], loss_of: Callable[[Tensor], Tensor], steps: int, lr: float,
         seed: int) -> list[float]:
    """Full-batch training. The initial weights depend on the seed alone."""
    rng = torch.Generator().manual_seed(seed)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.5 / parameter.shape[-1] ** 0.5 if parameter.ndim > 1 else 0.0, generator=rng)
    inputs = [torch.cat(some) for some in zip(*(inputs_of(case) for case in cases))]
    optimizer, losses = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=0.1), []
    for _ in range(steps):
        loss = loss_of(network(*inputs))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
