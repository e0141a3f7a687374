"""A population in which some attribute values are rarer or more common than usual."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from ....errors import StyleclipError
from .attributes import BY_NAME, index_of
from .factors import NAMES, share_edges

Shares = Mapping[str, Mapping[str, float]]
"""{attribute: {value: the share of portraits with it}}."""


def skewed(u: torch.Tensor, shares: Shares) -> torch.Tensor:
    """Transforms uniform numbers so that some values have given shares; the other values divide the rest in their usual proportions.

    `from_uniform(skewed(u, {"skin_tone": {"light": 0.9}}))` draws nine light faces out of ten. Only the distribution changes: every
    portrait could also have come from the usual world. The rules of `from_uniform` apply afterwards: a share of beards is one among men.

    u [N, len(NAMES)] in [0, 1)  ->  [N, len(NAMES)] in [0, 1)
    Raises StyleclipError for an unknown attribute or value, and for impossible shares.
    """
    u = u.clone()
    for name, wanted in shares.items():
        old, new = _edges(name, wanted)
        column = NAMES.index(name)
        values = np.interp(u[:, column].double().numpy(), new, old)
        u[:, column] = torch.from_numpy(values).to(u).clamp(0, 1 - 1e-6)
    return u


def _edges(name: str, wanted: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray]:
    """The ends of an attribute's segments in [0, 1], usually and in the skewed population. Numbers without a value form segments, too."""
    for value, share in wanted.items():
        index_of(name, value)
        if not 0 <= share <= 1:
            raise StyleclipError(f"The share of {name} {value} must lie between 0 and 1, not at {share}.")
    edges, values = _segments(name)
    lengths = np.diff(edges)
    rest = 1 - sum(wanted.values())
    others = sum(length for length, value in zip(lengths, values) if value not in wanted)
    if rest < -1e-9 or (others == 0 and rest > 1e-9):
        raise StyleclipError(f"The shares of {name} add up to {sum(wanted.values()):g}: "
                             f"they must be {'1, since every value has one' if others == 0 else 'at most 1'}.")
    new = [wanted[value] if value in wanted else max(rest, 0) * length / others for length, value in zip(lengths, values)]
    return edges, np.concatenate([[0], np.cumsum(new)])


def _segments(name: str) -> tuple[np.ndarray, list[str | None]]:
    """The edges of the segments into which an attribute divides the uniform numbers, and the value of each."""
    attribute = BY_NAME[name]
    if not attribute.is_scale:
        return share_edges(name).double().numpy(), list(attribute.values)
    low = min(start for start, _ in attribute.intervals)
    edges, values = [0.0], []
    for value, (start, end) in sorted(zip(attribute.values, attribute.intervals), key=lambda pair: pair[1]):
        start, end = (start, end) if low >= 0 else ((start + 1) / 2, (end + 1) / 2)
        if start > edges[-1]:
            edges.append(start)
            values.append(None)
        edges.append(end)
        values.append(value)
    if edges[-1] < 1:
        edges.append(1.0)
        values.append(None)
    return np.array(edges), values
