"""How many additions and multiplications a picture takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..networks.generator import Synthesis


def forward_flops(synthesis: Synthesis, batch: int = 1) -> int:
    """Of the convolutions and toRGB layers, by their definition: two for each weight and each place where it is used.

    A convolution that doubles the size uses its weights at the smaller picture's places, once in each.
    """
    convs = [2 * layer.weight.numel() * (layer.resolution // layer.up) ** 2 for _, layer in synthesis.conv_layers()]
    rgbs = [2 * layer.weight.numel() * resolution**2 for (_, layer), resolution in zip(synthesis.rgb_layers(), synthesis.resolutions)]
    return batch * (sum(convs) + sum(rgbs))


@dataclass(frozen=True)
class Cost:
    """parameters of a network, and flops of one call: additions and multiplications of its convolutions and matrix products."""

    parameters: int
    flops: int


@torch.no_grad()
def cost(network: nn.Module, call: Callable[[], object]) -> Cost:
    """What a network has and what a call of it takes, as PyTorch carries it out: smoothing filters count, element-wise steps do not."""
    with FlopCounterMode(display=False) as counter:
        call()
    return Cost(sum(parameter.numel() for parameter in network.parameters()), counter.get_total_flops())
