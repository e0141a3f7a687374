"""Training batches for an encoder: pictures, and their w where it is known."""

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from ..networks.generator import Generator
from .data import DataSettings, Portraits, to_float
from .loop import Run
from .pictures import HELD_OUT, LEARNT, Pictures
from .sensitivity import sensitivity
from .worlds import World, world_of


class Batch(NamedTuple):
    """images [B, 3, R, R] in [-1, 1]; w [K, w_dim] of the first K of them (K ≤ B); `sensitivity`, by which an error of w is weighed."""

    images: Tensor
    w: Tensor
    weights: Tensor


class Renders:
    """Pictures drawn by the generator, and renders of the procedural world: the w of both is known."""

    def __init__(self, s, generator: Generator):
        self.s, self.generator = s, generator
        self.portraits = _portraits(s.data, s.count, generator)
        self.weights = _weights(s, generator)

    def batch(self, run: Run, rng: torch.Generator) -> Batch:
        index = torch.randint(len(self.portraits), (self.s.pictures_each,), generator=rng)
        images, latents = turned(to_float(self.portraits.images(index)), self.portraits.latents[index], self.portraits.world, rng)
        z = torch.cat([torch.randn(self.s.samples_each, self.generator.z_dim, generator=rng), latents])
        with torch.no_grad(), run.autocast():
            w = self.generator.mapping.w(z.to(run.device))
        samples = drawn(self.generator, w[: self.s.samples_each], run)
        return Batch(torch.cat([samples, images.to(run.device)]), w, self.weights.to(run.device))


class Photographs:
    """Pictures of a data set, whose w is unknown, and pictures drawn by the generator, whose w is known."""

    def __init__(self, s, generator: Generator):
        self.s, self.generator = s, generator
        self.pictures = Pictures(s.data, generator.img_resolution, LEARNT)
        self.weights = _weights(s, generator) if s.samples_each else torch.empty(0)

    def batch(self, run: Run, rng: torch.Generator) -> Batch:
        index = torch.randint(len(self.pictures), (self.s.pictures_each,), generator=rng)
        images = to_float(self.pictures.images(index)).to(run.device)
        z = torch.randn(self.s.samples_each, self.generator.z_dim, generator=rng)
        with torch.no_grad(), run.autocast():
            w = self.generator.mapping.w(z.to(run.device))
        return Batch(torch.cat([drawn(self.generator, w, run), images]), w, self.weights.to(run.device))


def turned(images: Tensor, z: Tensor, world: World, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Portraits [N, 3, R, R] and their latents [N, z_dim], each mirrored with probability 1/2 if the world knows mirrored latents."""
    if world.mirrored is None:
        return images, z
    turn = torch.rand(len(z), generator=rng) < 0.5
    return torch.where(turn[:, None, None, None], images.flip(3), images), torch.where(turn[:, None], world.mirrored(z), z)


@torch.no_grad()
def drawn(generator: Generator, w: Tensor, run: Run) -> Tensor:
    """The pictures [N, 3, R, R] of w [N, w_dim]; N may be 0."""
    if not len(w):
        return torch.zeros(0, 3, generator.img_resolution, generator.img_resolution, device=w.device)
    with run.autocast():
        return generator.synthesis(w[:, None].expand(-1, generator.num_ws, -1)).float()


def _weights(s, generator: Generator) -> Tensor:
    return sensitivity(generator, s.size or generator.img_resolution, s.seed)


def _portraits(data: Path, count: int, generator: Generator, seed: int = 0) -> Portraits:
    """Portraits of the world to which a generator belongs."""
    return Portraits(DataSettings(data, count, generator.img_resolution, seed), world=world_of(generator.img_resolution))


def held_out_renders(s, generator: Generator, count: int = 200) -> Tensor:
    """Renders of portraits that no encoder is trained on, uint8 [count, 3, R, R]."""
    return _portraits(s.data, 1000, generator, seed=1).images(torch.arange(count))


def held_out_photographs(s, generator: Generator, most: int = 200) -> Tensor:
    """The first of a data set's held-out pictures, uint8 [N, 3, R, R]."""
    pictures = Pictures(s.data, generator.img_resolution, HELD_OUT)
    return pictures.images(torch.arange(min(most, len(pictures))))
