"""Checks for lesson 05: the norm over the layers, the mapper's loss, how much steps agree."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .feedback import NotWritten, Slip, answer_of, compare, not_yet, passed

EPSILON = 1e-8


def check_level_norm(level_norm: Callable[[Tensor], Tensor], seed: int = 0) -> bool:
    """level_norm(w_plus [B, L, w_dim]) -> each feature divided by its root mean square over the L layers.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for shape in ((3, 4, 8), (1, 10, 6)):
            x = 0.1 + 3 * torch.randn(shape, generator=rng)
            compare("level_norm", answer_of(level_norm, x), x / _rms(x, 1), _slips_of_norm(x))
    except NotWritten:
        return not_yet("level_norm")
    return passed("level_norm", "every feature has the size 1 over the layers, just as in the released mappers.")


def check_mapper_loss(mapper_loss: Callable[[Tensor, Tensor, Tensor, float, float], Tensor], seed: int = 0) -> bool:
    """mapper_loss(offset [B, L, w_dim], text_cosine [B], person_cosine [B], lambda_l2, lambda_id) -> a number.

    mean(1 - text_cosine) + lambda_l2 · mean(offset²) + lambda_id · mean(1 - person_cosine)
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for lambda_l2, lambda_id in ((0.8, 0.1), (0.0, 0.0), (3.0, 0.0), (0.0, 2.0)):
            offset = torch.randn(3, 4, 8, generator=rng)
            text, person = torch.rand(2, 3, generator=rng)
            terms = (1 - text).mean(), offset.square().mean(), (1 - person).mean()
            answer = answer_of(mapper_loss, offset, text, person, lambda_l2, lambda_id)
            expected = terms[0] + lambda_l2 * terms[1] + lambda_id * terms[2]
            compare("mapper_loss", answer, expected, _slips_of_loss(offset, text, person, lambda_l2, lambda_id))
    except NotWritten:
        return not_yet("mapper_loss")
    return passed("mapper_loss", "near the text, near the face, and still the same person.")


def check_agreement(agreement: Callable[[Tensor], Tensor], seed: int = 0) -> bool:
    """agreement(offsets [N, L, w_dim]) -> the mean cosine of the steps of two different faces, over all pairs.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for count in (5, 2):
            size = 0.2 + 3 * torch.rand(count, 1, 1, generator=rng)
            offsets = size * (0.7 * torch.randn(1, 4, 8, generator=rng) + torch.randn(count, 4, 8, generator=rng))
            compare("agreement", answer_of(agreement, offsets), _agreement(offsets), _slips_of_agreement(offsets))
    except NotWritten:
        return not_yet("agreement")
    return passed("agreement", "1 would mean one direction for everybody, 0 a direction of its own for each face.")


def _rms(x: Tensor, dim: int | tuple[int, ...]) -> Tensor:
    return (x.square().mean(dim, keepdim=True) + EPSILON).sqrt()


def _slips_of_norm(x: Tensor) -> list[Slip]:
    return [
        (x / _rms(x, 2), "You normalise over the features. That is what it should have been, but the released mappers "
                         "normalise over dimension 1, the layers."),
        (x / _rms(x, (1, 2)), "You normalise over layers and features together; it is over dimension 1 alone."),
        (x / _rms(x, 0), "You normalise over the faces of the batch; the layers are dimension 1."),
        (x / _rms(x, 1).square(), "The square root is missing."),
        (x / (x.square().sum(1, keepdim=True) + EPSILON).sqrt(), "Take the mean of the squares, not their sum."),
        (x / x.std(1, keepdim=True), "This is the standard deviation, which subtracts the mean; the root mean square does not."),
        ((x - x.mean(1, keepdim=True)) / x.std(1, keepdim=True), "Nothing is subtracted: divide by the root mean square only."),
    ]  # fmt: skip


def _slips_of_loss(offset: Tensor, text: Tensor, person: Tensor, lambda_l2: float, lambda_id: float) -> list[Slip]:
    def loss(l2: Tensor, clip: Tensor = 1 - text, same: Tensor = 1 - person) -> Tensor:
        return clip.mean() + lambda_l2 * l2 + lambda_id * same.mean()

    square = offset.square()
    return [
        (loss(square.sum()), "Take the mean of the squared offset. The sum belongs to latent optimisation."),
        (loss(square.sum((1, 2)).mean()), "Take the mean of the squared offset over layers and features, too, not their sum."),
        (loss(square.mean().sqrt()), "There is no root: it is the mean of the squares."),
        (loss(offset.abs().mean()), "Square the offset; you take its absolute value."),
        (loss(offset.mean()), "Square the offset before you take the mean."),
        (loss(square.mean(), clip=text), "A cosine is large when picture and text agree; the loss is 1 - cosine."),
        (loss(square.mean(), same=person), "A cosine is large when it is the same person; the loss is 1 - cosine."),
        ((1 - text).mean() + lambda_id * square.mean() + lambda_l2 * (1 - person).mean(), "The two weights are swapped."),
        ((1 - text).mean() + square.mean() + (1 - person).mean(), "The weights lambda_l2 and lambda_id are not used."),
    ]


def _agreement(offsets: Tensor) -> Tensor:
    unit = F.normalize(offsets.flatten(1), dim=1)
    count = len(unit)
    return ((unit @ unit.T).sum() - count) / (count * (count - 1))


def _slips_of_agreement(offsets: Tensor) -> list[Slip]:
    flat, count = offsets.flatten(1), len(offsets)
    unit = F.normalize(flat, dim=1)
    pairs = ~torch.eye(count, dtype=torch.bool)
    by_layer = F.normalize(offsets, dim=2)
    return [
        ((unit @ unit.T).mean(), "Every step agrees with itself: leave the diagonal out."),
        ((flat @ flat.T)[pairs].mean(), "These are inner products; a cosine needs steps of length one."),
        (torch.einsum("ald,bld->ab", by_layer, by_layer)[pairs].mean() / offsets.shape[1],
         "You take a cosine for each layer. Flatten layers and features into one vector for each face first."),
        ((unit @ unit.T)[pairs].abs().mean(), "Keep the signs: steps that are opposed do not agree."),
        ((unit @ unit.T)[pairs].sum(), "This is a sum over the pairs; take their mean."),
        ((unit @ unit.T).triu(1).mean(), "Divide by the number of pairs; the zeros below the diagonal are none."),
    ]  # fmt: skip
