"""Reading a StyleGAN2 generator from a file in any common format, recognised by its content and not by its name."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch

from ...networks.generator import Generator
from ..tensor_file import Shapes, is_safetensors, tensors_of
from ..unpickling.nvidia_pickle import generator_from_content, nvidia_names, read_nvidia
from ..unpickling.pickle_tensors import StoredTensor
from ..unpickling.torch_file import tensors, torch_content, written_by_torch
from ..unpickling.untrusted import Unknown, Untrusted, untrusted
from .stylegan2 import generator_from_nvidia, generator_from_rosinality

PICKLE = b"\x80"
"""The first byte of a pickle of protocol 2 or later."""

SAMPLES, BATCHES = 10_000, 10
"""Latent vectors for computing a mean w that a file lacks; NVIDIA's projector uses as many."""


OTHERS = {
    rb"\s*<(!doctype|html|\?xml)": "a web page: open its address in a browser, and save the file that it offers",
    rb"version https://git-lfs": "a pointer of Git LFS: fetch the file itself with git lfs pull",
    rb"\x1f\x8b|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd|7z\xbc\xaf|Rar!|.{257}ustar": "an archive: unpack it first",
    rb"\x89PNG|\xff\xd8\xff|GIF8": "a picture",
}
"""Beginnings of files that people mistake for a network -> what they are."""

OTHER_NETWORKS = {
    r"mapper\.\w+_mapping\.": "a mapper of StyleCLIP's",
    r"hypernet\.": "a hypernetwork of HyperStyle's",
    r"(^|\.)encoder\.(input_layer|styles)\.|^input_layer\.": "an encoder or a network for faces",
    r"(^|\.)constant_input\.weight$": "a generator in the layout of MMGeneration or BasicSR",
    r"(^|\.)initial_block$": "a generator of lucidrains', which is of another design",
    r"(^|\.)progression\.\d+\.": "a StyleGAN1 generator",
    r"(^|\.)(final_conv\.|b4\.out\.|epilogue\.)": "a discriminator",
    r"(^|\.)(text_projection|visual\.conv1\.weight)$": "CLIP",
}
"""Names of tensors in files that people mistake for a generator -> what the network is."""

LONGEST_NAME = 200
"""Characters kept of the path to a nested dictionary."""

AVERAGED = re.compile(r"(?<![a-z])(ema|gs)(?![a-z])|averag|avg|running|shadow", re.IGNORECASE)
"""What averaged weights are called: NVIDIA's `G_ema` and `Gs`, rosinality's `g_ema` and `g_running`, and others."""

CONSTANTS = ("synthesis.b4.const", "synthesis.input.freqs", "input.input")
"""The first tensor of every generator, by which it is found under any prefix: NVIDIA's, StyleGAN3's, rosinality's."""


def read_generator(path: str | Path) -> Generator:
    """The generator in a file: float32, frozen, in evaluation mode, on the CPU. Nothing in the file is executed.

    Supported are NVIDIA's pickles (TensorFlow and StyleGAN2-ADA), rosinality's checkpoints (`g_ema`), those of e4e, pSp and StyleCLIP's
    mappers (`decoder.*`), whole NVIDIA networks written by `torch.save`, and state dicts of either layout, also under a prefix
    (DataParallel, Lightning) and as safetensors. EMA weights are preferred to others. A missing mean w is computed from random z with a
    fixed seed.
    Raises StyleclipError for anything else, and for a file that is broken or would run code.
    """
    with untrusted(path) as file:
        generator = _generator(file).float().requires_grad_(False)
        if not all(torch.isfinite(value).all() for value in generator.state_dict().values()):
            raise Unknown("numbers in it are infinite or undefined")
    return generator


def _generator(file: Untrusted) -> Generator:
    if written_by_torch(file):
        content = torch_content(file, nvidia_names(file))
        return generator_from_content(content, file.budget) or _from_state_dicts(content)
    if is_safetensors(file):
        return _from_state_dicts(tensors_of(file, accept=_require_generator)[0])
    if file.read(0, 1) == PICKLE:
        return read_nvidia(file)
    raise Unknown(f"it is neither a pickle, nor a safetensors file, nor one written by PyTorch{_what_it_is(file)}")


def _what_it_is(file: Untrusted) -> str:
    """What the file is instead, if it is a common mistake, and what to do."""
    start = bytes(file.read(0, min(len(file), 512)))
    return next((f", but {name}" for pattern, name in OTHERS.items() if re.match(pattern, start, re.IGNORECASE | re.DOTALL)), "")


def _require_generator(shapes: Shapes) -> None:
    """Raises Unknown where no name is that of a generator's first tensor: then no number need be read."""
    if not _prefixes(shapes):
        raise Unknown("it does not hold a StyleGAN2 generator in any layout supported here")


def _from_state_dicts(content: object) -> Generator:
    """The generator among the state dicts of a checkpoint, which may itself be one."""
    if type(content) is not dict:
        raise Unknown("it does not hold a generator")
    candidates = [(f"{name}.{prefix}", state, around, prefix)
                  for name, state, around in _dictionaries(content) for prefix in _prefixes(state)]
    if not candidates:
        raise Unknown(f"it does not hold a StyleGAN2 generator in any layout supported here{_which_network(content)}")
    _, state, around, prefix = min(candidates, key=lambda one: (AVERAGED.search(one[0]) is None, len(one[0])))
    latent_avg = around.get("latent_avg", state.get(f"{prefix}latent_avg"))
    latent_avg = latent_avg.read() if type(latent_avg) is StoredTensor else latent_avg
    state = {key.removeprefix(prefix): value for key, value in tensors(state, prefix).items()}
    if "input.input" not in state:
        return generator_from_nvidia(state)
    state.pop("latent_avg", None)
    generator = generator_from_rosinality(state, latent_avg)
    return generator if latent_avg is not None else _with_mean(generator)


def _which_network(content: dict) -> str:
    """What a checkpoint holds instead of a generator, as far as the names in it tell."""
    names = [key for _, state, _ in _dictionaries(content) for key in state if type(key) is str]
    return next((f", but {what}" for pattern, what in OTHER_NETWORKS.items() if any(re.search(pattern, name) for name in names)), "")


def _dictionaries(content: dict) -> Iterator[tuple[str, dict, dict]]:
    """Each dictionary in a checkpoint once, including the checkpoint: its path, itself, and the dictionary around it."""
    waiting, seen = [("", content, content)], {id(content)}
    while waiting:
        name, state, around = waiting.pop(0)
        yield name, state, around
        for key, value in state.items():
            if type(value) is dict and id(value) not in seen:
                seen.add(id(value))
                waiting.append((f"{name}.{key}"[-LONGEST_NAME:], value, state))


def _prefixes(state: Mapping) -> set[str]:
    """The prefix of the tensors' names for each generator in a state dict."""
    return {key.removesuffix(name) for key in state if type(key) is str
            for name in CONSTANTS if key == name or key.endswith(f".{name}")}


@torch.no_grad()
def _with_mean(generator: Generator) -> Generator:
    rng = torch.Generator().manual_seed(0)
    batches = (torch.randn(SAMPLES // BATCHES, generator.z_dim, generator=rng) for _ in range(BATCHES))
    generator.mapping.w_avg.copy_(torch.stack([generator.mapping.w(z).mean(dim=0) for z in batches]).mean(dim=0))
    return generator
