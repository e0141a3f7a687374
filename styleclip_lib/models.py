"""A domain, ready to use: all its networks in one object."""

from dataclasses import dataclass
from pathlib import Path

import torch

from .checkpoints.domain import INDEX, file_path, load_network, load_tensors, read_index
from .errors import StyleclipError
from .networks.attributes import Attributes
from .networks.clip import Clip, WordTokenizer, clip_from_state
from .networks.encoder import Encoder
from .networks.generator import Generator
from .networks.identity import Identity
from .networks.perceptual import Perceptual
from .paths import data_folder


@dataclass
class Models:
    """The networks of a domain, frozen, in evaluation mode, on one device.

    domain      the domain's name
    folder      where its files lie
    generator   z -> w_plus -> styles -> image
    clip        pictures and texts -> unit vectors
    identity    image -> unit vector of the person
    perceptual  how different two pictures look
    encoder     image -> w_plus
    attributes  image -> what can be read from it (None for a domain whose attributes nobody knows)
    """

    domain: str
    folder: Path
    generator: Generator
    clip: Clip
    identity: Identity
    perceptual: Perceptual
    encoder: Encoder | None
    attributes: Attributes | None
    device: torch.device

    def sample(self, seed: int, truncation_psi: float = 0.7) -> torch.Tensor:
        """The latent code of a face: w_plus [1, num_ws, w_dim]. A seed means the same face on every machine."""
        z = torch.randn(1, self.generator.z_dim, generator=torch.Generator().manual_seed(seed))
        with torch.no_grad():
            return self.generator.mapping(z.to(self.device), truncation_psi)


def load_models(domain: str | Path = "portraits", device: str = "auto") -> Models:
    """Loads a domain: its name, or the path of a folder with a `domain.json`.

    device: "auto" takes a GPU if there is one; else as `torch.device` names it. No network access.
    Raises StyleclipError for an unknown domain, a missing file, a file whose SHA-256 differs, or an unknown device.
    """
    folder, where = find_domain(domain), _device(device)
    files = read_index(folder)["files"]
    for needed in ("generator", "clip", "identity", "perceptual"):
        if needed not in files:
            raise StyleclipError(f"The domain {folder} has no {needed}; train it: styleclip train {needed}.")

    def load(name, network):
        return _placed(load_network(folder, name, network), where) if name in files else None

    return Models(domain=read_index(folder)["name"], folder=folder, generator=load("generator", Generator),
                  clip=_placed(_clip(folder, files), where), identity=load("identity", Identity),
                  perceptual=load("perceptual", Perceptual), encoder=load("encoder", Encoder),
                  attributes=load("attributes", Attributes), device=where)


def domains() -> list[str]:
    """The names of the domains that are installed."""
    folder = data_folder() / "models"
    return sorted(path.parent.name for path in folder.glob(f"*/{INDEX}"))


def find_domain(domain: str | Path) -> Path:
    """The folder of a domain: its name, or the path of a folder. Raises StyleclipError if there is none."""
    for folder in (data_folder() / "models" / str(domain), Path(domain).expanduser()):
        if (folder / INDEX).is_file():
            return folder
    raise StyleclipError(f"There is no domain '{domain}' here. Installed: {', '.join(domains()) or 'none'}; "
                         f"or give the path of a folder that holds a {INDEX}.")


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise StyleclipError(f"The device '{name}' cannot be used here; take 'cpu' or 'auto'.") from error
    return device


def _placed(network: torch.nn.Module, device: torch.device) -> torch.nn.Module:
    """On the device, with the channels of every pixel side by side: several times faster convolutions on a CPU."""
    return network.to(device, memory_format=torch.channels_last)


def _clip(folder: Path, files: dict) -> Clip:
    config = files["clip"]["config"]
    return clip_from_state(load_tensors(file_path(folder, "clip")), WordTokenizer(config["words"], config["context_length"]))
