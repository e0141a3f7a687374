"""Checks for lesson 08: the loss of the offsets, the progressive stage, the latent discriminator's loss."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ..training.adversarial import discriminator_loss
from ..training.e4e import progressive_stage, total_delta_loss
from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed


def check_delta_loss(delta_loss: Callable[[Tensor, int], Tensor], seed: int = 0) -> bool:
    """delta_loss(w_plus [B, num_ws, w_dim], stage) -> Σ_{i=1..stage} of the mean of ‖w_i − w_0‖₂ over the batch.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for stage in (3, 1, 5, 0):
            w_plus = 2 + 3 * torch.randn(4, 6, 8, generator=rng)
            expected = total_delta_loss(w_plus - w_plus[:, :1], stage)
            compare("delta_loss", torch.as_tensor(answer_of(delta_loss, w_plus, stage)), expected, _slips_of_delta(w_plus, stage))
    except NotWritten:
        return not_yet("delta_loss")
    return passed("delta_loss", "nothing at stage 0, and one more term with each offset that comes in.")


def check_stage(stage_at: Callable[[int, int, int, int], int]) -> bool:
    """stage_at(step, start, every, num_ws) -> how many offsets are in use, as `training.e4e.progressive_stage` says.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for start, every, num_ws in ((20_000, 2_000, 18), (10, 5, 6)):
            for step in (0, start - 1, start, start + every - 1, start + every, start + 3 * every, start + 100 * every):
                answer, expected = answer_of(stage_at, step, start, every, num_ws), progressive_stage(step, start, every, num_ws)
                if answer != expected:
                    raise CheckFailed(f"stage_at({step}, {start}, {every}, {num_ws}) should be {expected}, and is {answer}"
                                      f"{_slip_of_stage(answer, expected, step, start, num_ws)}")
    except NotWritten:
        return not_yet("stage_at")
    return passed("stage_at", "first one w for all layers, then one offset after another.")


def check_discriminator_loss(judge_loss: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """judge_loss(real_logits [B, 1], fake_logits [B, 1]) -> E[log(1 + exp(−real))] + E[log(1 + exp(fake))].

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for size in (1.0, 3.0, 0.0):
            real, fake = 0.5 + size * torch.randn(2, 5, 1, generator=rng)
            compare("judge_loss", answer_of(judge_loss, real, fake), discriminator_loss(real, fake), _slips_of_judge(real, fake))
    except NotWritten:
        return not_yet("judge_loss")
    return passed("judge_loss", "2 log 2 where the discriminator says 0 to everything.")


def _slips_of_delta(w_plus: Tensor, stage: int) -> list[Slip]:
    offsets = w_plus - w_plus[:, :1]
    neighbours = w_plus[:, 1:] - w_plus[:, :-1]
    return [
        (total_delta_loss(offsets, offsets.shape[1] - 1), "You add up all offsets; only the first `stage` of them are in use."),
        (total_delta_loss(offsets, max(0, stage - 1)), "One offset is missing: i runs from 1 to `stage`, which is included."),
        (total_delta_loss(offsets, stage + 1), "There is one offset too many: i runs from 1 to `stage`."),
        (w_plus[:, 1:stage + 1].norm(dim=2).mean(0).sum(), "It is the distance of w_i from w_0, not the length of w_i."),
        (neighbours[:, :stage].norm(dim=2).mean(0).sum(), "Subtract w_0 from each w_i, not the w before it."),
        (offsets[:, 1:stage + 1].square().sum(2).mean(0).sum(), "The root is missing: ‖·‖₂ is a length, not its square."),
        (offsets[:, 1:stage + 1].norm(dim=2).sum(), "Take the mean over the batch; you take the sum."),
        (offsets[:, 1:stage + 1].abs().sum(2).mean(0).sum(), "This is the sum of absolute values; ‖·‖₂ is the root of the sum of squares."),
    ]  # fmt: skip


def _slip_of_stage(answer: object, expected: int, step: int, start: int, num_ws: int) -> str:
    if not isinstance(answer, int):
        return f", a {type(answer).__name__}: return a whole number (// divides without a rest)."
    if step < start and answer != 0:
        return ": before `start` no offset is in use."
    if step == start and answer == 0:
        return ": at the step `start` itself the first offset is in use."
    if answer > num_ws - 1:
        return f": {num_ws} w's have {num_ws - 1} offsets, since the first w has none."
    return ": one more comes in `every` steps after the one before."


def _slips_of_judge(real: Tensor, fake: Tensor) -> list[Slip]:
    right_real, right_fake = F.softplus(-real).mean(), F.softplus(fake).mean()
    return [
        (F.softplus(real).mean() + F.softplus(-fake).mean(), "Signs: a high logit says \"real\". This loss wants real ones low."),
        (right_real + F.softplus(-fake).mean(), "That is the encoder's wish for the fake ones. The discriminator wants them low."),
        (right_real, "The fake ones do not count yet."), (right_fake, "The real ones do not count yet."),
        ((right_real + right_fake) / 2, "It is the sum of both, not their mean: so nothing told apart gives 2 log 2."),
        (F.softplus(-real).sum() + F.softplus(fake).sum(), "Take means over the batch, not sums."),
        ((-real).mean() + fake.mean(), "The logarithm is missing: softplus(x) = log(1 + exp(x))."),
    ]
