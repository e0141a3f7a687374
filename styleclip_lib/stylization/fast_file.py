"""Networks for one style on disk: the network, the CLIP that it learnt from and how it was made, in one safetensors file."""

from pathlib import Path

import torch

from ..models import Models
from ..networks.fast_style import FastStyle
from ..weights.downloads.fingerprint import fingerprint
from ..weights.learnt import Learnt, halved
from ..weights.schema import StyleFacts

PREFIX = "style_"
"""The style "mosaic" of a domain is the file `style_mosaic` in its `domain.json`."""

_FILES = Learnt("style", "a style", "train_style(models, text).save(path)", StyleFacts, others=("style_examiner",))


def shipped_styles(models: Models) -> list[str]:
    """The names of the styles that a domain ships as a fast network."""
    return _FILES.shipped(models.folder)


def find_style(models: Models, name: str | Path) -> Path:
    """The file of a shipped style, or the path itself. Raises StyleclipError if it is neither."""
    return _FILES.find(models.folder, models.domain, name)


def style_for(models: Models, text: str) -> str | None:
    """The name of the shipped network that was trained for this text, or None."""
    return _FILES.for_text(models.folder, text)


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
    network = _FILES.read_network(path, lambda: FastStyle(facts.width, facts.blocks),
                                  lambda style: style(torch.linspace(-1, 1, 3 * 32 * 32).reshape(1, 3, 32, 32)))
    return network.to(models.device), facts.recipe
