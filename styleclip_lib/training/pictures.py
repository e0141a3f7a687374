"""The pictures of a data set, as training uses them."""

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
"""The parts of a data set for training, and those for measuring."""


def holds_pictures(folder: Path) -> bool:
    """Whether `--data` is a data set, not a folder of renders. Raises StyleclipError for pictures that are not a data set yet."""
    if is_dataset(folder):
        return True
    if os.path.isdir(folder):
        for path in folder.iterdir():
            if path.suffix.lower() in EXTENSIONS[:-1]:
                raise StyleclipError(f"'{folder}' holds pictures, but is not a data set: make one from them first, "
                                     f"styleclip dataset {folder} OUT.")
    return False


class Pictures:
    """Some parts of a data set, read from disk on demand.

    size: side in pixels; larger pictures are reduced. Raises StyleclipError for a set of smaller pictures, for missing or modified files,
    and for parts with fewer than `least` pictures; later, for a picture of another size than the set states.
    """

    def __init__(self, folder: Path, size: int, parts: tuple[str, ...], least: int = 2):
        self.dataset, self.size = Dataset(folder), size
        if self.dataset.size < size:
            raise StyleclipError(f"The pictures of '{folder}' have {self.dataset.size} pixels a side, but {size} are needed: "
                                 f"make the data set again with --size {size}.")
        changed = self.dataset.check()
        if changed:
            raise StyleclipError(f"{len(changed)} pictures of '{folder}' are missing or have been changed, for instance '{changed[0]}': "
                                 "make the data set again.")
        self.rows = self.dataset.part(*parts)
        if len(self.rows) < least:
            raise StyleclipError(f"'{folder}' has only {len(self.rows)} {' or '.join(parts)} pictures, but {least} are needed: "
                                 "use more pictures" + (", or a larger --held-out." if parts == HELD_OUT else "."))

    def __len__(self) -> int:
        return len(self.rows)

    def images(self, index: torch.Tensor) -> torch.Tensor:
        """The pictures with these numbers, uint8 [N, 3, size, size]."""
        return torch.stack([self._image(self.rows[number].file) for number in index.tolist()])

    def _image(self, file: str) -> torch.Tensor:
        picture, side = open_picture(self.dataset.folder / file), self.dataset.size
        if picture.size != (side, side):
            raise StyleclipError(f"'{self.dataset.folder / file}' has {picture.width} x {picture.height} pixels, but the pictures of this "
                                 f"data set have {side} a side: make the data set again.")
        if side != self.size:
            picture = picture.resize((self.size, self.size), Image.Resampling.LANCZOS)
        return torch.from_numpy(np.array(picture)).permute(2, 0, 1)
