"""Loading a state dict into a network whose size follows from the tensors' shapes, as all readers of official files do."""

import re
from collections.abc import Callable, Container, Iterable, Mapping
from typing import TypeVar

import torch
from torch import Tensor, nn

from ...errors import StyleclipError
from ..tensor_file import Shapes

StateDict = dict[str, Tensor]
Network = TypeVar("Network", bound=nn.Module)

COUNT = "num_batches_tracked"
"""A counter of batch normalisation in training, which old files lack."""


MOST_OF_A_KIND = 200
"""The largest number of layers of one kind; the largest official network has 50 blocks."""

MOST_TENSORS = 5000
"""The largest number of tensors; the largest official network, e4e, has 1,100."""


def filled(build: Callable[[], nn.Module], state: StateDict, what: str) -> nn.Module:
    """The network that `build` makes, with the tensors of the state dict as its weights, float32; frozen, in evaluation mode.

    The tensors are not copied, and the network allocates no memory of its own. Counters of batches become zero.
    what: "an ArcFace network", for messages. Raises StyleclipError if a tensor is missing, unknown, or has a wrong shape, or if its
    numbers are integers, infinite or undefined.
    """
    state = {key: value for key, value in state.items() if not key.endswith(COUNT)}
    shapes = shapes_of(state)
    network = unfilled(build, what)
    compared(shapes, network, what)
    weights = {key: value.detach().float() for key, value in state.items()}
    for key, value in state.items():
        if not value.is_floating_point() or not (value.is_meta or weights[key].isfinite().all()):
            raise StyleclipError(f"The tensor {shown(key, value.shape)} has infinite, undefined or integer numbers, which are not weights; "
                                 "check which file was opened.")
    counts = {key: torch.tensor(0) for key in network.state_dict() if key.endswith(COUNT)}
    network.load_state_dict(counts | weights, assign=True)
    return network.eval().requires_grad_(False)


def unfilled(build: Callable[[], Network], what: str) -> Network:
    """The network that `build` makes, without memory for its weights. Raises StyleclipError if its sizes are impossible."""
    try:
        with torch.device("meta"):
            return build()
    except (AssertionError, IndexError, OverflowError, RuntimeError, TypeError, ValueError, ZeroDivisionError) as error:
        raise StyleclipError(f"The shapes of the tensors are not those of {what}; check which file was opened.") from error


def compared(shapes: Shapes, network: nn.Module, what: str) -> None:
    """Raises StyleclipError if a tensor of the network is missing or has a wrong shape, or if there is one too many."""
    wanted = {key: value.shape for key, value in network.state_dict().items() if not key.endswith(COUNT)}
    require(shapes, wanted, what)
    for key, shape in shapes.items():
        if not key.endswith(COUNT) and tuple(shape) != tuple(wanted.get(key, ("unknown",))):
            raise _misfit(key, shape, what)


def shapes_of(state: Mapping[str, object]) -> dict[str, tuple[int, ...]]:
    """The shapes of a state dict's tensors; other values are left out. Raises StyleclipError if there are too many."""
    shapes = {key: tuple(value.shape) for key, value in state.items() if isinstance(value, Tensor)}
    if len(shapes) > MOST_TENSORS:
        raise StyleclipError(f"There are {len(shapes)} tensors, more than any network here has; check which file was opened.")
    return shapes


def shape_of(shapes: Shapes, key: str, dimensions: int, what: str) -> tuple[int, ...]:
    """The shape of a tensor. Raises StyleclipError if it is missing, empty, or has another number of dimensions."""
    require(shapes, [key], what)
    if len(shapes[key]) != dimensions or 0 in shapes[key]:
        raise _misfit(key, shapes[key], what)
    return shapes[key]


def part_of(state: StateDict, prefix: str) -> StateDict:
    """The tensors whose names begin with a prefix, without it."""
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


def count(names: Iterable[str], pattern: str) -> int:
    """The number of names that match completely. Raises StyleclipError if that is more than any network has."""
    matching = sum(re.fullmatch(pattern, name) is not None for name in names)
    if matching > MOST_OF_A_KIND:
        raise StyleclipError(f"There are {matching} layers of a kind, more than any network here has; check which file was opened.")
    return matching


def require(names: Container[str], keys: Iterable[str], what: str) -> None:
    """Raises StyleclipError if one of the keys is missing."""
    missing = [key for key in keys if key not in names]
    if missing:
        raise StyleclipError(f"This is not {what} ({len(missing)} tensors are missing, first {missing[0]}); check which file was opened.")


def shown(key: str, shape: Iterable[int]) -> str:
    """A tensor's name and shape in a message, however long the name may be."""
    return f"{key[:80]} {list(shape)}"


def _misfit(key: str, shape: Iterable[int], what: str) -> StyleclipError:
    return StyleclipError(f"The tensor {shown(key, shape)} does not fit into {what}; check which file was opened.")
