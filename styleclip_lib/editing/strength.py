"""How strong an edit should be: a trade-off between the CLIP z-score of the text and the identity of the person."""

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
class Embeddings:
    """The embeddings of a picture that the search for a strength compares: CLIP's [1, D] and the identity network's [1, E]."""

    embedding: Tensor
    identity: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, models: Models, image: Tensor) -> Embeddings:
        """image [1, 3, R, R]; clipped to [-1, 1]"""
        image = image.to(models.device).clamp(-1, 1)
        return cls(models.clip.encode_image(image), models.identity(image))


def best_strength(models: Models, draw: Draw, prompt: Prompt, *, strengths: Sequence[float]) -> float:
    """The strength chosen by `weighed_strength`; the first of the strengths draws the face as it is."""
    start = Embeddings.of(models, draw(strengths[0]))
    if prompt.is_true_of(start.embedding, models.calibration.early_exit):
        return strengths[0]
    return weighed_strength(models, draw, prompt, start, strengths=strengths)[0]


def weighed_strength(models: Models, draw: Draw, prompt: Prompt, start: Embeddings, *, strengths: Sequence[float],
                     cap_z: float | None = None) -> tuple[float, float]:
    """The strength that maximises  z - price · (1 - identity): the CLIP z-score, less a price for the change of identity.

    No single strength suits every face: an edit that is obvious on one is barely visible on another. The score may stay flat and then
    jump (a hat appears or it does not), so a plateau is no reason to stop. Works with every method, since it only needs pictures.

    start      the face as it is, which strengths[0] draws
    strengths  from weak to strong
    cap_z      the CLIP z-score at which to stop; None: the domain's

    Returns the strength and its score.
    """
    usual = models.calibration
    cap_z = usual.cap_z if cap_z is None else cap_z
    best = (z_score(models, start, prompt), strengths[0])
    for strength in strengths[1:]:
        here = Embeddings.of(models, draw(strength))
        z = z_score(models, here, prompt)
        score = z - usual.identity_price * (1 - float((here.identity * start.identity).sum()))
        if z >= cap_z:
            return strength, score
        best = max(best, (score, strength), key=lambda pair: pair[0])
        if score < best[0] - usual.hopeless_z:
            break
    return best[1], best[0]


def z_score(models: Models, picture: Embeddings, prompt: Prompt) -> float:
    """The CLIP z-score: how much better a picture matches a text than the reference set does, in standard deviations; about -2 to 4.

    A cosine by itself says little: for the CLIP of the portraits 0.2 means that a text is true, OpenAI's gives 0.2 to almost any pair.
    """
    return float(z_scores(models, picture.embedding, prompt.vector)[0])


@torch.no_grad()
def z_scores(models: Models, embedding: Tensor, vectors: Tensor) -> Tensor:
    """`z_score` of a picture with the embedding [1, D] for each of N texts with the embeddings [N, D]. -> [N]"""
    usual = models.reference_faces().embedding @ vectors.T
    return ((embedding @ vectors.T - usual.mean(0)) / usual.std(0))[0]
