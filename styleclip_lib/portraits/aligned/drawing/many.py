"""Large sets of portraits, drawn by several processes."""

import torch
from torch.utils.data import DataLoader, Dataset
from tqdm.auto import tqdm

from ....threads import cores
from ..camera import ALIGNED, Camera
from ..world.factors import Factors
from .render import draw

LOT = 8  # pictures that a process returns at a time


def render_many(factors: Factors, size: int = 256, processes: int | None = None, camera: Camera = ALIGNED, progress: bool = True):
    """The pictures of `render` as bytes.

    factors of length N, processes = how many draw at the same time (by default as many as there are cores; 0: this process draws)
    ->  uint8 [N, size, size, 3]
    """
    pictures = torch.empty(len(factors), size, size, 3, dtype=torch.uint8)
    workers = cores() if processes is None else processes
    loader = DataLoader(_Drawn(factors, size, camera), batch_size=LOT, num_workers=min(workers, -(-len(factors) // LOT)))
    with tqdm(total=len(factors), desc="portraits", disable=not progress) as bar:
        for number, lot in enumerate(loader):
            pictures[number * LOT:number * LOT + len(lot)] = lot
            bar.update(len(lot))
    return pictures


class _Drawn(Dataset):
    """Portraits that are drawn on demand. uint8 [size, size, 3]"""

    def __init__(self, factors: Factors, size: int, camera: Camera):
        self.portraits = [factors.portrait(i) for i in range(len(factors))]
        self.size, self.camera = size, camera

    def __len__(self):
        return len(self.portraits)

    @torch.no_grad()
    def __getitem__(self, index):
        return draw(self.portraits[index], self.size, self.camera).mul_(255).round_().byte().permute(1, 2, 0)
