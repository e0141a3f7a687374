"""Means with their confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from scipy.stats import t as student_t
from torch import Tensor

from ..errors import StyleclipError


def confidence_interval(values: Tensor, level: float = 0.95) -> tuple[float, float]:
    """(mean, half the width of its confidence interval) of independent values [N], with Student's t: t · s / sqrt(N).

    Raises StyleclipError for fewer than two values.
    """
    if values.ndim != 1 or len(values) < 2:
        raise StyleclipError(f"A confidence interval needs at least two values, [N], not {list(values.shape)}.")
    return values.mean().item(), half_width(values.tolist(), range(len(values)), level)


def half_width(values: Sequence[float], groups: Sequence[Hashable], level: float = 0.95) -> float | None:
    """Half the width of the confidence interval of the mean of clustered values. groups: the cluster of each value

    Edits with the same text tend to succeed or fail together, so ten of them say less than ten edits with ten texts: only the G groups
    count as independent. t · sqrt(G / (G - 1) Σ_g (Σ_{i in g} (x_i - x̄))²) / N is the cluster-robust standard error (Liang and Zeger
    1986) times Student's t with G - 1 degrees of freedom. With one value in each group it equals `confidence_interval`. None for a single
    group.
    """
    mean, residuals = sum(values) / len(values), dict.fromkeys(groups, 0.0)
    for value, group in zip(values, groups, strict=True):
        residuals[group] += value - mean
    count = len(residuals)
    if count < 2:
        return None
    error = math.sqrt(count / (count - 1) * sum(residual**2 for residual in residuals.values())) / len(values)
    return float(student_t.ppf((1 + level) / 2, count - 1)) * error
