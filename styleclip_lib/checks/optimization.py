"""Checks for lesson 04: the loss of latent optimisation, and its learning rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..schedule import ramped
from .feedback import NotWritten, Slip, answer_of, compare, not_yet, passed

Loss = Callable[[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, float, float], Tensor]


def check_styleclip_loss(styleclip_loss: Loss, seed: int = 0) -> bool:
    """styleclip_loss(image_vector, text_vector, w, w_s, person, person_s, lambda_l2, lambda_id) -> a number.

    image_vector, text_vector [1, D], person, person_s [1, E] of length one; w, w_s [1, num_ws, w_dim]; Patashnik et al. 2021, eq. 1.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for lambda_l2, lambda_id in ((0.5, 0.3), (0.0, 0.0), (0.02, 1.5)):
            image, text, person, person_s = (F.normalize(torch.randn(1, 6, generator=rng), dim=1) for _ in range(4))
            w_s = torch.randn(1, 4, 5, generator=rng)
            w = w_s + 0.3 * torch.randn(1, 4, 5, generator=rng)
            answer = answer_of(styleclip_loss, image, text, w, w_s, person, person_s, lambda_l2, lambda_id)
            if isinstance(answer, Tensor) and answer.numel() == 1:
                answer = answer.reshape(())
            terms = 1 - (image * text).sum(), (w - w_s).square().sum(), 1 - (person * person_s).sum()
            expected = terms[0] + lambda_l2 * terms[1] + lambda_id * terms[2]
            compare("styleclip_loss", answer, expected, _slips_of_the_loss(terms, w, w_s, lambda_l2, lambda_id))
    except NotWritten:
        return not_yet("styleclip_loss")
    return passed("styleclip_loss", "nearer to the text, not far from the start, still the same person.")


def check_learning_rate(learning_rate: Callable[[int, int, float], float]) -> bool:
    """learning_rate(step, steps, lr) -> the rate of a step: up over the first 5 %, down along half a cosine over the last 25 %.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for steps, lr in ((100, 0.1), (40, 2.0), (300, 0.01)):
            at = range(steps + 1)
            answers = [answer_of(learning_rate, step, steps, lr) for step in at]
            numbers = torch.tensor([float(answer) for answer in answers])
            expected = torch.tensor([ramped(step, steps, lr) for step in at])
            compare("learning_rate", numbers, expected, _slips_of_the_rate(steps, lr), tolerance=1e-3)
    except NotWritten:
        return not_yet("learning_rate")
    return passed("learning_rate", "a soft start for Adam, and a soft landing.")


def _slips_of_the_loss(terms: tuple[Tensor, Tensor, Tensor], w: Tensor, w_s: Tensor, lambda_l2: float, lambda_id: float) -> list[Slip]:
    clip, l2, identity = terms
    rest = lambda_l2 * l2 + lambda_id * identity

    def with_l2(distance: Tensor) -> Tensor:
        return clip + lambda_l2 * distance + lambda_id * identity

    return [
        (1 - clip + rest, "The cosine itself grows when the text fits; a loss must fall: 1 - cosine."),
        (with_l2((w - w_s).square().mean()), "‖w - w_s‖² is a sum, not a mean: with a mean, λ_L2 would mean something else."),
        (with_l2(l2.sqrt()), "The distance is squared in the formula; you took the root of the sum of squares."),
        (with_l2(w.square().sum()), "What counts is how far w is from w_s, not from 0."),
        (clip + lambda_l2 * l2 + lambda_id * (1 - identity), "L_ID is 1 - cosine as well: the same person should cost nothing."),
        (clip + lambda_id * l2 + lambda_l2 * identity, "The two weights are swapped."),
        (clip + l2 + identity, "The weights λ_L2 and λ_ID are missing."),
    ]


def _slips_of_the_rate(steps: int, lr: float) -> list[Slip]:
    def rates(rate: Callable[[float], float]) -> Tensor:
        return torch.tensor([rate(step / steps) for step in range(steps + 1)])

    def fall(t: float) -> float:
        return 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - t) / 0.25))

    return [
        (rates(lambda t: lr * fall(t)), "The beginning is missing: over the first 5 % of the steps the rate rises from 0."),
        (rates(lambda t: lr * min(1.0, t / 0.05)), "The end is missing: over the last 25 % the rate falls along half a cosine."),
        (rates(lambda t: lr * min(1.0, (1 - t) / 0.25) * min(1.0, t / 0.05)), "It falls along a straight line, not half a cosine."),
        (rates(lambda t: fall(t) * min(1.0, t / 0.05)), "lr is missing: the rate is lr times the ramps."),
    ]
