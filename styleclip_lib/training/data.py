"""The portraits that the networks learn from, rendered once and kept on disk."""

from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from tqdm.auto import tqdm

from ..portraits.drawing.render import render
from ..portraits.world.factors import IDENTITY, NAMES, from_uniform
from ..portraits.world.latents import latents_of_uniform
from ..processes import this_process

CHUNK = 500  # portraits in one file; a file is written whole or not at all


@dataclass(frozen=True)
class DataSettings:
    """Which portraits.

    folder   where the pictures are kept
    count    how many
    size     pixels along each side
    seed     draws the people; validation uses another one
    pictures_each  how many pictures of each person (same identity, everything else drawn anew)
    """

    folder: Path
    count: int = 32_000
    size: int = 128
    seed: int = 0
    pictures_each: int = 1


def uniform(count: int, seed: int) -> torch.Tensor:
    """The random numbers of that many portraits, [count, number of factors] on the CPU."""
    return torch.rand(count, len(NAMES), generator=torch.Generator().manual_seed(seed))


class Portraits:
    """Rendered portraits on disk with their latents and factors. Rendering resumes where it stopped."""

    def __init__(self, settings: DataSettings, processes: int = 2, progress: bool = True):
        self.settings = settings
        self.person = torch.arange(settings.count) // settings.pictures_each
        numbers = uniform(settings.count, settings.seed)
        if settings.pictures_each > 1:
            numbers[:, : len(IDENTITY)] = numbers[self.person * settings.pictures_each, : len(IDENTITY)]
        self.factors = from_uniform(numbers)
        self.latents = latents_of_uniform(numbers, settings.seed)
        with this_process().local_main_process_first():  # the others find everything rendered
            self._render_missing(processes, progress)
        self._files = [np.load(self._path(k), mmap_mode="r") for k in range(self._chunks())]

    def __len__(self) -> int:
        return self.settings.count

    def images(self, index: torch.Tensor) -> torch.Tensor:
        """The pictures with these numbers, uint8 [N, 3, H, W]."""
        return torch.from_numpy(np.stack([self._files[i // CHUNK][i % CHUNK] for i in index.tolist()]))

    def _chunks(self) -> int:
        return -(-self.settings.count // CHUNK)

    def _path(self, chunk: int) -> Path:
        s = self.settings
        return Path(s.folder) / f"portraits-{s.size}px-seed{s.seed}-each{s.pictures_each}-{chunk:04d}.npy"

    def _is_whole(self, chunk: int) -> bool:
        """Whether a file is there and holds as many pictures as are wanted of it; an earlier, smaller set may have left fewer."""
        wanted = min(CHUNK, self.settings.count - chunk * CHUNK)
        return self._path(chunk).exists() and len(np.load(self._path(chunk), mmap_mode="r")) >= wanted

    def _render_missing(self, processes, progress):
        missing = [k for k in range(self._chunks()) if not self._is_whole(k)]
        if not missing:
            return
        Path(self.settings.folder).mkdir(parents=True, exist_ok=True)
        jobs = [(self.factors[k * CHUNK:(k + 1) * CHUNK], self.settings.size, self._path(k)) for k in missing]
        with get_context("spawn").Pool(processes) as pool:
            for _ in tqdm(pool.imap_unordered(_render_chunk, jobs), total=len(jobs), desc="rendering portraits", disable=not progress):
                pass


def _render_chunk(job):
    factors, size, path = job
    torch.set_num_threads(1)
    pictures = ((render(factors, size) + 1) * 127.5).round().byte().numpy()
    temporary = path.with_suffix(".part")
    with open(temporary, "wb") as file:
        np.save(file, pictures)
    temporary.rename(path)


def to_float(images: torch.Tensor) -> torch.Tensor:
    """uint8 [N, 3, H, W] -> float32 in [-1, 1], channels last (the fast layout on a CPU)."""
    return (images.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)
