"""Trained mappers on disk: the mapper, what it belongs to and how it was made, in one safetensors file."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..errors import StyleclipError
from ..models import Models
from ..networks.mapper import Mapper
from ..paths import user_path, written_whole
from ..weights.domain import INDEX, file_path, load_tensors, read_index
from ..weights.downloads.fingerprint import fingerprint
from ..weights.readers.filled import compared, unfilled
from ..weights.schema import MapperFacts, parsed
from ..weights.tensor_file import read_metadata
from .recipes import FORMER_NAMES

PREFIX = "mapper_"
"""The mapper "smile" of a domain is the file `mapper_smile` in its `domain.json`."""

_KEY = "mapper"


def shipped_mappers(models: Models) -> list[str]:
    """The names of the mappers that come with a domain."""
    if not (models.folder / INDEX).is_file():
        return []
    return [name.removeprefix(PREFIX) for name in read_index(models.folder)["files"] if name.startswith(PREFIX)]


def find_mapper(models: Models, name: str | Path) -> Path:
    """The file of a shipped mapper, or the path itself. Raises StyleclipError if it is neither."""
    if str(name) in shipped_mappers(models):
        return file_path(models.folder, PREFIX + str(name))
    path = user_path(name)
    if not path.is_file():
        shipped = ", ".join(shipped_mappers(models)) or "none"
        raise StyleclipError(f"There is no mapper '{name}': the domain '{models.domain}' ships {shipped}; train_mapper(models, text) "
                             "makes one, and its save(path) keeps it.")
    return path


def mapper_for(models: Models, text: str) -> str | None:
    """The name of the mapper of a domain that was trained for this text, or None."""
    for name in shipped_mappers(models):
        if _facts(find_mapper(models, name)).recipe.get("text") == text.strip():
            return name
    return None


def write(path: Path, network: Mapper, generator: torch.nn.Module, recipe: dict) -> None:
    """Writes a mapper, whole or not at all. Matrices in half precision: a shipped mapper has less than 1 MB, and no pixel differs by
    as much as a shade. Raises StyleclipError if the place cannot be written."""
    tensors = {key: (value.half() if value.ndim > 1 else value).detach().cpu().contiguous() for key, value in network.state_dict().items()}
    facts = {"generator": fingerprint(generator), "num_ws": network.num_ws, "w_dim": network.w_dim, "levels": list(network.levels),
             "recipe": recipe}
    with written_whole(path) as temporary:
        save_file(tensors, str(temporary), metadata={_KEY: json.dumps(facts, sort_keys=True)})


def read(path: Path, models: Models) -> tuple[Mapper, dict]:
    """The mapper, on the device of the models, and its recipe, in which settings have today's names.

    Raises StyleclipError if it belongs to another generator.
    """
    facts = _facts(path)
    what = "the mapper that the file speaks of"

    def build() -> Mapper:
        return Mapper(facts.num_ws, facts.w_dim, facts.levels)

    try:
        if facts.generator not in map(fingerprint, models.related_generators):
            raise StyleclipError(f"{path} was trained for another generator than that of the domain '{models.domain}', where its steps "
                                 "would mean something else; train_mapper(models, text) trains one for this one.")
        tensors = load_tensors(path, accept=lambda shapes: compared(shapes, unfilled(build, what), what))
        network = build()
        network.load_state_dict(tensors)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise StyleclipError(f"{path} does not hold a mapper; train_mapper(models, text).save(path) makes such a file.") from error
    recipe = {FORMER_NAMES.get(name, name): value for name, value in facts.recipe.items()}
    return network.to(models.device).eval().requires_grad_(False), recipe


def _facts(path: Path) -> MapperFacts:
    """What a file says of itself. Raises StyleclipError for what is no mapper's."""
    try:
        return parsed(read_metadata(path)[_KEY].encode(), MapperFacts)
    except (StyleclipError, KeyError) as error:
        raise StyleclipError(f"{path} does not hold a mapper; train_mapper(models, text).save(path) makes such a file.") from error
