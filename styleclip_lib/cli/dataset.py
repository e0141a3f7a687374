"""``styleclip dataset``: an aligned data set of a folder of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from .parsing import Domain, parse


@dataclass
class Settings:
    """Make a data set of aligned faces of a folder of photographs, of CelebA's or CelebA-HQ's layout (with attributes, landmarks and
    partition), or of FFHQ's. Interrupt it and call it again: it goes on, and takes what has been added."""

    folder: tyro.conf.Positional[Path]
    """where the pictures are; folders in it count, too"""
    out: tyro.conf.Positional[Path]
    """a new folder for the data set, or one that was begun with the same settings"""
    size: int | None = None
    """pixels along a side of the aligned pictures; by default those of the domain's generator, 256 without a domain"""
    faces: Literal["largest", "all"] = "largest"
    """which faces of a picture are taken; all of them takes several times as long, since small and turned ones are searched, too"""
    align: Literal["auto", "always", "never"] = "auto"
    """auto: crop around the landmarks of the lists that come with the pictures, else around those found, and take crops of FFHQ's and
    CelebA-HQ's folders as they are; always: around those found; never: take the largest square in the middle"""
    least: int | None = None
    """pixels of the picture along the crop's side; smaller faces are left out; by default half of --size"""
    held_out: float = 0.1
    """share of the pictures that nothing learns from (the part "validation"), where no list says it"""
    keep_duplicates: bool = False
    """take every picture, also those that look the same as another"""
    format: Literal["png", "jpg"] = "png"
    """of the aligned pictures"""
    framing: float | None = None
    """how much wider than an FFHQ picture the crops are; by default what the domain draws, 1 without a domain"""
    domain: Domain = ""
    """for which domain: its size, its landmark model and its framing"""
    processes: int | None = None
    """how many work at the same time; by default as many as there are cores; 0: no other process"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "dataset", arguments)
    if settings.size is not None and not 16 <= settings.size <= 2048:
        raise StyleclipError("--size must lie between 16 and 2048 pixels.")
    if not 0 <= settings.held_out <= 0.9 or (settings.least is not None and settings.least < 1):
        raise StyleclipError("--held-out must lie between 0 and 0.9, and --least be 1 or more.")
    if settings.framing is not None and not 0.2 <= settings.framing <= 5:
        raise StyleclipError(f"The framing must lie between 0.2 and 5 (1 is FFHQ's), not {settings.framing}.")
    if settings.processes is not None and not 0 <= settings.processes <= 256:
        raise StyleclipError("--processes must lie between 0 and 256.")

    from ..photos.datasets.making import make_dataset, making_for
    from ..photos.datasets.manifest import REPORT

    making = making_for(settings.folder, settings.out, settings.size, settings.least, settings.framing, settings.domain,
                        align=settings.align, faces=settings.faces, held_out=settings.held_out, format=settings.format)
    made = make_dataset(making, settings.processes, settings.keep_duplicates)
    parts = Counter(row.part for row in made.rows)
    print(f"{len(made)} faces of {made.size} px in {settings.out} ({', '.join(f'{part}: {parts[part]}' for part in sorted(parts))}).")
    if made.left_out:
        reasons = Counter(row.left_out for row in made.left_out).most_common()
        print(f"{len(made.left_out)} left out: {', '.join(f'{reason} {number}' for reason, number in reasons)}; "
              f"{settings.out / REPORT} names each.")
    return 0
