"""Making a domain from a user's generator."""

import json
from pathlib import Path

from ..errors import plain
from ..networks.e4e import E4e
from ..networks.encoder import Encoder
from ..networks.generator import Generator
from ..paths import check_new_folder, folder_written_whole, sha256, user_path
from .domain import INDEX, find_domain, lasting_name, read_index, save_network
from .readers.any_generator import read_generator

SMALL = 128
"""The largest resolution at which a generator is assumed to draw portraits; larger ones are assumed to draw photographs."""


def import_network(network: str | Path, folder: str | Path, like: str | None = None) -> Path:
    """Makes a domain from a StyleGAN2 generator: its weights, in float32 as safetensors, and a `domain.json`.

    network: a file that `read_generator` can read. folder: the folder to create; its name becomes the domain's.
    like: the domain whose other networks (CLIP, identity, perceptual, landmarks) this one uses; by default "portraits" for a
    generator of up to 128 pixels, otherwise "ffhq". It has no encoder, since an encoder fits only the generator it was trained for.
    Returns the folder. Raises StyleclipError for a file that cannot be read, an unknown domain, and a folder that exists already.
    """
    network, folder = user_path(network), user_path(folder).absolute()
    check_new_folder(folder)
    if like is not None:
        like = lasting_name(like)
    generator = read_generator(network)
    if like is None:
        like = usual_like(generator.img_resolution)
    file = plain(network.name)
    origin = {"command": f"styleclip import {file} {folder.name} --like {like}",
              "source": {"file": file, "bytes": network.stat().st_size, "sha256": sha256(network)}}
    return new_domain(folder, like, generator, origin)


def new_domain(folder: str | Path, like: str, generator: Generator, origin: dict, half: bool = False, **facts) -> Path:
    """Makes a domain with a generator of its own and the other networks of the domain `like`.

    origin: how the generator was made; half: see `save_network`; facts: further entries of `domain.json`.
    Returns the folder. Raises StyleclipError for a folder that exists already.
    """
    folder = user_path(folder).absolute()
    with folder_written_whole(folder) as partial:
        index = {"name": folder.name, "like": like, **facts, "files": {}}
        (partial / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
        save_network(partial, "generator", generator, generator_config(generator), origin, half=half)
    return folder


def learnt_from_pictures(folder: Path) -> bool:
    """Whether a domain's generator was trained on a user's pictures, about which nothing is known, and not on the procedural portraits."""
    return read_index(folder).get("learnt_from") == "pictures"


def usual_like(img_resolution: int) -> str:
    """The domain whose other networks suit a generator of this resolution."""
    return lasting_name("portraits" if img_resolution <= SMALL else "ffhq")


def like_of(domain: str | Path) -> str:
    """The domain from which a domain made out of this one takes its other networks: this one, or the one that this one is like."""
    return read_index(find_domain(domain)).get("like") or lasting_name(domain)


def encoder_config(encoder: Encoder | E4e) -> dict:
    """The settings that build this encoder again."""
    config = {"num_ws": encoder.num_ws, "w_dim": encoder.w_dim}
    if isinstance(encoder, E4e):
        return {**config, "blocks": list(encoder.trunk.blocks), "offsets": encoder.offsets}
    return {**config, "widths": list(encoder.trunk.widths), "input_size": encoder.input_size}


def generator_config(generator: Generator) -> dict:
    """The settings with which `Generator` builds this generator again."""
    return {"img_resolution": generator.img_resolution, "z_dim": generator.z_dim, "w_dim": generator.w_dim,
            "num_mapping_layers": generator.mapping.num_layers, "channels": generator.channels,
            "conv_clamp": generator.synthesis.b4.conv1.conv_clamp}
