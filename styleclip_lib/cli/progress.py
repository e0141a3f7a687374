"""``styleclip progress``: which exercises have been solved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..paths import data_folder
from .parsing import parse


@dataclass
class Settings:
    """Show which exercises have been solved. The checks record this in a file beside the notebooks; nothing leaves this machine."""

    folder: Annotated[Path | None, tyro.conf.Positional] = None
    """the folder of the notebooks; by default the kit's lessons"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "progress", arguments)
    from ..checks.progress import progress

    print(progress(settings.folder if settings.folder else data_folder().parent / "notebooks"))
    return 0
