"""The pictures of a data set, as networks learn from them."""

import os
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..errors import StyleclipError
from ..images import open_picture
from ..photos.datasets.manifest import Dataset, is_dataset
from ..photos.datasets.sources import EXTENSIONS

LEARNT, HELD_OUT = ("train",), ("validation", "test")
"""The parts of a data set that something learns from, and those that only measure."""


def holds_pictures(folder: Path) -> bool:
    """Whether `--data` names a data set and not a folder of renders. Raises StyleclipError for pictures that are no data set yet."""
    if is_dataset(folder):
        return True
    if os.path.isdir(folder):
        for path in folder.iterdir():
            if path.suffix.lower() in EXTENSIONS[:-1]:
                raise StyleclipError(f"'{folder}' holds pictures, but is not a data set: make one of them first, "
                                     f"styleclip dataset {folder} OUT.")
    return False


class Pictures:
    """Some parts of a data set, read from disk when they are asked for.

    size: pixels along a side; larger pictures are made smaller. Raises StyleclipError for a set of smaller pictures, for files that are
    missing or have been changed, and for parts with fewer than `least` pictures.
    """

    def __init__(self, folder: Path, size: int, parts: tuple[str, ...], least: int = 2):
        self.dataset, self.size = Dataset(folder), size
        if self.dataset.size < size:
            raise StyleclipError(f"The pictures of '{folder}' have {self.dataset.size} pixels a side, and {size} are needed: "
                                 f"make the data set again with --size {size}.")
        changed = self.dataset.check()
        if changed:
            raise StyleclipError(f"{len(changed)} pictures of '{folder}' are missing or have been changed, '{changed[0]}' for one: "
                                 "make the data set again.")
        self.rows = self.dataset.part(*parts)
        if len(self.rows) < least:
            raise StyleclipError(f"'{folder}' has only {len(self.rows)} pictures of the kind {' or '.join(parts)}, and {least} are needed: "
                                 "take more pictures" + (", or a larger --held-out." if parts == HELD_OUT else "."))

    def __len__(self) -> int:
        return len(self.rows)

    def images(self, index: torch.Tensor) -> torch.Tensor:
        """The pictures with these numbers, uint8 [N, 3, size, size]."""
        return torch.stack([self._image(self.rows[number].file) for number in index.tolist()])

    def _image(self, file: str) -> torch.Tensor:
        picture = open_picture(self.dataset.folder / file)
        if picture.size != (self.size, self.size):
            picture = picture.resize((self.size, self.size), Image.Resampling.LANCZOS)
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)
