"""The portraits on which the networks are trained, rendered once and kept on disk."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from tqdm.auto import tqdm

from ..networks.resampling import resized
from ..processes import this_process
from .worlds import FREE, World

CHUNK = 500  # portraits in one file; a file is written completely or not at all
LOT = 20  # portraits that a process draws at a time


@dataclass(frozen=True)
class DataSettings:
    """Which portraits to render.

    folder   where the pictures are kept
    count    how many
    size     side in pixels
    seed     draws the people; validation uses another one
    pictures_each  number of pictures of each person (same identity, everything else drawn anew)
    """

    folder: Path
    count: int = 32_000
    size: int = 128
    seed: int = 0
    pictures_each: int = 1


def uniform(count: int, seed: int, world: World = FREE) -> torch.Tensor:
    """The random numbers in [0, 1) of `count` portraits, [count, number of factors], on the CPU."""
    return torch.rand(count, len(world.factor_names), generator=torch.Generator().manual_seed(seed))


class Portraits:
    """Rendered portraits on disk with their latents and factors. Rendering resumes where it stopped.

    processes: how many render at the same time. wait: whether nothing is rendered until `render_up_to` is called
    """

    def __init__(self, settings: DataSettings, processes: int = 2, progress: bool = True, world: World = FREE, wait: bool = False):
        self.settings, self.world, self._processes, self._progress = settings, world, processes, progress
        self.person = torch.arange(settings.count) // settings.pictures_each
        numbers = uniform(settings.count, settings.seed, world)
        if settings.pictures_each > 1:
            identity = len(world.identity_names)  # they come first
            numbers[:, :identity] = numbers[self.person * settings.pictures_each, :identity]
        self.factors = world.from_uniform(numbers)
        self.latents = world.latents_of_uniform(numbers, settings.seed)
        self._files: list[np.ndarray] = []
        if not wait:
            self.render_up_to(settings.count)

    def __len__(self) -> int:
        return self.settings.count

    @property
    def rendered(self) -> int:
        """The number of portraits rendered so far, from the first on."""
        return min(len(self), CHUNK * len(self._files))

    def render_up_to(self, count: int) -> None:
        """Renders the missing ones of the first `count` portraits."""
        chunks = range(len(self._files), -(-min(count, len(self)) // CHUNK))
        if chunks:
            with this_process().local_main_process_first():  # the others find everything rendered
                self._render_missing(chunks)
            self._files += [np.load(self._path(k), mmap_mode="r") for k in chunks]

    def images(self, index: torch.Tensor) -> torch.Tensor:
        """The pictures with these numbers, uint8 [N, 3, H, W]."""
        return torch.from_numpy(np.stack([self._files[i // CHUNK][i % CHUNK] for i in index.tolist()]))

    def _path(self, chunk: int) -> Path:
        s = self.settings
        return Path(s.folder) / f"{self.world.name}-{s.size}px-seed{s.seed}-each{s.pictures_each}-{chunk:04d}.npy"

    def _is_whole(self, chunk: int) -> bool:
        """Whether a file exists and holds enough pictures; an earlier, smaller set may have left fewer."""
        wanted = min(CHUNK, self.settings.count - chunk * CHUNK)
        return self._path(chunk).exists() and len(np.load(self._path(chunk), mmap_mode="r")) >= wanted

    def _render_missing(self, chunks):
        missing = [k for k in chunks if not self._is_whole(k)]
        if missing:
            Path(self.settings.folder).mkdir(parents=True, exist_ok=True)
        for k in tqdm(missing, desc="rendering portraits", disable=not self._progress or not missing, mininterval=2):
            pictures = drawn(self.world, self.factors[k * CHUNK:(k + 1) * CHUNK], self.settings.size, self._processes)
            temporary = self._path(k).with_suffix(".part")
            with open(temporary, "wb") as file:
                np.save(file, pictures.numpy())
            temporary.rename(self._path(k))


def drawn(world: World, factors, size: int, processes: int) -> torch.Tensor:
    """The renders of portraits, uint8 [N, 3, size, size]. processes: how many render at the same time; 0: this process does"""
    return torch.cat(list(DataLoader(_Lots(world, factors, size), batch_size=None, num_workers=processes)))


def pictures(portraits: Portraits, index: torch.Tensor, size: int | None) -> torch.Tensor:
    """Portraits resized to a network's input size; None: unchanged. index [N] -> [N, 3, size, size] in [-1, 1]"""
    return resized(to_float(portraits.images(index)), size)


class _Lots(Dataset):
    """Portraits that are rendered on demand, `LOT` at a time."""

    def __init__(self, world: World, factors, size: int):
        self.world, self.factors, self.size = world, factors, size

    def __len__(self):
        return -(-len(self.factors) // LOT)

    def __getitem__(self, number):
        some = self.factors[number * LOT:(number + 1) * LOT]
        return ((self.world.render(some, self.size) + 1) * 127.5).round().byte()


def to_float(images: torch.Tensor) -> torch.Tensor:
    """uint8 [N, 3, H, W] -> float32 in [-1, 1], in channels-last layout, which is fast on a CPU."""
    return (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
