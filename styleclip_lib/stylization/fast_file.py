"""Networks for one style on disk: the network, the CLIP that it learnt from and how it was made, in one safetensors file."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from ..errors import StyleclipError
from ..models import Models
from ..networks.fast_style import FastStyle
from ..paths import user_path, written_whole
from ..weights.domain import INDEX, file_path, load_tensors, read_index
from ..weights.downloads.fingerprint import fingerprint
from ..weights.readers.filled import compared, unfilled
from ..weights.schema import StyleFacts, parsed
from ..weights.tensor_file import read_metadata

PREFIX = "style_"
"""The style "mosaic" of a domain is the file `style_mosaic` in its `domain.json`."""

_KEY = "style"
_AGAIN = "train_style(models, text).save(path) makes such a file"


def shipped_styles(models: Models) -> list[str]:
    """The names of the styles that come with a domain as a fast network."""
    if not (models.folder / INDEX).is_file():
        return []
    return [name.removeprefix(PREFIX) for name in read_index(models.folder)["files"] if name.startswith(PREFIX)]


def find_style(models: Models, name: str | Path) -> Path:
    """The file of a shipped style, or the path itself. Raises StyleclipError if it is neither."""
    if str(name) in shipped_styles(models):
        return file_path(models.folder, PREFIX + str(name))
    path = user_path(name)
    if not path.is_file():
        shipped = ", ".join(shipped_styles(models)) or "none"
        raise StyleclipError(f"There is no fast style '{name}': the domain '{models.domain}' ships {shipped}; {_AGAIN}.")
    return path


def style_for(models: Models, text: str) -> str | None:
    """The name of the fast network of a domain that was trained for this text, or None."""
    for name in shipped_styles(models):
        if _facts(find_style(models, name)).recipe.get("text") == text.strip():
            return name
    return None


def write(path: Path, network: FastStyle, clip: torch.nn.Module, recipe: dict) -> None:
    """Writes a style, whole or not at all, convolutions in half precision: no pixel differs by a shade. Raises StyleclipError if the place
    cannot be written."""
    tensors = {key: (value.half() if value.ndim > 1 else value).detach().cpu().contiguous() for key, value in network.state_dict().items()}
    facts = {"clip": fingerprint(clip), "width": network.width, "blocks": network.blocks, "recipe": recipe}
    with written_whole(path) as temporary:
        save_file(tensors, str(temporary), metadata={_KEY: json.dumps(facts, sort_keys=True)})


def read(path: Path, models: Models) -> tuple[FastStyle, dict]:
    """The network, on the device of the models, and its recipe. Raises StyleclipError for a file of something else.

    A style fits every picture, whatever domain it was learnt in: the CLIP's fingerprint in the file only says where it comes from.
    """
    facts = _facts(path)
    what = "the style that the file speaks of"

    def build() -> FastStyle:
        return FastStyle(facts.width, facts.blocks)

    try:
        tensors = load_tensors(path, accept=lambda shapes: compared(shapes, unfilled(build, what), what))
        network = build()
        network.load_state_dict(tensors)
    except (ValueError, KeyError, TypeError, RuntimeError) as error:
        raise StyleclipError(f"{path} does not hold a style; {_AGAIN}.") from error
    return network.to(models.device).eval().requires_grad_(False), facts.recipe


def _facts(path: Path) -> StyleFacts:
    """What a file says of itself. Raises StyleclipError for what is no style's."""
    try:
        return parsed(read_metadata(path)[_KEY].encode(), StyleFacts)
    except (StyleclipError, KeyError) as error:
        raise StyleclipError(f"{path} does not hold a style; {_AGAIN}.") from error
