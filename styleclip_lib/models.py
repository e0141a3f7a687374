"""A domain, ready to use: all its networks in one object."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from .calibration import Calibration
from .errors import StyleclipError
from .networks.arcface import Arcface
from .networks.attributes import Attributes
from .networks.clip import Clip, WordTokenizer, clip_from_state
from .networks.e4e import E4e
from .networks.encoder import Encoder
from .networks.generator import Generator
from .networks.identity import Identity
from .networks.lpips import Lpips
from .networks.perceptual import Perceptual
from .weights.domain import file_path, find_domain, load_network, load_tensors, read_index, sources
from .weights.downloads.official import fetch_official, load_official, missing_downloads
from .weights.downloads.registry import is_official
from .weights.readers.openai_clip import check_clip

FORMER_CALIBRATION = ("early_exit_z",)
"""Entries of the previous version, which are ignored."""

_AT_ONCE = 8  # pictures

WHEN_WANTED = ("content",)
"""Networks that only some methods need, which are downloaded and read on first use."""


@dataclass(frozen=True)
class ReferenceFaces:
    """The reference set of invented faces: w_plus [N, num_ws, w_dim], and CLIP's embeddings of them, [N, D]."""

    w_plus: torch.Tensor
    embedding: torch.Tensor


@dataclass
class Models:
    """The networks of a domain, frozen, in evaluation mode, on one device.

    domain      the domain's name
    folder      the domain's folder
    generator   z -> w_plus -> styles -> image
    clip        pictures and texts -> unit vectors
    identity    image -> unit vector of the person
    perceptual  how different two pictures look
    encoder     image -> w_plus
    attributes  image -> attribute values (None for a domain without known attributes)
    calibration the settings that depend on these networks, from `domain.json`
    tuned_from  the original generator, if this one was tuned to a face (see `pivotal_tuning`); its directions and mappers still apply
    memo        cached results that were computed from these networks; `dataclasses.replace` starts with an empty one
    """

    domain: str
    folder: Path
    generator: Generator
    clip: Clip
    identity: Identity | Arcface
    perceptual: Perceptual | Lpips
    encoder: Encoder | E4e | None
    attributes: Attributes | None
    device: torch.device
    calibration: Calibration = Calibration()
    tuned_from: Generator | None = None
    memo: dict = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def related_generators(self) -> list[Generator]:
        """The generators whose directions and mappers apply here: this one and, if it was tuned to a face, the original."""
        return [self.generator] if self.tuned_from is None else [self.generator, self.tuned_from]

    def sample(self, seed: int, truncation_psi: float = 0.7) -> torch.Tensor:
        """The latent code of a face: w_plus [1, num_ws, w_dim]. A seed means the same face on every machine."""
        z = torch.randn(1, self.generator.z_dim, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            return self.generator.mapping(z.to(self.device), truncation_psi)

    def drawing_with(self, generator: Generator) -> "Models":
        """The models with another copy of their generator, such as one with the noise maps of a face. The last result is cached."""
        if generator is self.generator:
            return self
        known, fitted = self.memo.get("drawing with", (None, None))
        if known is not generator:
            fitted = replace(self, generator=generator, tuned_from=self.tuned_from or self.generator)
            self.memo["drawing with"] = generator, fitted
        return fitted

    @torch.no_grad()
    def reference_faces(self, count: int = 64, first_seed: int = 0, stop_at: int | None = None) -> ReferenceFaces:
        """The reference set: the faces of the seeds first_seed, first_seed + 1, ..., without truncation. Drawn once and cached.

        stop_at: draw at this resolution, without clipping, as a search does; None: at full resolution, clipped to [-1, 1].
        """
        key = "reference faces", count, first_seed, stop_at
        if key not in self.memo:
            w_plus = torch.cat([self.sample(first_seed + number, truncation_psi=1.0) for number in range(count)])
            pictures = (self.generator.synthesis(some, stop_at=stop_at) for some in w_plus.split(_AT_ONCE))
            if stop_at is None:
                pictures = (picture.clamp(-1, 1) for picture in pictures)
            self.memo[key] = ReferenceFaces(w_plus, torch.cat([self.clip.encode_image(picture) for picture in pictures]))
        return self.memo[key]


NETWORKS = ("generator", "clip", "identity", "perceptual")
"""The networks that every domain must have."""


def load_models(domain: str | Path = "portraits", device: str = "auto", only: Collection[str] | None = None) -> Models:
    """Loads a domain: its name, or the path of a folder with a `domain.json`.

    device: "auto" uses a GPU if there is one; otherwise a name that `torch.device` accepts.
    only: the networks to load, such as ("generator", "perceptual"); the others are neither downloaded nor read, and are None. By default
        all.

    A domain made of official files, such as "ffhq", lists and downloads them when it is first loaded; later it needs no network connection.
    Raises StyleclipError for an unknown domain, a missing file, a file whose SHA-256 differs, a download that fails, or an
    unknown device.
    """
    folder, where = find_domain(domain), _device(device)
    homes = sources(folder)
    if only is not None:
        homes = {name: home for name, home in homes.items() if name in only}
    for needed in NETWORKS:
        if needed not in homes and (only is None or needed in only):
            raise StyleclipError(f"The domain {folder} has no {needed}; train it: styleclip train {needed}.")

    for home in set(homes.values()):
        fetch_official(home, [name for name in homes if homes[name] == home and name not in WHEN_WANTED])

    def load(name: str, network: type[torch.nn.Module]) -> Any:
        return _placed(_network(homes[name], name, network), where) if name in homes else None

    return Models(domain=read_index(folder)["name"], folder=folder, generator=load("generator", Generator), clip=load("clip", Clip),
                  identity=load("identity", Identity), perceptual=load("perceptual", Perceptual), encoder=load("encoder", Encoder),
                  attributes=load("attributes", Attributes), device=where, calibration=calibration_of(folder))


def load_generator(domain: str | Path = "portraits", device: str = "auto") -> Generator:
    """The generator of a domain; nothing else is downloaded or read. Arguments and errors as for `load_models`."""
    return load_models(domain, device, only=("generator",)).generator


def is_at_hand(domain: str | Path, name: str) -> bool:
    """Whether a domain has a network that needs no download. Raises StyleclipError for an unknown domain."""
    home = sources(find_domain(domain)).get(name)
    return home is not None and not missing_downloads(home, [name])


def calibration_of(folder: Path) -> Calibration:
    """The calibration in a domain's `domain.json`, or in that of the domain that it is like, or the defaults.

    Raises StyleclipError for invalid values.
    """
    index = read_index(folder)
    if "calibration" not in index and "like" in index:
        folder = find_domain(index["like"])
        index = read_index(folder)
    if "calibration" not in index:
        return Calibration()
    numbers = index["calibration"]
    if isinstance(numbers, dict):
        numbers = {name: number for name, number in numbers.items() if name not in FORMER_CALIBRATION}
    try:
        return Calibration.from_dict(numbers)
    except StyleclipError as error:
        raise StyleclipError(f"The calibration in {folder / 'domain.json'} cannot be used: {error}") from None


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise StyleclipError(f"The device '{name}' cannot be used here; choose 'cpu' or 'auto'.") from error
    return device


def _placed(network: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """The network on the device, in the memory format channels_last, in which convolutions on a CPU are several times faster."""
    return network.to(device).to(memory_format=torch.channels_last)


def _network(folder: Path, name: str, network: type[torch.nn.Module]) -> torch.nn.Module:
    """One network of a domain. network: its class, if the weights are this project's own"""
    if is_official(read_index(folder)["files"][name]):
        return load_official(folder, name)
    if network is Encoder and "blocks" in read_index(folder)["files"][name]["config"]:
        network = E4e  # the official encoder, trained further
    return _clip(folder) if network is Clip else load_network(folder, name, network)


def _clip(folder: Path) -> Clip:
    path, entry = file_path(folder, "clip", verify=False), read_index(folder)["files"]["clip"]
    tokenizer = WordTokenizer(**entry["config"])
    return clip_from_state(load_tensors(path, entry["sha256"], lambda shapes: check_clip(shapes, tokenizer)), tokenizer)
