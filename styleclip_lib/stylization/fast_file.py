"""Networks for one style on disk: the network, the CLIP that it learnt from and how it was made, in one safetensors file."""

import os
from pathlib import Path

import torch

from ..errors import StyleclipError
from ..models import Models
from ..networks.fast_style import FastStyle
from ..paths import user_path
from ..weights.domain import file_path, own_files
from ..weights.downloads.fingerprint import fingerprint
from ..weights.learnt import Learnt, halved
from ..weights.schema import StyleFacts

PREFIX = "style_"
"""The style "mosaic" of a domain is the file `style_mosaic` in its `domain.json`."""

_FILES = Learnt("style", "a style", "train_style(models, text).save(path)", StyleFacts)


def shipped_styles(models: Models) -> list[str]:
    """The names of the styles that come with a domain as a fast network."""
    return [name.removeprefix(PREFIX) for name in own_files(models.folder) if name.startswith(PREFIX)]


def find_style(models: Models, name: str | Path) -> Path:
    """The file of a shipped style, or the path itself. Raises StyleclipError if it is neither."""
    if str(name) in shipped_styles(models):
        return file_path(models.folder, PREFIX + str(name))
    path = user_path(name)
    if not os.path.isfile(path):
        shipped = ", ".join(shipped_styles(models)) or "none"
        raise StyleclipError(f"There is no fast style '{name}': the domain '{models.domain}' ships {shipped}; {_FILES.again} makes such a "
                             "file.")
    return path


def style_for(models: Models, text: str) -> str | None:
    """The name of the fast network of a domain that was trained for this text, or None."""
    for name in shipped_styles(models):
        if _FILES.read_facts(find_style(models, name)).recipe.get("text") == text.strip():
            return name
    return None


def write(path: Path, network: FastStyle, clip: torch.nn.Module, recipe: dict) -> None:
    """Writes a style, whole or not at all, convolutions in half precision: no pixel differs by a shade. Raises StyleclipError if the place
    cannot be written."""
    facts = {"clip": fingerprint(clip), "width": network.width, "blocks": network.blocks, "recipe": recipe}
    _FILES.write(path, halved(network.state_dict()), facts)


def read(path: Path, models: Models) -> tuple[FastStyle, dict]:
    """The network, on the device of the models, and its recipe. Raises StyleclipError for a file of something else.

    A style fits every picture, whatever domain it was learnt in: the CLIP's fingerprint in the file only says where it comes from.
    """
    facts = _FILES.read_facts(path)
    network = _FILES.read_network(path, lambda: FastStyle(facts.width, facts.blocks))
    return network.to(models.device), facts.recipe
