"""``styleclip dataset``: an aligned data set from a folder of pictures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from .parsing import DomainName, parse


@dataclass
class Settings:
    """Make a data set of aligned faces from a folder of photographs, or from CelebA, CelebA-HQ (with attributes, landmarks and
    partition) or FFHQ. After an interruption the same command resumes, and also takes pictures that have been added."""

    folder: tyro.conf.Positional[Path]
    """the folder with the pictures, subfolders included"""
    out: tyro.conf.Positional[Path]
    """a new folder for the data set, or one that was begun with the same settings"""
    size: int | None = None
    """side of the aligned pictures in pixels; by default that of the domain's generator, or 256 without a domain"""
    faces: Literal["largest", "all"] = "largest"
    """which faces of a picture to take; all takes several times as long, because small and tilted faces are looked for, too"""
    align: Literal["auto", "always", "never"] = "auto"
    """auto: crop around the landmarks that come with the pictures, or else around detected ones, and keep the crops of FFHQ and
    CelebA-HQ as they are; always: crop around detected landmarks; never: take the largest central square"""
    least: int | None = None
    """leave out faces whose crop has fewer pixels than this along a side; by default half of --size"""
    held_out: float = 0.1
    """share of the pictures kept for validation, unless a list comes with the pictures"""
    keep_duplicates: bool = False
    """keep pictures that look the same as another one"""
    format: Literal["png", "jpg"] = "png"
    """file format of the aligned pictures"""
    framing: float | None = None
    """how much wider than an FFHQ picture the crops are; by default the domain's framing, or 1 without a domain"""
    domain: DomainName = ""
    """the domain whose resolution, landmark model and framing are used"""
    processes: int | None = None
    """number of worker processes; by default one for each core; 0: work in this process"""


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
