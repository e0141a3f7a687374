"""A toy with random weights that only draws, and a whole tiny domain."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib import GlobalDirections, load_models
from styleclip_lib.networks.generator import Generator


class Toy:
    """As `Models`, with 16 pixels and a generator alone."""

    def __init__(self):
        torch.manual_seed(0)
        self.domain, self.device = "toy", torch.device("cpu")
        self.generator = Generator(16, 8, 8, 2, {4: 8, 8: 8, 16: 8}).eval().requires_grad_(False)
        for _, layer in self.generator.synthesis.conv_layers():
            layer.noise_strength.fill_(0.5)

    def sample(self, seed, truncation_psi=0.7):
        z = torch.randn(1, 8, generator=torch.Generator().manual_seed(seed))
        return self.generator.mapping(z, truncation_psi)


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def world(tiny_domain):
    """A domain with random weights that brings directions and a mapper; nothing of it was used before."""
    return load_models(tiny_domain, device="cpu")


@pytest.fixture
def directions(world):
    return GlobalDirections.available(world)
