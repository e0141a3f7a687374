"""Hair as a repeating texture: combed locks and curls, painted once lock by lock and then looked up.

A tile is [channels, rows, columns] and repeats in both directions. Its channels: height of the lock's rounded profile in [0, 1] (0 in the
crease between two locks), tone of the lock in [-1, 1] (each is a little lighter or darker). Locks are several pixels wide, as in an
animation film: a generator that copies portraits can place them, which it cannot do with single hairs.
"""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F

PERIOD = 2.4
"""A tile repeats after this many head units."""

_ROWS, _COLUMNS = 128, 768  # of the combed tile: slow along the strands, fine across them
_SIDE = 512  # of the curly tile


def combed(across: torch.Tensor, along: torch.Tensor, pixel: float) -> torch.Tensor:
    """Height and tone of combed hair. across, along [h, w] in head units, pixel in head units  ->  [2, h, w]

    Narrow locks lie on wide ones, which are the same tile enlarged.
    """
    locks = _looked_up(_combed_tile(_blur_of(0.65 * pixel, _COLUMNS)), 0.65 * across, along)
    wide = _looked_up(_combed_tile(_blur_of(0.25 * pixel, _COLUMNS)), 0.25 * across + 0.5, 0.6 * along)
    return 0.5 * locks + 0.5 * wide


def curled(x: torch.Tensor, y: torch.Tensor, pixel: float) -> torch.Tensor:
    """Height and tone of curls, and the distance across them (head units).

    x, y [h, w] in head units, pixel = the width of the smoothing in head units  ->  [3, h, w]
    """
    return _looked_up(_curled_tile(_blur_of(pixel, _SIDE)), x, y)


def _blur_of(pixel, columns):
    """The number of texels under a pixel, made odd: a tile is smoothed over them, so that small pictures do not alias."""
    return max(1, 2 * round(pixel / PERIOD * columns / 2) + 1)


def _looked_up(tile, x, y):
    grid = torch.stack([x, y], -1).div_(PERIOD)
    grid -= grid.floor()
    grid.mul_(2).sub_(1)  # the tile's last row and column repeat the first: corners are aligned
    return F.grid_sample(tile[None], grid[None], mode="bilinear", padding_mode="border", align_corners=True)[0]


def _closed(tile, across, down):
    """Smooths a tile over so many texels with wrap-around, and repeats its first row and column at the end."""
    tile = F.pad(tile[None], (across // 2, across // 2, down // 2, down // 2), mode="circular")
    tile = F.avg_pool2d(F.avg_pool2d(tile, (down, 1), 1), (1, across), 1)
    return F.pad(tile, (0, 1, 0, 1), mode="circular")[0].contiguous()


@lru_cache(maxsize=8)
def _combed_tile(blur: int) -> torch.Tensor:
    return _closed(_combed_locks(), blur, 1)


@lru_cache(maxsize=8)
def _curled_tile(blur: int) -> torch.Tensor:
    return _closed(_curls(), blur, blur)


@lru_cache(maxsize=1)
def _combed_locks() -> torch.Tensor:
    """Locks from wide to narrow, each painted over those before; a lock starts and ends in a point and sways slightly."""
    rng = torch.Generator().manual_seed(5)
    texel = PERIOD / _COLUMNS
    tile = torch.zeros(2, _ROWS, _COLUMNS)
    v = torch.arange(_ROWS) / _ROWS
    count = 70
    place, start, length, tone, phase, sway = torch.rand(6, count, generator=rng)
    width = torch.linspace(0.130, 0.075, count) / texel  # half, in texels
    for k in range(count):
        t = ((v - start[k]) % 1.0) / (0.45 + 0.5 * length[k])  # along the lock
        half = width[k] * (t.clamp(0, 1) * (1 - t.clamp(0, 1)) * 4).sqrt()
        middle = place[k] * _COLUMNS + 0.015 / texel * torch.sin(2 * math.pi * (v + phase[k])) * (0.4 + sway[k])
        reach = int(width[k]) + 1
        columns = middle.floor().long()[:, None] + torch.arange(-reach, reach + 1)
        side = (columns - middle[:, None]) / half[:, None].clamp(min=1e-3)
        inside = (side.abs() < 1) & (half[:, None] > 0.5)
        rows = torch.arange(_ROWS)[:, None].expand_as(columns)[inside]
        columns = columns[inside] % _COLUMNS
        tile[0, rows, columns] = (1 - side[inside] ** 2).sqrt()
        tile[1, rows, columns] = 2 * tone[k] - 1
    return tile


@lru_cache(maxsize=1)
def _curls() -> torch.Tensor:
    """Curls: parts of rings, each a rounded tube, painted over those before. A third channel is the position across the tube."""
    rng = torch.Generator().manual_seed(6)
    texel = PERIOD / _SIDE
    tile = torch.zeros(3, _SIDE, _SIDE)
    tile[0] = 0.4  # what is visible through a ring is hair, too
    cells = 12  # a curl starts in each of cells x cells squares, so that no part of the tile stays empty
    place_x, place_y, tone, turn, size, squeeze = torch.rand(6, cells * cells, generator=rng)
    order = torch.randperm(cells * cells, generator=rng)
    place_x, place_y = (order % cells + place_x) / cells, (order // cells + place_y) / cells
    for k in range(len(order)):
        radius, half = (0.125 + 0.090 * size[k].item()) / texel, (0.056 + 0.018 * size[k].item()) / texel
        reach = int(radius + half) + 1
        dy, dx = torch.meshgrid(torch.arange(-reach, reach + 1), torch.arange(-reach, reach + 1), indexing="ij")
        angle = 2 * math.pi * turn[k]
        ex, ey = dx * angle.cos() + dy * angle.sin(), (dy * angle.cos() - dx * angle.sin()) * (1.0 + 0.5 * squeeze[k])
        way = torch.atan2(ey, ex)
        wide = half * ((math.pi * 0.92 - way.abs()) / 0.9).clamp(0, 1).sqrt()  # the ring is open on one side, where it ends in points
        side = ((ex * ex + ey * ey).sqrt() - radius) / wide.clamp(min=1e-3)
        inside = (side.abs() < 1) & (wide > 0.5)
        rows = ((place_y[k] * _SIDE).long() + dy)[inside] % _SIDE
        columns = ((place_x[k] * _SIDE).long() + dx)[inside] % _SIDE
        side = side[inside]
        tile[0, rows, columns] = (1 - side**2).sqrt()
        tile[1, rows, columns] = 2 * tone[k] - 1
        tile[2, rows, columns] = side * half * texel
    return tile
