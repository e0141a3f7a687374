"""A network in a file, as long as it is only a tree of names and tensors."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from .pickle_tensors import StoredTensor
from .untrusted import Refused, Unknown

MOST_PARTS, LONGEST_PATH = 100_000, 500
"""A record that is its own part would go on for ever, and its path grow."""


@dataclass(eq=False)
class Record:
    """Stands for an object whose class is not here: its attributes, as the file has them."""

    attributes: dict = field(default_factory=dict, init=False)

    def set_state(self, state: object) -> None:
        if type(state) is not dict:
            raise Refused("the attributes of an object in it are no dictionary")
        self.attributes = state


def flat_state(root: object, contents: Callable[[Record], Mapping]) -> dict[str, StoredTensor]:
    """All tensors of a tree of records by their path, "synthesis.b4.const". What is neither tensor nor record is left out.

    contents: a record -> its tensors and its parts by name.
    Raises Refused if there is no tree, or an endless one.
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
    """Raises Refused where a file has a setting with another value than the one that our networks know."""
    for name, value in usual.items():
        setting = settings.get(name, value)
        if type(setting) is not type(value) or setting != value:
            raise Unknown(f"its {name} is not {value}, as it is in StyleGAN2's usual design, the only one known here")


def clamp_of(settings: Mapping) -> float | None:
    """The number that limits activations, which leaves no trace in the tensors."""
    clamp = settings.get("conv_clamp")
    if clamp is None:
        return None
    if type(clamp) not in (int, float) or not 0 < clamp < math.inf:
        raise Refused("its generator limits its activations in an unknown way")
    return float(clamp)
