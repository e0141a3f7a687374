"""Where on the path between two faces an attribute crosses the boundary between two values."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from ..errors import StyleclipError
from ..interpolation import Morph
from ..models import Models
from ..portraits.world.attributes import BY_NAME, Attribute
from .report import hidden_attributes


@dataclass
class BoundaryCrossing:
    """An attribute that changes on the path: its value before and after (None: between values of a scale), and the weight at the change."""

    attribute: str
    before: str | None
    after: str | None
    weight: float

    def __str__(self) -> str:
        return f"{self.weight:.2f} {self.attribute}: {self.before or 'in between'} -> {self.after or 'in between'}"


@torch.no_grad()
def boundary_crossings(models: Models, morph: Morph, names: Sequence[str] | None = None) -> list[BoundaryCrossing]:
    """Where along a morph each attribute crosses a boundary, in the order of the path.

    A category has its most probable value; a scale has the value whose interval, widened by half its margin, contains the reading.
    The weight is where the new value overtakes the old one, interpolated linearly between two frames. What cannot be seen, such as the
    colour of eyes behind sunglasses, does not count.

    names  the attributes to follow, by default all
    Raises StyleclipError for an unknown name, or if the domain cannot read attributes.
    """
    if models.attributes is None:
        raise StyleclipError(f"The domain '{models.domain}' has no network that reads attributes, so it is unknown where they change.")
    names = list(BY_NAME) if names is None else list(names)
    for name in names:
        if name not in BY_NAME:
            raise StyleclipError(f"There is no attribute '{name}'; choose one of {', '.join(BY_NAME)}.")
    readings = [models.attributes.read(image[None].to(models.device))[0] for image in morph.images]
    hidden = [hidden_attributes(reading) for reading in readings]
    crossings = []
    for name in names:
        attribute, outputs = BY_NAME[name], [reading.parts[name].cpu() for reading in readings]
        values, winners = [*attribute.values, None], [reading.index(name) for reading in readings]
        for i, j in pairwise(i for i in range(len(readings)) if name not in hidden[i]):
            was, is_now = winners[i], winners[j]
            if was != is_now:
                start, end = _lead(attribute, outputs[i], outputs[j], was, is_now)
                weight = torch.lerp(morph.weights[i], morph.weights[j], start / (start - end))
                crossings.append(BoundaryCrossing(name, values[was], values[is_now], weight.item()))
    return sorted(crossings, key=lambda crossing: abs(crossing.weight - morph.weights[0].item()))


def _lead(attribute: Attribute, start: Tensor, end: Tensor, was: int, is_now: int) -> tuple[Tensor, Tensor]:
    """How far the new value is ahead of the old one, at the start (negative) and at the end (positive)."""
    if not attribute.is_scale:
        return start[is_now] - start[was], end[is_now] - end[was]

    def support(reading, value, at_upper_edge):
        if value < 0:
            return torch.tensor(-attribute.margin / 2)
        low, high = attribute.intervals[value]
        return high - reading if at_upper_edge else reading - low

    rising = bool(end > start)
    leads = [support(number, is_now, not rising) - support(number, was, rising) for number in (start, end)]
    return leads[0], leads[1]
