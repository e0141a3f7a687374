"""Motion that is known exactly: what a video's pictures have in common, how a network learns to respect it, and how flicker is measured."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Motion:
    """Pairs of neighbouring pictures.

    first, second  [B, 3, H, W] in [-1, 1]
    flow           [B, 2, H, W], in pixels: what is at (x, y) of the second was at (x, y) + flow in the first
    valid          [B, 1, H, W], 1 where that is known and to be seen in both
    """

    first: Tensor
    second: Tensor
    flow: Tensor
    valid: Tensor

    def __len__(self) -> int:
        return len(self.first)

    def __getitem__(self, which: Tensor) -> Motion:
        return Motion(self.first[which], self.second[which], self.flow[which], self.valid[which])


def warped(image: Tensor, flow: Tensor) -> Tensor:
    """A picture moved by a flow: each pixel is taken from (x, y) + flow. image [B, C, H, W], flow [B, 2, H, W] -> [B, C, H, W]"""
    height, width = image.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    place = torch.stack([x, y]).to(flow) + flow
    grid = torch.stack([place[:, 0] / width * 2 - 1, place[:, 1] / height * 2 - 1], -1)
    return F.grid_sample(image, grid, padding_mode="border", align_corners=False)


def temporal_loss(first: Tensor, second: Tensor, motion: Motion) -> Tensor:
    """How far the restyled pictures change otherwise than the pictures themselves do: mean over the valid places of
    ‖(O₂ - W O₁) - (I₂ - W I₁)‖², W being the known motion. Where the light changes, the restyled picture may change as much.

    first, second [B, 3, H, W], the pair restyled -> a number
    """
    restyled, own = second - warped(first, motion.flow), motion.second - warped(motion.first, motion.flow)
    return ((restyled - own).square().mean(1, keepdim=True) * motion.valid).sum() / motion.valid.sum().clamp(min=1)


@torch.no_grad()
def flicker(first: Tensor, second: Tensor, motion: Motion) -> float:
    """The root mean square, over the valid places, of what is left when one restyled picture is moved onto the next, in [0, 2]."""
    difference = (second - warped(first, motion.flow)).square().mean(1, keepdim=True)
    return math.sqrt((difference * motion.valid).sum() / motion.valid.sum().clamp(min=1))


def camera_motion(pictures: Tensor, rng: torch.Generator, turn: float = 0.04, zoom: float = 0.04, shift: float = 0.04) -> Motion:
    """Pictures as a moving camera sees them: turned (radians), zoomed and shifted (shares of the side) by up to so much either way."""
    count, _, height, width = pictures.shape
    draw = torch.rand(count, 4, generator=rng) * 2 - 1
    angle, scale = turn * draw[:, 0], 1 + zoom * draw[:, 1]
    cos, sin = (scale * angle.cos()).view(-1, 1, 1), (scale * angle.sin()).view(-1, 1, 1)
    y, x = torch.meshgrid(torch.arange(height) + 0.5 - height / 2, torch.arange(width) + 0.5 - width / 2, indexing="ij")
    moved_x = cos * x - sin * y + shift * width * draw[:, 2].view(-1, 1, 1)
    moved_y = sin * x + cos * y + shift * height * draw[:, 3].view(-1, 1, 1)
    flow = torch.stack([moved_x - x, moved_y - y], 1).to(pictures)
    inside = (moved_x.abs() < width / 2) & (moved_y.abs() < height / 2)
    return Motion(pictures, warped(pictures, flow), flow, inside[:, None].to(pictures))


def joined(motions: Sequence[Motion]) -> Motion:
    """Several pairs as one batch."""
    return Motion(*(torch.cat([getattr(one, name) for one in motions]) for name in ("first", "second", "flow", "valid")))
