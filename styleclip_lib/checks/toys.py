"""Small networks to try a student's function with, made from a seed wherever they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from ..networks.generator import Generator


@dataclass(frozen=True)
class Toy:
    """Stands for a toy, so that it can be sent from one process to another. kind: "generator"."""

    kind: str
    seed: int = 0

    def build(self) -> Any:
        return TOYS[self.kind](self.seed)


def toy_generator(seed: int = 0) -> Generator:
    """A StyleGAN2 of 16 pixels with random weights: z_dim 8, w_dim 8, num_ws 6. It draws coloured noise, in a millisecond."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        generator = Generator(16, z_dim=8, w_dim=8, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8})
    return generator.eval().requires_grad_(False)


TOYS: dict[str, Callable[[int], Any]] = {"generator": toy_generator}
