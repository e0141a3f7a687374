"""A StyleGAN2 generator from a file of any of the formats in use, which is told by the content and not by the name."""

from pathlib import Path

import torch
from torch import Tensor

from ...networks.generator import Generator
from ..unpickling.nvidia_pickle import read_nvidia
from ..unpickling.torch_file import torch_content, written_by_torch
from ..unpickling.untrusted import Refused, untrusted
from .stylegan2 import generator_from_nvidia, generator_from_rosinality

PICKLE = b"\x80"
"""How a pickle of protocol 2 and later begins."""

SAMPLES, BATCHES = 10_000, 10
"""Latent vectors from which a mean is computed that a file does not have; NVIDIA's projector takes as many."""


def read_generator(path: str | Path) -> Generator:
    """The generator in a file: float32, frozen, in evaluation mode, on the CPU. Nothing in the file is executed.

    Known are NVIDIA's pickles (TensorFlow's, StyleGAN2-ADA's), rosinality's checkpoints (`g_ema`), those of e4e, pSp and
    StyleCLIP's mappers (`decoder.*`), and state dicts of either layout. Where the mean w is missing, it is computed from
    random z, always the same.
    Raises StyleclipError for anything else, and for a file that is broken or would run code.
    """
    with untrusted(path) as file:
        if written_by_torch(file):
            generator = _from_torch(torch_content(file))
        elif file[:1] == PICKLE:
            generator = read_nvidia(file)
        else:
            raise Refused("it is neither a pickle nor a file that PyTorch has written")
        generator = generator.float().requires_grad_(False)
        if not all(torch.isfinite(value).all() for value in generator.state_dict().values()):
            raise Refused("numbers in it are infinite or undefined")
    return generator


def _from_torch(content: object) -> Generator:
    if type(content) is not dict:
        raise Refused("it holds no generator")
    state, latent_avg = content, content.get("latent_avg")
    for name, prefix in (("g_ema", ""), ("state_dict", "decoder.")):
        if type(content.get(name)) is dict:
            state = {key.removeprefix(prefix): value for key, value in content[name].items() if str(key).startswith(prefix)}
    state = {key: value for key, value in state.items() if type(key) is str and type(value) is Tensor}
    if "synthesis.b4.const" in state:
        return generator_from_nvidia(state)
    if type(latent_avg) is not Tensor:
        return _with_mean(generator_from_rosinality(state))
    w_dim = latent_avg.shape[-1] if latent_avg.ndim else 1
    return generator_from_rosinality(state, latent_avg.reshape(-1, w_dim)[0])  # encoders have it once for each layer


@torch.no_grad()
def _with_mean(generator: Generator) -> Generator:
    rng = torch.Generator().manual_seed(0)
    batches = (torch.randn(SAMPLES // BATCHES, generator.z_dim, generator=rng) for _ in range(BATCHES))
    generator.mapping.w_avg.copy_(torch.stack([generator.mapping.w(z).mean(dim=0) for z in batches]).mean(dim=0))
    return generator
