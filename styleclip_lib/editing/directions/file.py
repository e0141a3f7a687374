"""Global directions on disk: tensors and what they belong to, in one safetensors file."""

import hashlib
import json
import os
from pathlib import Path

import torch

from ...errors import StyleclipError
from ...models import Models
from ...weights.domain import file_path, load_tensors, own_files
from ...weights.downloads.fingerprint import fingerprint
from ...weights.learnt import Learnt
from ...weights.schema import DirectionsFacts
from ...weights.tensor_file import Shapes, read_metadata

NAME = "directions"
LONGEST, LARGEST_STYLE = 1.01, 1e6
"""Of an effect, whose length is 1, or by regression at most 1, and of a mean or standard deviation; the styles of real generators reach a
few hundred."""

WORTH = {"scan": 100, "first order": 10, "regression": 1}
"""What a face is worth, by the kind of the directions; see `kept_paths`."""

_FILES = Learnt(NAME, "global directions", "GlobalDirections.compute(models).save(path)", DirectionsFacts)


def belongs_to(models: Models) -> dict[str, str]:
    """The fingerprints of the two networks without which directions mean nothing."""
    return {"generator": fingerprint(models.generator), "clip": fingerprint(models.clip)}


def cached_path(folder: Path, facts: dict) -> Path:
    """The file for these networks and settings; other weights or other settings have another file."""
    key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    return Path(folder) / f"{NAME}-{key}.safetensors"


def shipped_path(models: Models) -> Path | None:
    """The directions that come with the domain, or None."""
    return file_path(models.folder, NAME) if NAME in own_files(models.folder) else None


def kept_paths(models: Models, folder: Path) -> list[Path]:
    """The directions in a folder that belong to these networks, the best last.

    A face counts by what is done with it: 1 where it is only drawn (a regression), 10 where channels are followed to first order in it, and
    100 where each is tried (a scan). So with the usual 24, 2000 and 64 faces a scan is better than a regression, which is better than the
    first order, and a trial with few faces replaces none of them. After that, those that know the toRGB layers come last.
    """
    belonging = belongs_to(models).items()
    found = [(read_facts(path), path) for path in sorted(Path(folder).glob(f"{NAME}-*.safetensors"))]
    ranked = [(WORTH.get(facts["kind"], 0) * facts["images"], "rgb" in facts, path)
              for facts, path in found if facts.items() >= belonging]
    return [path for *_, path in sorted(ranked)]


def write(path: Path, tensors: dict[str, torch.Tensor], facts: dict) -> None:
    """Writes tensors and facts, whole or not at all. Raises StyleclipError if the place cannot be written."""
    _FILES.write(path, tensors, facts)


def read_facts(path: Path) -> dict:
    """What a file says of itself. Raises StyleclipError if it is not there or is something else."""
    if not os.path.isfile(path):
        raise StyleclipError(f"There are no global directions at {path}; GlobalDirections.compute(models).save(path) makes them.")
    _FILES.read_facts(path)
    return json.loads(read_metadata(path)[NAME])


def read(path: Path, models: Models) -> tuple[dict[str, torch.Tensor], dict]:
    """Tensors, in float32 on the device of the models, and facts. Raises StyleclipError if they belong to other networks."""
    facts = read_facts(path)
    for network, those in (("generator", models.related_generators), ("clip", [models.clip])):
        if facts.get(network) not in [fingerprint(one) for one in those]:
            raise StyleclipError(f"{path} was computed for another {network} than that of the domain '{models.domain}', and its channels "
                                 "would mean something else here; GlobalDirections.compute(models) computes them for this one.")
    generator, dim = models.generator, models.clip.embedding_dim
    channels, rgb_channels = generator.num_channels, generator.num_rgb_channels
    expected = {"mean": (channels,), "std": (channels,), "effects": (channels, dim)}
    with_rgb = expected | {"rgb_std": (rgb_channels,), "rgb_effects": (rgb_channels, dim)}

    def accept(shapes: Shapes) -> None:
        if dict(shapes) not in (expected, with_rgb):
            raise StyleclipError(f"The tensors of {path} are not those of {_FILES.what} for this generator and this CLIP; {_FILES.again} "
                                 "makes such a file.")

    tensors = {name: value.float().to(models.device) for name, value in load_tensors(path, accept=accept).items()}
    _check_numbers(path, tensors)
    return tensors, facts


def _check_numbers(path: Path, tensors: dict[str, torch.Tensor]) -> None:
    """Raises StyleclipError for effects that are longer than 1, and for means and standard deviations that no generator's styles have."""
    for name, value in tensors.items():
        largest = value.norm(dim=1).max() if value.ndim == 2 else value.abs().max()
        if not largest <= (LONGEST if value.ndim == 2 else LARGEST_STYLE) or (name.endswith("std") and value.min() < 0):
            raise StyleclipError(f"The numbers in {path} are not those of {_FILES.what}: its '{name}' has {float(largest):.2g}, which no "
                                 f"generator has; get the file again, or compute it, {_FILES.again}.")
