"""A domain on disk: a folder of weights with a `domain.json` that says what each file is."""

import os
import shlex
from collections.abc import Callable
from difflib import get_close_matches
from pathlib import Path

import msgspec
import torch
from safetensors.torch import save_file

from ..errors import StyleclipError
from ..paths import check_text, data_folder, sha256, user_path, written_whole
from .readers.filled import compared, unfilled
from .schema import Index, read_json
from .tensor_file import Shapes, read_tensors

INDEX = "domain.json"
NETWORK_FILES = (".pkl", ".pt", ".pth", ".ckpt", ".safetensors")
SHARED = ("attributes", "clip", "examiner", "examiner_identity", "identity", "landmarks", "perceptual")
"""The entries that a domain may take from the domain it is like."""


def read_index(folder: Path) -> dict:
    """The content of a domain's `domain.json`. Raises StyleclipError if there is none or it cannot be read."""
    path = Path(folder) / INDEX
    if not os.path.exists(path):
        raise StyleclipError(f"{folder} is not a domain: it has no {INDEX}.")
    try:
        return read_json(path, Index)[1]
    except StyleclipError as error:
        raise StyleclipError(f"{path} does not describe a domain ({error}); restore it, for instance with `git checkout`.") from error


def domains() -> list[str]:
    """The names of the domains that are installed."""
    folder = data_folder() / "models"
    return sorted(path.parent.name for path in folder.glob(f"*/{INDEX}"))


def find_domain(domain: str | Path) -> Path:
    """The folder of a domain: an installed one by its name, any other by its path. Raises StyleclipError if there is none."""
    for folder in (data_folder() / "models" / str(domain), user_path(domain)):
        if os.path.isfile(folder / INDEX):
            return folder
    raise StyleclipError(f"There is no domain '{domain}' here: {_meant(str(domain))}")


def lasting_name(domain: str | Path) -> str:
    """A name that identifies a domain from any folder: the name of an installed domain, the absolute path of any other.

    Raises StyleclipError if there is no such domain, or if its path is not valid text.
    """
    folder = find_domain(domain).resolve()
    if folder.parent == (data_folder() / "models").resolve():
        return folder.name
    check_text(folder)
    return str(folder)


def _meant(domain: str) -> str:
    """Advice for somebody who gave this as a domain."""
    path, installed = user_path(domain), domains()
    near = get_close_matches(domain.casefold(), installed, n=1)
    if near:
        return f"did you mean '{near[0]}'?"
    if path.name == INDEX and os.path.isfile(path):
        return f"give the folder of that file, '{path.parent}'."
    if os.path.isfile(path):
        return (f"that is a file. If it holds a StyleGAN2 generator, make a domain of it, styleclip import {shlex.quote(domain)} FOLDER, "
                "and then give that folder.")
    if path.suffix in NETWORK_FILES:
        return "there is no such file either; a domain is the folder that styleclip import makes from a network file."
    inside = sorted(index.parent for index in path.glob(f"*/{INDEX}")) if os.path.isdir(path) else []
    if inside:
        return f"domains lie inside that folder; give '{inside[0]}'{' or another one in it' if len(inside) > 1 else ''}."
    return (f"installed are {', '.join(installed) or 'none'}; or give the path of a folder with a {INDEX}, as styleclip import makes it "
            "from a network file.")


def sources(folder: Path) -> dict[str, Path]:
    """Where the files of a domain are: name -> folder.

    They are in `folder`, or, if `domain.json` says `"like": DOMAIN`, in the folder of that domain. Only networks that take pictures are
    shared; what belongs to a generator (the encoder, mappers, directions) is not.
    """
    index = read_index(folder)
    own = dict.fromkeys(index["files"], folder)
    if "like" not in index:
        return own
    other = find_domain(index["like"])
    return {name: other for name in read_index(other)["files"] if name in SHARED} | own


def own_files(folder: Path) -> list[str]:
    """The names of the files that a domain lists as its own; none if the folder is not a domain."""
    return list(read_index(folder)["files"]) if os.path.isfile(Path(folder) / INDEX) else []


def file_path(folder: Path, name: str, verify: bool = True) -> Path:
    """The path of a domain's file, after comparing its size, and with `verify` its SHA-256, with `domain.json`.

    Raises StyleclipError if the domain does not list the file, or if the file is missing or differs.
    """
    entry = read_index(folder)["files"].get(name, {})
    if "file" not in entry:
        raise StyleclipError(f"The domain {folder} has no {name}.")
    path = Path(folder) / entry["file"]
    if not os.path.exists(path):
        raise StyleclipError(f"{path} is missing; fetch it again, for instance with `git checkout`, or train it: styleclip train {name}.")
    if os.stat(path).st_size != entry["bytes"] or (verify and sha256(path) != entry["sha256"]):
        raise StyleclipError(f"{path} is not the file that {INDEX} describes (its size or SHA-256 differs); fetch it again.")
    return path


def load_network(folder: Path, name: str, network: type[torch.nn.Module]) -> torch.nn.Module:
    """Builds a network from its entry in `domain.json` and its safetensors file; frozen, in evaluation mode, float32.

    The shapes in the file are compared with those of the settings before any memory is allocated.
    Raises StyleclipError as `load_tensors` does, and if settings and weights do not fit together.
    """
    path = file_path(folder, name, verify=False)
    entry = read_index(folder)["files"][name]
    config = _restore_keys(entry.get("config", {}))
    what = f"what the settings in {INDEX} ask for"

    def accept(shapes: Shapes) -> None:
        try:
            compared(shapes, unfilled(lambda: network(**config), what), what)
        except StyleclipError as error:
            reason, _, _ = str(error).partition(";")
            raise StyleclipError(f"{path} does not fit the settings in {INDEX} ({reason}); fetch both again, or train it: "
                                 f"styleclip train {name}.") from error

    tensors = load_tensors(path, entry["sha256"], accept)
    module = network(**config)
    module.load_state_dict(tensors)
    return module.eval().requires_grad_(False)


def load_tensors(path: Path, sha256: str | None = None, accept: Callable[[Shapes], None] | None = None) -> dict[str, torch.Tensor]:
    """The tensors of a safetensors file, floating ones as float32. Nothing in the file is executed. See `read_tensors`."""
    return read_tensors(path, sha256, accept)[0]


def save_network(folder: Path, name: str, module: torch.nn.Module, config: dict, training: dict, half: bool = True) -> Path:
    """Writes a network into a domain and enters it in `domain.json`.

    config: the arguments of its class; training: how it was made (data, steps, seconds, machine, metrics, command);
    half: whether matrices are stored in half precision, which saves space and changes the network's output slightly.
    """
    tensors = {key: (value.half() if half and value.is_floating_point() and value.ndim > 1 else value).contiguous().cpu()
               for key, value in module.state_dict().items()}
    path = Path(folder) / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as temporary:
        save_file(tensors, str(temporary))
    enter_file(folder, name, path, config, training)
    return path


def enter_file(folder: Path, name: str, path: Path, config: dict, training: dict) -> None:
    """Enters a file in `domain.json`: its size, SHA-256, settings, and how it was made."""
    index_path = Path(folder) / INDEX
    index = read_index(folder) if index_path.exists() else {"name": Path(folder).name, "files": {}}
    index["files"][name] = {"file": path.name, "bytes": path.stat().st_size, "sha256": sha256(path), "config": config,
                            "training": training}
    index["files"] = dict(sorted(index["files"].items()))
    with written_whole(index_path) as temporary:
        Path(temporary).write_bytes(msgspec.json.format(msgspec.json.encode(index), indent=2) + b"\n")


def _restore_keys(config: dict) -> dict:
    """JSON has no integer keys: {"channels": {"4": 128}} -> {"channels": {4: 128}}."""
    def restore(value):
        numbers = isinstance(value, dict) and all(key.isascii() and key.isdigit() for key in value)
        return {int(key): item for key, item in value.items()} if numbers else value
    return {key: restore(value) for key, value in config.items()}
