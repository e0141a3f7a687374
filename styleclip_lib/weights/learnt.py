"""Things that were learnt for a domain, such as mappers and styles, each in one safetensors file: tensors, and facts as JSON in the
file's metadata, which say what it belongs to, what it is built with, and how it was made."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from msgspec import Struct
from safetensors.torch import save_file
from torch import Tensor

from ..errors import StyleclipError
from ..paths import written_whole
from .domain import load_tensors
from .readers.filled import compared, unfilled
from .schema import parsed
from .tensor_file import read_metadata

Facts = TypeVar("Facts", bound=Struct)
Network = TypeVar("Network", bound=torch.nn.Module)


@dataclass(frozen=True)
class Learnt(Generic[Facts]):
    """A kind of such files.

    name   by which the metadata has the facts
    what   "a mapper", for messages
    again  how such a file is made, for messages
    facts  what must stand in the facts
    """

    name: str
    what: str
    again: str
    facts: type[Facts]

    def write(self, path: Path, tensors: Mapping[str, Tensor], facts: dict) -> None:
        """Writes a file, whole or not at all. Raises StyleclipError if the place cannot be written."""
        kept = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        with written_whole(path) as temporary:
            save_file(kept, str(temporary), metadata={self.name: json.dumps(facts, sort_keys=True)})

    def read_facts(self, path: Path) -> Facts:
        """What a file says of itself. Raises StyleclipError for a file of another kind."""
        try:
            return parsed(read_metadata(path)[self.name].encode(), self.facts)
        except (StyleclipError, KeyError) as error:
            raise self.refusal(path) from error

    def read_network(self, path: Path, build: Callable[[], Network]) -> Network:
        """The network that `build` makes, with the weights of the file; frozen, in evaluation mode, float32.

        Shapes are compared before either takes any memory. Raises StyleclipError where they do not fit.
        """
        what = f"{self.what}, as the file describes it"
        try:
            tensors = load_tensors(path, accept=lambda shapes: compared(shapes, unfilled(build, what), what))
            network = build()
            network.load_state_dict(tensors)
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            raise self.refusal(path) from error
        return network.eval().requires_grad_(False)

    def refusal(self, path: Path) -> StyleclipError:
        """The error for a file of another kind."""
        return StyleclipError(f"{path} does not hold {self.what}; {self.again} makes such a file.")


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices and kernels in half precision, which saves room; vectors as they are."""
    return {key: value.half() if value.ndim > 1 else value for key, value in tensors.items()}
