"""How strong an edit has to be: as strong as CLIP likes it, and no stronger than the person bears."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..models import Models
from .prompt import Prompt

Draw = Callable[[float], Tensor]
"""strength -> picture [1, 3, R, R]"""


@dataclass(frozen=True)
class Judged:
    """A picture as the search for a strength sees it: CLIP's vector [1, D] and the identity network's [1, E]."""

    embedding: Tensor
    identity: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, models: Models, image: Tensor) -> Judged:
        """image [1, 3, R, R]; colours outside of [-1, 1] count as the border"""
        image = image.to(models.device).clamp(-1, 1)
        return cls(models.clip.encode_image(image), models.identity(image))


def best_strength(models: Models, draw: Draw, prompt: Prompt, *, strengths: Sequence[float]) -> float:
    """The strength that `weighed_strength` finds, from weak to strong; the first draws the face as it is."""
    start = Judged.of(models, draw(strengths[0]))
    if prompt.is_true_of(start.embedding, models.calibration.early_exit):
        return strengths[0]
    return weighed_strength(models, draw, prompt, start, strengths=strengths)[0]


def weighed_strength(models: Models, draw: Draw, prompt: Prompt, start: Judged, *, strengths: Sequence[float],
                     cap_z: float | None = None) -> tuple[float, float]:
    """The strength with the best of  z - price · (1 - identity): what CLIP gains, less what the person loses.

    One strength does not suit every face: what is plain to see on one is hardly there on the next. Nothing happens for a while and then
    all at once (a hat is there or not), so a plateau is no reason to stop. Every method can be asked this way, for it only has to draw.

    start      the face as it is, which strengths[0] draws
    strengths  from weak to strong
    cap_z      the CLIP z-score with which to stop; None: the domain's

    Returns the strength and what it is worth.
    """
    usual = models.calibration
    cap_z = usual.cap_z if cap_z is None else cap_z
    best = (z_score(models, start, prompt), strengths[0])
    for strength in strengths[1:]:
        here = Judged.of(models, draw(strength))
        z = z_score(models, here, prompt)
        worth = z - usual.identity_price * (1 - float((here.identity * start.identity).sum()))
        if z >= cap_z:
            return strength, worth
        best = max(best, (worth, strength), key=lambda pair: pair[0])
        if worth < best[0] - usual.hopeless_z:
            break
    return best[1], best[0]


def z_score(models: Models, judged: Judged, prompt: Prompt) -> float:
    """How much better a picture fits a text than an invented face does, in standard deviations of such faces: about -2 to 4.

    A cosine by itself says little: in the domain of portraits 0.2 means that a text is true, OpenAI's CLIP gives 0.2 to anything.
    """
    return float(z_scores(models, judged.embedding, prompt.vector)[0])


@torch.no_grad()
def z_scores(models: Models, embedding: Tensor, vectors: Tensor) -> Tensor:
    """`z_score` of a picture, CLIP's vector [1, D], for each of N texts, their vectors [N, D]. -> [N]"""
    usual = models.reference_faces().embedding @ vectors.T
    return ((embedding @ vectors.T - usual.mean(0)) / usual.std(0))[0]
