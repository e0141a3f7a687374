"""A state dict's tensors into a network of the size that their shapes tell: what the readers of official files have in common."""

import re
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from ...errors import StyleclipError

StateDict = dict[str, Tensor]

COUNT = "num_batches_tracked"
"""What batch normalisation counts while it learns, and old files lack."""


def filled(build: Callable[[], nn.Module], state: StateDict, what: str) -> nn.Module:
    """The network that `build` makes, with the tensors of the state dict as its weights, float32; frozen, in evaluation mode.

    The tensors are not copied, and the network takes no memory before. Counts of batches become zero.
    what: "an ArcFace network", for messages. Raises StyleclipError where a tensor is missing, unknown, or has another shape.
    """
    try:
        with torch.device("meta"):
            network = build()
    except (ValueError, AssertionError, RuntimeError, ZeroDivisionError) as error:
        raise StyleclipError(f"The shapes of the tensors are not those of {what}; check which file was opened.") from error
    wanted = {key: value.shape for key, value in network.state_dict().items() if not key.endswith(COUNT)}
    state = {key: value for key, value in state.items() if not key.endswith(COUNT)}
    require(state, wanted, what)
    for key, value in state.items():
        if key not in wanted:
            raise StyleclipError(f"There is a tensor {key}, which does not belong to {what}; check which file was opened.")
        if value.shape != wanted[key]:
            raise _misfit(key, value, what)
    counts = {key: torch.tensor(0) for key in network.state_dict() if key.endswith(COUNT)}
    network.load_state_dict(counts | {key: value.detach().float() for key, value in state.items()}, assign=True)
    return network.eval().requires_grad_(False)


def shape_of(state: StateDict, key: str, dimensions: int, what: str) -> torch.Size:
    """The shape of a tensor. Raises StyleclipError if it is missing or does not have so many dimensions."""
    require(state, [key], what)
    if state[key].ndim != dimensions:
        raise _misfit(key, state[key], what)
    return state[key].shape


def part_of(state: StateDict, prefix: str) -> StateDict:
    """The tensors whose names begin with a prefix, without it."""
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def count(state: StateDict, pattern: str) -> int:
    """How many names match as a whole."""
    return sum(re.fullmatch(pattern, key) is not None for key in state)


def require(state: StateDict, keys: Iterable[str], what: str) -> None:
    """Raises StyleclipError if one of the names is missing, or does not stand for a tensor."""
    missing = [key for key in keys if not isinstance(state.get(key), Tensor)]
    if missing:
        raise StyleclipError(f"This is not {what} ({len(missing)} tensors are missing, first {missing[0]}); check which file was opened.")


def _misfit(key: str, value: Tensor, what: str) -> StyleclipError:
    return StyleclipError(f"The tensor {key} {list(value.shape)} does not fit into {what}; check which file was opened.")
