"""``styleclip import``: makes a domain from a StyleGAN2 file."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from .parsing import parse


@dataclass
class Settings:
    """Make a domain from a StyleGAN2 generator: NVIDIA's .pkl (StyleGAN2, StyleGAN2-ADA), or a .pt by rosinality, e4e or StyleCLIP.

    Nothing in the file is executed. Use the folder as ``--domain FOLDER`` or ``load_models("FOLDER")``.
    """

    network: tyro.conf.Positional[Path]
    """the file with the generator"""
    folder: tyro.conf.Positional[Path]
    """the folder to make"""
    like: Annotated[str | None, tyro.conf.arg(metavar="NAME|FOLDER")] = None
    """the domain whose other networks (CLIP, identity and so on) are used; by default portraits up to 128 pixels, ffhq above"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "import", arguments)

    from ..weights.new_domain import import_network

    import_network(settings.network, settings.folder, settings.like)
    print(f"Saved {settings.folder}. Try: styleclip sample faces.png --seeds 0-15 --domain {shlex.quote(str(settings.folder))}")
    return 0
