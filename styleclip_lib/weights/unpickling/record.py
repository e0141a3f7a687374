"""A network in a file, as a tree of names and tensors."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .pickle_tensors import StoredTensor
from .untrusted import Refused, Unknown

MOST_PARTS, LONGEST_PATH = 100_000, 500
"""Limits for a record that contains itself, whose tree would have no end."""


@dataclass(eq=False)
class Record:
    """Stands for an object whose class is not available: its attributes, as they are in the file."""

    attributes: dict = field(default_factory=dict, init=False)

    def set_state(self, state: object) -> None:
        if type(state) is not dict:
            raise Refused("the attributes of an object in it are not a dictionary")
        self.attributes = state


def flat_state(root: object, contents: Callable[[Record], Mapping]) -> dict[str, StoredTensor]:
    """All tensors of a tree of records by their path, such as "synthesis.b4.const". Other values are left out.

    contents: a record -> its tensors and its parts by name.
    Raises Refused if it is not a tree, or an endless one.
    """
    if type(root) is not Record:
        raise Refused("it holds no network")
    state: dict[str, StoredTensor] = {}
    waiting, count = [("", root)], 0
    while waiting:
        path, record = waiting.pop()
        for name, value in contents(record).items():
            count += 1
            if type(name) is not str or type(value) not in (StoredTensor, Record):
                continue
            if count > MOST_PARTS or len(path) + len(name) > LONGEST_PATH:
                raise Refused("the network in it has no end")
            if type(value) is StoredTensor:
                state[path + name] = value
            else:
                waiting.append((f"{path}{name}.", value))
    return state


def check_usual(settings: Mapping, usual: Mapping) -> None:
    """Raises Refused if a setting in a file differs from the only value that our networks support."""
    for name, value in usual.items():
        setting = settings.get(name, value)
        if type(setting) is not type(value) or setting != value:
            raise Unknown(f"its {name} is not {value}, as in StyleGAN2's usual design, the only one supported here")


def clamp_of(settings: Mapping) -> float | None:
    """The limit of the activations, which leaves no trace in the tensors."""
    clamp = settings.get("conv_clamp")
    if clamp is None:
        return None
    if type(clamp) not in (int, float) or not 0 < clamp < math.inf:
        raise Refused("its generator limits its activations in an unknown way")
    return float(clamp)
