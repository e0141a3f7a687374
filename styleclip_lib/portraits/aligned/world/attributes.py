"""The table of attributes: what is known about every portrait, and how it is read from the factors.

An attribute is either a *category* (the factor holds the index of its value) or a *scale* (the factor holds a number, and each named
value is an interval of it). Between the intervals of a scale no value is clearly true or false: a face turned by five degrees looks
neither clearly left nor clearly ahead.

`left` and `right` are the viewer's, as in the picture.
"""

from dataclasses import dataclass, field

import torch

from ....errors import StyleclipError
from ...language.vocabulary import WORDS, Words


@dataclass(frozen=True)
class Attribute:
    """One row of the table.

    name      the attribute's name, and the name of its factor
    values    the names of its values, in the order of their index
    shares    for a category: how often each value is drawn (before the rules of `factors.from_uniform`)
    intervals for a scale: the interval (low, high) of the factor in which each value is clearly true
    margin    for a scale: how far outside its interval a value counts as clearly false
    words     the words for each value, as captions use them
    """

    name: str
    values: tuple[str, ...]
    shares: tuple[float, ...] = ()
    intervals: tuple[tuple[float, float], ...] = ()
    margin: float = 0.0
    words: dict[str, Words] = field(default_factory=dict, compare=False, repr=False)

    @property
    def is_scale(self) -> bool:
        return bool(self.intervals)

    def is_true(self, factor: torch.Tensor) -> torch.Tensor:
        """Which values are clearly true. factor [N] -> bool [N, number of values]."""
        if not self.is_scale:
            return factor[:, None] == torch.arange(len(self.values), device=factor.device)
        low, high = torch.tensor(self.intervals, device=factor.device).T
        return (factor[:, None] >= low) & (factor[:, None] <= high)

    def is_false(self, factor: torch.Tensor) -> torch.Tensor:
        """Which values are clearly false. factor [N] -> bool [N, number of values]."""
        if not self.is_scale:
            return ~self.is_true(factor)
        low, high = torch.tensor(self.intervals, device=factor.device).T
        return (factor[:, None] < low - self.margin) | (factor[:, None] > high + self.margin)


def _category(name, **shares):
    return Attribute(name, tuple(shares), shares=tuple(shares.values()), words=WORDS[name])


def _scale(name, margin, **intervals):
    return Attribute(name, tuple(intervals), intervals=tuple(intervals.values()), margin=margin,
                     words=WORDS[name])


ATTRIBUTES: tuple[Attribute, ...] = (
    _category("gender", woman=0.5, man=0.5),
    _scale("age", 0.08, child=(0.0, 0.16), young=(0.26, 0.48), old=(0.74, 1.0)),
    _scale("weight", 0.35, thin=(-1.0, -0.45), fat=(0.45, 1.0)),
    _scale("skin_tone", 0.12, light=(0.0, 0.33), medium=(0.42, 0.62), dark=(0.72, 1.0)),
    _category("hair_style", bald=0.13, short=0.24, long=0.20, bob=0.16, curly=0.15, mohawk=0.12),
    _category("hair_color", black=0.17, brown=0.16, blond=0.16, red=0.12, grey=0.09, white=0.08,
              pink=0.08, blue=0.07, green=0.07),
    _category("eye_color", brown=0.36, blue=0.34, green=0.30),
    _scale("brows", 0.35, thin=(-1.0, -0.4), thick=(0.4, 1.0)),
    _category("facial_hair", none=0.28, stubble=0.20, moustache=0.23, beard=0.29),
    _category("expression", neutral=0.26, smile=0.26, sad=0.16, angry=0.16, surprised=0.16),
    _category("eyes", open=0.88, closed=0.12),
    _category("glasses", none=0.60, glasses=0.22, sunglasses=0.18),
    _category("headwear", none=0.68, hat=0.16, cap=0.16),
    _category("makeup", none=0.5, makeup=0.5),
    _category("earrings", none=0.6, earrings=0.4),
    _scale("yaw", 0.18, left=(-1.0, -0.36), ahead=(-0.15, 0.15), right=(0.36, 1.0)),
    _scale("pitch", 0.3, down=(-1.0, -0.45), up=(0.45, 1.0)),
    _scale("light", 0.35, left=(-1.0, -0.45), right=(0.45, 1.0)),
    _category("background", white=0.12, grey=0.12, blue=0.14, green=0.14, yellow=0.12, orange=0.12,
              pink=0.12, purple=0.12),
    _category("clothes", red=0.14, blue=0.14, green=0.12, yellow=0.12, black=0.13, white=0.12,
              purple=0.11, orange=0.12),
)

BY_NAME: dict[str, Attribute] = {attribute.name: attribute for attribute in ATTRIBUTES}


def index_of(name: str, value: str) -> int:
    """The index of a value, as the factors of a category store it: index_of("glasses", "sunglasses") is 2.

    Raises StyleclipError for a name or a value that the table does not have.
    """
    if name not in BY_NAME:
        raise StyleclipError(f"There is no attribute '{name}'; choose one of {', '.join(BY_NAME)}.")
    if value not in BY_NAME[name].values:
        values = ", ".join(BY_NAME[name].values)
        raise StyleclipError(f"The attribute {name} has no value '{value}'; choose one of {values}.")
    return BY_NAME[name].values.index(value)


def number_of(name: str, value: str) -> float:
    """The content of a factor whose value is clearly true: the index for a category, the middle of the interval for a scale.

    Raises StyleclipError as `index_of` does.
    """
    index = index_of(name, value)
    return sum(BY_NAME[name].intervals[index]) / 2 if BY_NAME[name].is_scale else index
