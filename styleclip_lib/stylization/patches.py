"""Patches of a picture, seen at random angles: what the patch loss looks at (Kwon & Ye 2022, section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Patches:
    """Squares of a picture, each with the corners of the quadrangle in it that becomes the patch.

    index     [N], of which picture of a batch
    corners   [N, 4, 2], x and y in pixels of the picture: upper left, upper right, lower right, lower left
    size      pixels along each side of a patch
    """

    index: Tensor
    corners: Tensor
    size: int

    def of(self, image: Tensor) -> Tensor:
        """Cuts all patches out at once: crop and perspective are one homography, and all of them one `grid_sample`.

        image [B, 3, H, W] -> [N, 3, size, size]
        """
        height, width = image.shape[-2:]
        pixels = torch.arange(self.size, dtype=torch.float32) + 0.5
        down, right = torch.meshgrid(pixels, pixels, indexing="ij")
        places = torch.stack([right, down, torch.ones_like(right)], -1).view(1, -1, 3) @ homographies(self.corners, self.size).mT
        grid = (places[..., :2] / places[..., 2:] / torch.tensor([width, height]) * 2 - 1).view(-1, self.size, self.size, 2).to(image)
        if len(image) > 1:
            return F.grid_sample(image[self.index.to(image.device)], grid, padding_mode="border", align_corners=False)
        # one picture is not copied for each patch: the patches are cut out as one tall picture
        tall = F.grid_sample(image, grid.view(1, -1, self.size, 2), padding_mode="border", align_corners=False)
        return tall.view(-1, len(grid), self.size, self.size).transpose(0, 1)


def random_patches(shape: tuple[int, int], count: int, size: int, distortion: float, rng: torch.Generator, batch: int = 1,
                   weight: Tensor | None = None) -> Patches:
    """Squares at random places, each of whose corners then moves inwards by up to `distortion` of half the side.

    The quadrangle becomes the patch. (The authors take the whole square and draw it into such a quadrangle, on black: CLIP then sees
    black wedges in every patch.)

    shape       height and width of the picture
    count       how many patches of each picture of the batch
    distortion  0 takes the squares as they are
    weight      [H, W], how much a patch's middle is wanted at each place; None: everywhere alike
    """
    height, width = shape
    size = min(size, height, width)
    total = count * batch
    place = torch.rand(total, 2, generator=rng)
    move = torch.rand(total, 4, 2, generator=rng) * distortion * size / 2
    upper_left = (place * torch.tensor([width - size + 1, height - size + 1])).floor()
    if weight is not None:
        upper_left = _where_wanted(weight, total, size, rng)
    square = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]])
    inwards = 1 - 2 * square
    corners = upper_left[:, None] + square * size + inwards * move
    return Patches(torch.arange(batch).repeat_interleave(count), corners, size)


def _where_wanted(weight: Tensor, count: int, size: int, rng: torch.Generator) -> Tensor:
    """Upper left corners [N, 2] of squares, whose middles are drawn by their weight."""
    height, width = weight.shape
    half = size // 2
    middles = weight[half:height - size + half + 1, half:width - size + half + 1].flatten()
    chosen = torch.multinomial(middles.clamp(min=0) + 1e-6, count, replacement=True, generator=rng)
    columns = width - size + 1
    return torch.stack([chosen % columns, chosen // columns], 1).float()


def homographies(corners: Tensor, size: int) -> Tensor:
    """The projective maps that take a square of `size` pixels onto quadrangles.

    corners [N, 4, 2] -> [N, 3, 3]: (x, y, 1) in the square -> (u, v, w), which is the point (u/w, v/w) of the picture
    """
    ours = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]]).mul(size).to(corners).double()
    theirs = corners.double()
    x, y = ours[:, 0].expand(len(corners), 4), ours[:, 1].expand(len(corners), 4)
    u, v = theirs.unbind(2)
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    rows = torch.cat([torch.stack([x, y, one, zero, zero, zero, -u * x, -u * y], 2),
                      torch.stack([zero, zero, zero, x, y, one, -v * x, -v * y], 2)], 1)
    solved = torch.linalg.solve(rows, torch.cat([u, v], 1))
    return torch.cat([solved, torch.ones(len(corners), 1).double()], 1).view(-1, 3, 3).float()
