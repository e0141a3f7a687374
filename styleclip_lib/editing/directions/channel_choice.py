"""Which channels a text changes, and how far, given the effect of each on CLIP's embedding."""

from dataclasses import dataclass

import torch

from ...networks.generator import Generator


@dataclass(frozen=True)
class UsedChannel:
    """A style channel that an edit moves.

    layer      its convolution, "b16.conv1", or toRGB layer, "b16.torgb"
    number     its index within that layer
    index      its index in styles [B, num_channels], or in rgb_styles [B, num_rgb_channels]
    relevance  to the text, in [-1, 1]; see `GlobalDirections.relevance`
    step       how far alpha = 1 moves it, in the channel's standard deviations σ, in [-1, 1]
    """

    layer: str
    number: int
    index: int
    relevance: float
    step: float


def jointly(effects: torch.Tensor, direction: torch.Tensor, ridge: float) -> torch.Tensor:
    """The relevances r of all channels, jointly solved: ridge regression of Δt on the effects.

    argmin_r ‖Δt - Σ_c r_c Δi_c‖² + λ ‖r‖²  =  E (EᵀE + λ I)⁻¹ Δt,  E [C, D] the effects, λ = ridge · mean diagonal of EᵀE

    By itself, a channel whose effect is only partly along the text counts for that part, whatever else it changes; jointly solved,
    channels with a common side effect are balanced against each other. The result is scaled like E Δt, so that beta means the same.
    effects [C, D], direction Δt [D] -> [C]
    """
    separate, gram = effects @ direction, effects.T @ effects
    damped = gram + ridge * gram.diagonal().mean() * torch.eye(len(gram), device=gram.device)
    joint = effects @ torch.linalg.solve(damped, direction)
    return joint * (separate.abs().max() / joint.abs().max().clamp(min=1e-12))


def steps_of(relevance: torch.Tensor, beta: float) -> torch.Tensor:
    """Relevances [C] -> steps [C] in σ: those below beta become 0, and the largest becomes 1 or -1.

    All 0 if no channel reaches beta (the authors' code then divides 0 by 0).
    """
    kept = torch.where(relevance.abs() < beta, 0, relevance)
    return kept / kept.abs().max().clamp(min=1e-12)


def used_channels(generator: Generator, relevance: torch.Tensor, steps: torch.Tensor) -> list[UsedChannel]:
    """The channels whose step is not 0, the most relevant first.

    relevance, steps  [num_channels], or [num_channels + num_rgb_channels]
    """
    layers = [(layer, where, 0) for layer, where in generator.style_slices]
    if len(steps) > generator.num_channels:
        layers += [(layer, where, generator.num_channels) for layer, where in generator.rgb_style_slices]
    relevances, moved = relevance.tolist(), steps.tolist()
    used = [UsedChannel(layer, index - where.start, index, relevances[first + index], moved[first + index])
            for layer, where, first in layers for index in range(where.start, where.stop) if moved[first + index]]
    return sorted(used, key=lambda channel: -abs(channel.relevance))
