"""The networks of a domain made from official files: downloaded, read safely, and kept in the cache as safetensors.

The name of a cached file depends on the SHA-256 of the official files and on VERSION, so new files, or a new way to read them, make a
new one.
"""

from __future__ import annotations

import argparse
import bz2
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from safetensors.numpy import save_file as save_arrays
from safetensors.torch import save_file
from torch import nn

from ...errors import StyleclipError
from ...networks.generator import Generator
from ...paths import sha256, written_whole
from ..domain import read_index
from ..new_domain import generator_config
from ..readers.any_generator import read_generator
from ..readers.arcface import arcface_from_state
from ..readers.dlib_landmarks import MOST_BYTES, Arrays, read_dlib
from ..readers.e4e import e4e_from_checkpoint
from ..readers.filled import StateDict, filled
from ..readers.lpips import lpips_from_states
from ..readers.openai_clip import clip_from_openai
from ..readers.vgg import content_from_state
from ..tensor_file import read_tensors
from ..unpickling.torch_file import read_torch, tensors
from ..unpickling.untrusted import Stretch, Unknown, untrusted
from .download import expected_sha256, fetch, fetch_all
from .registry import Source, domain_cache, downloads_of, is_official

VERSION = 2
"""The version of the files in the cache."""


@dataclass(frozen=True)
class Format:
    """How a network is read from official files.

    read   files -> the tensors and the settings from which the network is built
    build  tensors, settings -> the network, frozen, in evaluation mode, float32
    """

    read: Callable[..., tuple[StateDict, dict]]
    build: Callable[[StateDict, dict], nn.Module]


def fetch_official(folder: Path, names: Iterable[str], progress: bool = True) -> None:
    """Lists and downloads the files that some entries of a domain need and that are not in the cache yet.

    Raises StyleclipError as `fetch_all` does.
    """
    sources = _needed(folder, names)
    if sources:
        fetch_all(sources, domain_cache(folder), room=sum(source.bytes or 0 for source in sources), progress=progress)


def missing_downloads(folder: Path, names: Iterable[str]) -> list[Source]:
    """The files that `fetch_official` would download."""
    return [source for source in _needed(folder, names) if not os.path.isfile(domain_cache(folder) / source.name)]


def _needed(folder: Path, names: Iterable[str]) -> list[Source]:
    entries = read_index(folder)["files"]
    return downloads_of(folder, [name for name in names if is_official(entries[name]) and not _is_kept(folder, name)])


def load_official(folder: Path, name: str) -> nn.Module:
    """A network of a domain, frozen, in evaluation mode, float32, on the CPU.

    Raises StyleclipError as `fetch_all` does, and for files that do not have the format stated in `domain.json`.
    """
    kind = read_index(folder)["files"][name]["format"]
    if kind not in FORMATS:
        raise StyleclipError(f"The {name} of {folder} has the format '{kind}', and known are {', '.join(sorted(FORMATS))}: correct it.")
    form = FORMATS[kind]
    if _is_kept(folder, name):
        return form.build(*_read_kept(_kept(folder, name)))
    tensors, settings = form.read(*_fetched(folder, name))
    network = form.build(tensors, settings)
    with _keeping(folder, name) as partial:
        save_file({key: value.contiguous() for key, value in tensors.items()}, str(partial), {"settings": json.dumps(settings)})
    return network


def landmark_file(folder: Path) -> Path:
    """The landmark model of a domain, as safetensors. Raises StyleclipError as `fetch_all` does, and for another kind of file."""
    if not _is_kept(folder, "landmarks"):
        (packed,) = _fetched(folder, "landmarks")
        arrays = _landmarks(packed)
        with _keeping(folder, "landmarks") as partial:
            save_arrays(arrays, str(partial))
    path = _kept(folder, "landmarks")
    if sha256(path) != _hash_of(path):
        raise StyleclipError(f"{path} is damaged (its SHA-256 differs): delete it, and it is made again.")
    return path


def _fetched(folder: Path, name: str) -> list[Path]:
    fetch_official(folder, [name])
    return [fetch(source, domain_cache(folder)) for source in downloads_of(folder, [name])]


def _kept(folder: Path, name: str) -> Path | None:
    """The cached file made from an entry's official files; None as long as their SHA-256 is unknown."""
    kind = read_index(folder)["files"][name]["format"]
    hashes = [expected_sha256(source, domain_cache(folder)) for source in downloads_of(folder, [name])]
    if None in hashes:
        return None
    key = hashlib.sha256(json.dumps([VERSION, kind, *hashes]).encode()).hexdigest()[:16]
    return domain_cache(folder) / f"{name}-{key}.safetensors"


def _is_kept(folder: Path, name: str) -> bool:
    path = _kept(folder, name)
    return path is not None and os.path.isfile(path) and _hash_of(path) is not None


@contextmanager
def _keeping(folder: Path, name: str) -> Iterator[Path]:
    """The path to which to write what is made from an entry's files; afterwards its SHA-256 is noted next to it."""
    path = _kept(folder, name)
    with written_whole(path) as partial:
        yield partial
    with written_whole(_noted(path)) as partial:
        partial.write_text(sha256(path) + "\n", encoding="ascii")


def _noted(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _hash_of(path: Path) -> str | None:
    """The SHA-256 that was noted when a file was made; a file without one counts as not made."""
    noted = _noted(path)
    return noted.read_text(encoding="ascii", errors="replace").strip() if os.path.isfile(noted) else None


def _read_kept(path: Path) -> tuple[StateDict, dict]:
    try:
        tensors, metadata = read_tensors(path, _hash_of(path))
        return tensors, json.loads(metadata["settings"])
    except (StyleclipError, KeyError, ValueError) as error:
        raise StyleclipError(f"{path} is damaged: delete it, and it is made again ({error}).") from error


def _landmarks(packed: Path) -> Arrays:
    with untrusted(packed):
        content = _unpacked(packed)
        return read_dlib(Stretch(content, 0, len(content)))


def _unpacked(packed: Path) -> bytes:
    """The content of a bzip2 file."""
    try:
        with bz2.open(packed) as file:
            content = file.read(MOST_BYTES + 1)
    except (EOFError, OSError) as error:
        raise StyleclipError(f"{packed} cannot be unpacked ({error}).") from error
    if len(content) > MOST_BYTES:
        raise StyleclipError(f"{packed} has more than {MOST_BYTES:,} bytes in it: it is not a landmark model.")
    return content


def _tensors(path: Path, *beginnings: str) -> StateDict:
    """The tensors of a file: all of them, or those whose names begin with one of `beginnings`."""
    return read_torch(path, lambda content: tensors(content, *beginnings))


def _read_generator(path: Path) -> tuple[StateDict, dict]:
    generator = read_generator(path)
    return generator.state_dict(), generator_config(generator)


def _build_generator(state: StateDict, settings: dict) -> Generator:
    channels = {int(resolution): count for resolution, count in settings["channels"].items()}
    return filled(lambda: Generator(**{**settings, "channels": channels}), state, "a StyleGAN2 generator")


def _read_e4e(path: Path) -> tuple[StateDict, dict]:
    def take(content: object) -> tuple[StateDict, dict]:
        if type(content) is not dict:
            raise Unknown("it is not a checkpoint of an encoder")
        settings = content.get("opts") or {}
        settings = vars(settings) if isinstance(settings, argparse.Namespace) else settings
        return ({**tensors(content.get("state_dict"), "encoder."), **tensors(content, "latent_avg")},
                {key: settings[key] for key in ("encoder_type", "start_from_latent_avg") if type(settings.get(key)) in (str, bool)})

    state, settings = read_torch(path, take)
    _build_e4e(state, settings)  # raises if it is something else
    return state, settings


def _build_e4e(state: StateDict, settings: dict) -> nn.Module:
    return e4e_from_checkpoint({"state_dict": state, "latent_avg": state.get("latent_avg"), "opts": settings})


def _read_lpips(backbone: Path, heads: Path) -> tuple[StateDict, dict]:
    return {**_tensors(backbone, "features."), **_tensors(heads, "lin")}, {}


FORMATS = {
    "stylegan2": Format(_read_generator, _build_generator),
    "e4e": Format(_read_e4e, _build_e4e),
    "irse50": Format(lambda path: (_tensors(path), {}), lambda state, _: arcface_from_state(state)),
    "openai-clip": Format(lambda path: (_tensors(path), {}), lambda state, _: clip_from_openai(state)),
    "lpips": Format(_read_lpips, lambda state, _: lpips_from_states(state, state)),
    "vgg19": Format(lambda path: (_tensors(path, "features."), {}), lambda state, _: content_from_state(state)),
}
"""The formats that an entry of `domain.json` may state. A generator may be in any file that `read_generator` can read."""
