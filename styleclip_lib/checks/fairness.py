"""Checks for lesson 11: a gap with its interval, weights and a loss that rebalance, a data sheet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .feedback import CheckFailed, NotWritten, answer_of, compare, not_yet, passed

Row = dict[str, str | None]
"""What is known of one face: {attribute: value, or None where nobody knows}."""


def check_gap(gap: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """gap(success [N] of 0 and 1, group [N] of 0 and 1) -> [3]: how much more often group 0 succeeds than group 1, and the ends of the
    gap's 95 % interval, p_0 - p_1 ± 1.96 √(p_0 (1 - p_0) / n_0 + p_1 (1 - p_1) / n_1).

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for n, m, p, q in ((40, 25, 0.9, 0.6), (30, 60, 0.3, 0.5)):
            group = torch.cat([torch.zeros(n), torch.ones(m)]).long()
            success = torch.cat([torch.arange(n) < round(p * n), torch.arange(m) < round(q * m)]).float()
            order = torch.randperm(n + m, generator=rng)
            p, q = round(p * n) / n, round(q * m) / m
            d, error = p - q, (p * (1 - p) / n + q * (1 - q) / m) ** 0.5
            of_each = (p * (1 - p) / n) ** 0.5 + (q * (1 - q) / m) ** 0.5
            pooled = float(success.mean())
            together = (pooled * (1 - pooled) / (n + m)) ** 0.5
            compare("gap", answer_of(gap, success[order], group[order]), _ends(d, 1.96 * error), [
                (_ends(-d, 1.96 * error), "Group 0 minus group 1, not the other way round."),
                (_ends(d, error), "That is one standard error; 95 % need 1.96 of them."),
                (_ends(d, 1.96 * of_each), "Add the variances, and then take the root: errors of two groups do not simply add up."),
                (_ends(d, 1.96 * together), "Each group has a share and a number of its own: do not pool them."),
                (_ends(d, 1.96 * (p * (1 - p) + q * (1 - q)) ** 0.5), "That is the spread of single cases: divide by how many there are."),
                (torch.tensor([d, d + 1.96 * error, d - 1.96 * error]), "The lower end comes before the upper one."),
            ])
    except NotWritten:
        return not_yet("gap")
    return passed("gap", "a gap without its interval says little, and one whose interval holds zero is not shown.")


def _ends(middle: float, half: float) -> Tensor:
    return torch.tensor([middle, middle - half, middle + half])


def check_sampling_weights(sampling_weights: Callable[[Tensor], Tensor], seed: int = 0) -> bool:
    """sampling_weights(group [N], whole numbers from 0 on) -> [N], probabilities with which a training draws its examples: each group
    is drawn equally often, and within a group each example; together they are 1.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for sizes in ((9, 3), (2, 5, 11)):
            group = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))[torch.randperm(sum(sizes), generator=rng)]
            counts = torch.bincount(group).float()
            right = 1 / (counts * len(sizes))[group]
            compare("sampling_weights", answer_of(sampling_weights, group), right, [
                (torch.full_like(right, 1 / len(group)), "All examples are drawn equally often: so large groups are drawn more."),
                (right * len(sizes), "Each group adds up to 1: divide by the number of groups as well."),
                (right * len(group), "These add up to N; probabilities add up to 1."),
                ((counts / counts.square().sum())[group], "The other way round: the larger a group, the less often each of it is drawn."),
                ((1 / counts.sqrt())[group] / (1 / counts.sqrt())[group].sum(), "With the root of the number groups are half balanced."),
            ])
    except NotWritten:
        return not_yet("sampling_weights")
    return passed("sampling_weights", "whoever is rare is seen as often; that nothing new is seen of them, weights cannot change.")


def check_balanced_loss(balanced_loss: Callable[[Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """balanced_loss(errors [N], group [N], whole numbers from 0 on, each of which occurs) -> [], the mean over the groups of each group's
    mean error.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for sizes in ((9, 3), (2, 5, 11)):
            group = torch.repeat_interleave(torch.arange(len(sizes)), torch.tensor(sizes))[torch.randperm(sum(sizes), generator=rng)]
            errors = torch.rand(len(group), generator=rng) + group
            means = torch.stack([errors[group == which].mean() for which in range(len(sizes))])
            compare("balanced_loss", answer_of(balanced_loss, errors, group), means.mean(), [
                (errors.mean(), "That is the mean over everybody: the largest group decides."),
                (means.sum(), "That is the sum of the groups' means: divide by the number of groups."),
                (means.max(), "That is the worst group's mean; here all groups count equally."),
            ])
    except NotWritten:
        return not_yet("balanced_loss")
    return passed("balanced_loss", "a training that minimises it cannot buy a low loss with the largest group alone.")


ROWS: list[Row] = [
    {"skin": "dark", "pose": "front"}, {"skin": "light", "pose": "front"}, {"skin": "light", "pose": "side"},
    {"skin": "light", "pose": None}, {"skin": "light", "pose": "front"}, {"skin": None, "pose": "side"},
]  # fmt: skip


def check_data_sheet(data_sheet: Callable[[list[Row], list[str]], dict[str, dict[str, object]]]) -> bool:
    """data_sheet(rows, attributes) -> {attribute: {"unknown": how many rows have None, "shares": {value: share of the known ones},
    "rarest": the value with the fewest rows}}.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    try:
        for rows, attributes in ((ROWS, ["skin", "pose"]), (ROWS[:3], ["pose"]), (ROWS[1:], ["skin"])):
            answer = answer_of(data_sheet, [dict(row) for row in rows], list(attributes))
            if not isinstance(answer, dict) or set(answer) != set(attributes):
                raise CheckFailed(f"data_sheet should return a dictionary with the keys {', '.join(attributes)}.")
            for attribute in attributes:
                _judge_sheet(attribute, answer[attribute], [row[attribute] for row in rows])
    except NotWritten:
        return not_yet("data_sheet")
    return passed("data_sheet", "whoever uses this set can see who is in it, and who is not.")


def _judge_sheet(attribute: str, answer: object, values: Sequence[str | None]) -> None:
    known = Counter(value for value in values if value is not None)
    total = sum(known.values())
    if not isinstance(answer, dict) or set(answer) != {"unknown", "shares", "rarest"}:
        raise CheckFailed(f'The entry of {attribute} should be a dictionary with "unknown", "shares" and "rarest".')
    if answer["unknown"] != len(values) - total:
        raise CheckFailed(f"Of {attribute} {len(values) - total} are unknown, and the sheet says {answer['unknown']}: count None.")
    shares, expected = answer["shares"], {value: count / total for value, count in known.items()}
    if not isinstance(shares, dict) or None in shares:
        raise CheckFailed("None is no value: it is counted as unknown, and has no share.")
    if set(shares) != set(expected):
        raise CheckFailed(f"The values of {attribute} are {', '.join(sorted(expected))}: each that occurs has a share.")
    if any(abs(shares[value] - expected[value]) > 1e-6 for value in expected):
        of_all = all(abs(shares[value] - known[value] / len(values)) < 1e-6 for value in known)
        counts = all(shares[value] == known[value] for value in known)
        why = ("these are counts: divide by how many are known" if counts else
               "shares are of the faces whose value is known, so that they add up to 1" if of_all else "count again")
        raise CheckFailed(f"The shares of {attribute} are {shares}, not {expected}: {why}.")
    if known.get(str(answer["rarest"])) != min(known.values()):
        raise CheckFailed(f"The rarest value of {attribute} is not {answer['rarest']}: look for the smallest share.")
