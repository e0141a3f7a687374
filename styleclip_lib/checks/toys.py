"""Small networks to try a student's function with, made from a seed wherever they are needed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.generator import Generator
from ..networks.latent_discriminator import LatentDiscriminator


@dataclass(frozen=True)
class Toy:
    """Stands for a toy, so that it can be sent from one process to another.

    kind   a key of `TOYS`;  most: how many pictures it takes in all before it raises RuntimeError, 0 for any number
    """

    kind: str
    seed: int = 0
    most: int = 0

    def build(self) -> Any:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            toy = TOYS[self.kind]()
        if self.most:
            toy.register_forward_pre_hook(self._counting())
        return toy

    def _counting(self) -> Callable[[nn.Module, tuple], None]:
        count = 0

        def refuse(module: nn.Module, inputs: tuple) -> None:
            nonlocal count
            count += len(inputs[0])
            if count > self.most:
                raise RuntimeError(f"the {self.kind} may be asked about {self.most} pictures at most here.")

        return refuse


def toy_generator() -> Generator:
    """A StyleGAN2 of 16 pixels with random weights: z_dim 8, w_dim 8, num_ws 6. It draws coloured noise, in a millisecond."""
    generator = Generator(16, z_dim=8, w_dim=8, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8})
    return generator.eval().requires_grad_(False)


class ToyCritic(nn.Module):
    """Stands for CLIP and one text: image [B, 3, 16, 16] -> D [B], one minus the cosine of a picture's vector and the text's."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("projection", torch.randn(3 * 8 * 8, 12))
        self.register_buffer("text", F.normalize(torch.randn(12), dim=0))

    def forward(self, image: Tensor) -> Tensor:
        features = F.adaptive_avg_pool2d(image, 8).flatten(1) @ self.projection
        return 1 - F.normalize(features, dim=1) @ self.text


def toy_mapper() -> nn.Module:
    """w_plus [B, 6, 8] -> offsets [B, 6, 8]; what a latent mapper is, in small. Its offsets begin near zero."""
    first, last = nn.Linear(8, 16), nn.Linear(16, 8)
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.zero_()
    return nn.Sequential(first, nn.LeakyReLU(0.2), last)


def toy_discriminator() -> LatentDiscriminator:
    """w [B, 8] -> logits [B, 1], an untrained one."""
    return LatentDiscriminator(8, num_layers=3)


class ToyPainter(nn.Module):
    """Restyles a picture, as CLIPstyler's network does: image [B, 3, H, W] -> [B, 3, H, W]. Untrained it hardly changes anything."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 3, 3, padding=1)
        with torch.no_grad():
            self.last.weight.mul_(0.1)
            self.last.bias.zero_()

    def forward(self, image: Tensor) -> Tensor:
        return image + self.last(F.leaky_relu(self.first(image), 0.2))


TOYS: dict[str, Callable[[], Any]] = {"generator": toy_generator, "critic": ToyCritic, "mapper": toy_mapper,
                                      "discriminator": toy_discriminator, "painter": ToyPainter}
