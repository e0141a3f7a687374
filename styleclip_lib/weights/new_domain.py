"""A domain around somebody's generator."""

import json
from pathlib import Path

from ..errors import plain
from ..networks.e4e import E4e
from ..networks.encoder import Encoder
from ..networks.generator import Generator
from ..paths import check_new_folder, folder_written_whole, user_path
from .domain import INDEX, find_domain, lasting_name, read_index, save_network, sha256
from .readers.any_generator import read_generator

SMALL = 128
"""A generator of up to so many pixels is taken for one of portraits, a larger one for one of photographs."""


def import_network(network: str | Path, folder: str | Path, like: str | None = None) -> Path:
    """Makes a domain of a StyleGAN2 generator: its weights in float32, once and for all as safetensors, and a `domain.json`.

    network: a file that `read_generator` can read. folder: is made; its name is the domain's.
    like: the domain whose other networks (CLIP, identity, perceptual, landmarks) this one uses; by default "portraits" for a
    generator of up to 128 pixels, else "ffhq". No domain's encoder fits another generator, so there is none.
    Returns the folder. Raises StyleclipError for a file that cannot be read, an unknown domain, and a folder that is there.
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
    """A domain with a generator, whose other networks are those of the domain that it is like.

    origin: how the generator was made; half: see `save_network`; facts: what else `domain.json` says.
    Returns the folder. Raises StyleclipError for a folder that is there.
    """
    folder = user_path(folder).absolute()
    with folder_written_whole(folder) as partial:
        index = {"name": folder.name, "like": like, **facts, "files": {}}
        (partial / INDEX).write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
        save_network(partial, "generator", generator, generator_config(generator), origin, half=half)
    return folder


def learnt_from_pictures(folder: Path) -> bool:
    """Whether a domain's generator learnt from somebody's pictures, of which nothing is known, and not from the portraits' world."""
    return read_index(folder).get("learnt_from") == "pictures"


def usual_like(img_resolution: int) -> str:
    """The domain whose other networks suit a generator of this resolution."""
    return lasting_name("portraits" if img_resolution <= SMALL else "ffhq")


def like_of(domain: str | Path) -> str:
    """What a domain made from another one is like: that one, or the one that it has its other networks from."""
    return read_index(find_domain(domain)).get("like") or lasting_name(domain)


def encoder_config(encoder: Encoder | E4e) -> dict:
    """The settings with which the class of an encoder builds this one again."""
    config = {"num_ws": encoder.num_ws, "w_dim": encoder.w_dim}
    if isinstance(encoder, E4e):
        return {**config, "blocks": list(encoder.trunk.blocks), "offsets": encoder.offsets}
    return {**config, "widths": list(encoder.trunk.widths)}


def generator_config(generator: Generator) -> dict:
    """The settings with which `Generator` builds this one again."""
    return {"img_resolution": generator.img_resolution, "z_dim": generator.z_dim, "w_dim": generator.w_dim,
            "num_mapping_layers": generator.mapping.num_layers, "channels": generator.channels,
            "conv_clamp": generator.synthesis.b4.conv1.conv_clamp}
