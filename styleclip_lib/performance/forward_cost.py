"""The number of additions and multiplications for a picture."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from ..networks.generator import Synthesis


def forward_flops(synthesis: Synthesis, batch: int = 1) -> int:
    """The operations of the convolutions and toRGB layers by definition: two for each weight at each position where it is used.

    A convolution that doubles the size uses its weights once at each position of the smaller input.
    """
    convs = [2 * layer.weight.numel() * (layer.resolution // layer.up) ** 2 for _, layer in synthesis.conv_layers()]
    rgbs = [2 * layer.weight.numel() * resolution**2 for (_, layer), resolution in zip(synthesis.rgb_layers(), synthesis.resolutions)]
    return batch * (sum(convs) + sum(rgbs))


@dataclass(frozen=True)
class Cost:
    """The parameters of a network, and the flops of one call: additions and multiplications of convolutions and matrix products."""

    parameters: int
    flops: int


@torch.no_grad()
def cost(network: nn.Module, call: Callable[[], object]) -> Cost:
    """The cost of a network and a call of it as PyTorch executes it: smoothing filters count, element-wise operations do not."""
    with FlopCounterMode(display=False) as counter:
        call()
    return Cost(sum(parameter.numel() for parameter in network.parameters()), counter.get_total_flops())
