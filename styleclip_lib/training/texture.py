"""How much texture there is, and which way it runs, without asking for every strand in its place."""

import torch.nn.functional as F
from torch import Tensor

DISTANCES = (1, 2, 4)
WINDOW = 8


def texture_loss(images: Tensor, renders: Tensor) -> Tensor:
    """How far the texture of drawn pictures is from that of renders. images, renders [B, 3, H, W] -> a number

    Compared are mean absolute differences in windows of 8 pixels: between neighbours across, down and along both diagonals, and between
    the means of neighbouring squares of 2 and 4 pixels. A strand that lies one pixel beside costs little, one that runs another way costs
    nearly as much as none. Statistics of filters' answers describe textures (Heeger and Bergen 1995); taken in windows, they stay in
    their place.
    """
    images, renders = images.float().contiguous(), renders.float().contiguous()  # channels last is slow for three channels
    loss = images.new_zeros(())
    for distance in DISTANCES:
        ours, theirs = (_differences(F.avg_pool2d(pictures, distance, 1), distance) for pictures in (images, renders))
        loss = loss + sum((_in_windows(a) - _in_windows(b)).abs().mean() for a, b in zip(ours, theirs))
    return loss / len(DISTANCES)


def _differences(images: Tensor, distance: int) -> list[Tensor]:
    """Differences between pixels at a distance in four directions, each [B, 3, H - distance, W - distance]."""
    height, width = images.shape[2] - distance, images.shape[3] - distance
    here, right, below, corner = (images[:, :, y:y + height, x:x + width] for y in (0, distance) for x in (0, distance))
    return [right - here, below - here, corner - here, below - right]


def _in_windows(differences: Tensor) -> Tensor:
    size = min(WINDOW, *differences.shape[2:])
    return F.avg_pool2d(differences.abs(), size, stride=max(1, size // 2))
