"""Trained parts of a domain, such as mappers and styles, each in one safetensors file: tensors, and in the file's metadata facts as JSON
that say what it belongs to, with which settings it is built, and how it was made."""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from msgspec import Struct
from safetensors.torch import save_file
from torch import Tensor

from ..errors import StyleclipError
from ..finite import require_finite
from ..paths import user_path, written_whole
from .domain import file_path, load_tensors, own_files
from .readers.filled import compared, unfilled
from .schema import parsed
from .tensor_file import read_metadata

Facts = TypeVar("Facts", bound=Struct)
Network = TypeVar("Network", bound=torch.nn.Module)


@dataclass(frozen=True)
class Learnt(Generic[Facts]):
    """A kind of such files; a domain lists its own as NAME_..., such as `mapper_smile`.

    name    the key of the facts in the metadata, such as "mapper"
    what    "a mapper", for messages
    again   how such a file is made, for messages
    facts   the required structure of the facts
    others  entries of `domain.json` that also begin with the name but are something else
    """

    name: str
    what: str
    again: str
    facts: type[Facts]
    others: tuple[str, ...] = ()

    def write(self, path: Path, tensors: Mapping[str, Tensor], facts: dict) -> None:
        """Writes a file completely or not at all. Raises StyleclipError if it cannot be written there."""
        kept = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
        with written_whole(path) as temporary:
            save_file(kept, str(temporary), metadata={self.name: json.dumps(facts, sort_keys=True)})

    def read_facts(self, path: Path) -> Facts:
        """The facts in a file. Raises StyleclipError for a file of another kind."""
        try:
            return parsed(read_metadata(path)[self.name].encode(), self.facts)
        except (StyleclipError, KeyError) as error:
            raise self.refusal(path) from error

    def read_network(self, path: Path, build: Callable[[], Network], try_out: Callable[[Network], Tensor]) -> Network:
        """The network that `build` makes, with the weights of the file; frozen, in evaluation mode, float32.

        try_out  what the network computes of a usual input: it finds weights that overflow together

        Shapes are compared before any memory is allocated. Raises StyleclipError if they do not fit, and if what the network computes is
        infinite or undefined.
        """
        what = f"{self.what}, as the file describes it"
        try:
            tensors = load_tensors(path, accept=lambda shapes: compared(shapes, unfilled(build, what), what))
            network = build()
            network.load_state_dict(tensors)
        except (ValueError, KeyError, TypeError, RuntimeError) as error:
            raise self.refusal(path) from error
        network.eval().requires_grad_(False)
        require_finite(f"What the network in {path} computes", try_out(network))
        return network

    def shipped(self, folder: Path) -> list[str]:
        """The names of the files of this kind that come with the domain in a folder."""
        own = [name for name in own_files(folder) if name not in self.others]
        return [name.removeprefix(f"{self.name}_") for name in own if name.startswith(f"{self.name}_")]

    def find(self, folder: Path, domain: str, name: str | Path) -> Path:
        """The domain's file of this name, or `name` as a path. Raises StyleclipError if it is neither."""
        if str(name) in self.shipped(folder):
            return file_path(folder, f"{self.name}_{name}")
        path = user_path(name)
        if not os.path.isfile(path):
            raise StyleclipError(f"There is no {self.name} '{name}': the domain '{domain}' ships "
                                 f"{', '.join(self.shipped(folder)) or 'none'}; {self.again} makes such a file.")
        return path

    def for_text(self, folder: Path, text: str) -> str | None:
        """The name of the domain's file for this text, or None."""
        for name in self.shipped(folder):
            if self.read_facts(file_path(folder, f"{self.name}_{name}")).recipe.get("text") == text.strip():
                return name
        return None

    def refusal(self, path: Path) -> StyleclipError:
        """The error for a file of another kind."""
        return StyleclipError(f"{path} does not hold {self.what}; {self.again} makes such a file.")


def halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Matrices and kernels in half precision, to save space; vectors unchanged."""
    return {key: value.half() if value.ndim > 1 else value for key, value in tensors.items()}
