"""Trained mappers on disk: the mapper, what it belongs to and how it was made, in one safetensors file."""

from pathlib import Path

import torch

from ..errors import StyleclipError
from ..models import Models
from ..networks.mapper import Mapper
from ..weights.downloads.fingerprint import fingerprint
from ..weights.learnt import Learnt, halved
from ..weights.schema import MapperFacts
from .recipes import FORMER_NAMES

PREFIX = "mapper_"
"""The mapper "smile" of a domain is the file `mapper_smile` in its `domain.json`."""

_FILES = Learnt("mapper", "a mapper", "train_mapper(models, text).save(path)", MapperFacts)


def shipped_mappers(models: Models) -> list[str]:
    """The names of the mappers that a domain ships."""
    return _FILES.shipped(models.folder)


def find_mapper(models: Models, name: str | Path) -> Path:
    """The file of a shipped mapper, or the path itself. Raises StyleclipError if it is neither."""
    return _FILES.find(models.folder, models.domain, name)


def mapper_for(models: Models, text: str) -> str | None:
    """The name of the shipped mapper that was trained for this text, or None."""
    return _FILES.for_text(models.folder, text)


def write(path: Path, network: Mapper, generator: torch.nn.Module, recipe: dict) -> None:
    """Writes a mapper, whole or not at all. Matrices in half precision: a shipped mapper has less than 1 MB, and no pixel differs by
    as much as a shade. Raises StyleclipError if the place cannot be written."""
    facts = {"generator": fingerprint(generator), "num_ws": network.num_ws, "w_dim": network.w_dim, "levels": list(network.levels),
             "recipe": recipe}
    _FILES.write(path, halved(network.state_dict()), facts)


def read(path: Path, models: Models) -> tuple[Mapper, dict]:
    """The mapper, on the device of the models, and its recipe, in which settings have today's names. Older ones began at the face.

    Raises StyleclipError if it belongs to another generator.
    """
    facts = _FILES.read_facts(path)
    if facts.generator not in map(fingerprint, models.related_generators):
        raise StyleclipError(f"{path} was trained for another generator than that of the domain '{models.domain}', where its offsets "
                             "would mean something else; train_mapper(models, text) trains one for this one.")
    network = _FILES.read_network(path, lambda: Mapper(facts.num_ws, facts.w_dim, facts.levels),
                                  lambda mapper: mapper(torch.ones(1, facts.num_ws, facts.w_dim)))
    recipe = {"start": "face", **{FORMER_NAMES.get(name, name): value for name, value in facts.recipe.items()}}
    return network.to(models.device), recipe
