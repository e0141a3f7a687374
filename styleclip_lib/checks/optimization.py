"""Checks for lesson 04: the loss of latent optimisation, its loop, and an ablation of its settings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed

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


def check_edit_loop(edit_loop: Callable[..., Tensor], seed: int = 0) -> bool:
    """edit_loop(draw, d_clip, l_id, w_s, lambda_l2, lambda_id, steps, lr) -> w after so many steps of Adam.

    draw(w) -> the picture of a code; d_clip(picture), l_id(picture) -> numbers; w_s [1, num_ws, w_dim].
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    w_s = torch.randn(1, 3, 4, generator=rng)
    pixels, text, person = torch.randn(12, 8, generator=rng), *torch.randn(2, 8, generator=rng)

    def draw(w: Tensor) -> Tensor:
        return torch.tanh(w.flatten(1) @ pixels / 4)

    def d_clip(image: Tensor) -> Tensor:
        return 1 - F.cosine_similarity(image, text[None]).sum()

    def l_id(image: Tensor) -> Tensor:
        return (image - person).square().mean()

    try:
        for lambda_l2, lambda_id, steps, lr in ((0.05, 0.4, 12, 0.1), (0.2, 0.0, 5, 0.03)):
            given = draw, d_clip, l_id, w_s, lambda_l2, lambda_id, steps, lr
            answer = answer_of(edit_loop, *given)
            answer = answer.detach() if isinstance(answer, Tensor) else answer
            compare("edit_loop", answer, _descended(*given), _slips_of_the_loop(*given), tolerance=1e-3)
    except NotWritten:
        return not_yet("edit_loop")
    return passed("edit_loop", "this loop, with a generator, CLIP and an identity network, is StyleCLIP's first method.")


def check_ablation(ablation: Callable[[dict, dict, list, Callable[[dict, int], float]], dict], seed: int = 0) -> bool:
    """ablation(default, off, faces, score) -> {setting: the differences [len(faces)] that switching off this setting alone makes}.

    default: {setting: value}; off: {setting: the value that switches it off}; score(settings, face) -> a number.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    default, off, faces = {"views": 4, "cap": 0.3, "penalty": 2.0, "steps": 30}, {"views": 1, "cap": 1.0, "penalty": 0.0}, [3, 5, 8, 13]
    luck = torch.randn(20, generator=torch.Generator().manual_seed(seed)).tolist()

    def score(settings: dict, face: int) -> float:
        total = settings["views"] + 3 * settings["cap"] * settings["views"] + settings["penalty"] ** 2 / settings["steps"]
        return total * (1 + face / 20) + luck[face]

    try:
        answer = answer_of(ablation, dict(default), dict(off), list(faces), score)
    except NotWritten:
        return not_yet("ablation")
    if not isinstance(answer, dict) or set(answer) != set(off):
        raise CheckFailed(f"ablation should return a dictionary with the names {', '.join(off)}.")
    expected = torch.stack([_differences(default, {name: off[name]}, faces, score) for name in off])
    for name, row in answer.items():
        if torch.as_tensor(row).shape != (len(faces),):
            raise CheckFailed(f"ablation['{name}'] should have one difference for each of the {len(faces)} faces, not their mean.")
    table = torch.stack([torch.as_tensor(answer[name], dtype=torch.float32) for name in off])
    compare("ablation", table, expected, _slips_of_the_ablation(default, off, faces, score))
    return passed("ablation", "one change at a time, on the same faces.")


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


def _descended(draw: Callable, d_clip: Callable, l_id: Callable, w_s: Tensor, lambda_l2: float, lambda_id: float, steps: int, lr: float,
               start: Tensor | None = None, forget: bool = False) -> Tensor:
    """The right answer; start: another code to begin with; forget: the gradients of earlier steps are kept."""
    w = (w_s if start is None else start).clone().requires_grad_()
    optimizer = torch.optim.Adam([w], lr=lr)
    for _ in range(steps):
        image = draw(w)
        loss = d_clip(image) + lambda_l2 * (w - w_s).square().sum() + lambda_id * l_id(image)
        if not forget:
            optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return w.detach()


def _slips_of_the_loop(draw: Callable, d_clip: Callable, l_id: Callable, w_s: Tensor, lambda_l2: float, lambda_id: float, steps: int,
                       lr: float) -> list[Slip]:
    def result(clip: Callable = d_clip, l2: float = lambda_l2, identity: float = lambda_id, count: int = steps, **changed: Any) -> Tensor:
        return _descended(draw, clip, l_id, w_s, l2, identity, count, lr, **changed)

    return [
        (w_s, "w has not moved: does the optimiser get a tensor that requires a gradient, and is optimizer.step() called?"),
        (result(forget=True), "Call optimizer.zero_grad() in each step: gradients add up otherwise."),
        (result(lambda image: -d_clip(image)), "The text gets farther away: minimise d_clip."),
        (result(l2=0.0), "The distance from w_s is missing from the loss."),
        (result(identity=0.0), "The identity loss is missing."),
        (result(l2=1.0, identity=1.0), "The weights lambda_l2 and lambda_id are missing."),
        (result(l2=lambda_id, identity=lambda_l2), "The two weights are swapped."),
        (result(l2=lambda_l2 / w_s.numel()), "The distance is a sum of squares, not a mean."),
        (result(count=steps - 1), "One step is missing."),
        (result(count=steps + 1), "One step too many."),
        (result(start=torch.zeros_like(w_s)), "The search starts at w_s."),
    ]


def _differences(default: dict, changed: dict, faces: list, score: Callable[[dict, int], float]) -> Tensor:
    return torch.tensor([score({**default, **changed}, face) - score(default, face) for face in faces])


def _slips_of_the_ablation(default: dict, off: dict, faces: list, score: Callable[[dict, int], float]) -> list[Slip]:
    names = list(off)

    def table(changes: list[dict]) -> Tensor:
        return torch.stack([_differences(default, changed, faces, score) for changed in changes])

    alone = table([{name: off[name]} for name in names])
    scores = torch.stack([torch.tensor([score({**default, name: off[name]}, face) for face in faces]) for name in names])
    return [
        (-alone, "The sign: the score without the setting minus the score with all of them."),
        (scores, "Subtract each face's score with all settings on: the faces differ among themselves, too."),
        (table([{name: off[name] for name in names[: i + 1]} for i in range(len(names))]),
         "Switch back on what was off before: one setting changes at a time. (Copy the settings for each run.)"),
        (table([{name: off[name] for name in names if name != kept} for kept in names]),
         "You leave one setting on and the others off; an ablation switches off one at a time."),
    ]
