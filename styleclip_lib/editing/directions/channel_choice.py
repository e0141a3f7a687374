"""Which channels a text moves, and how far: from what each of them does in CLIP's eyes."""

from dataclasses import dataclass

import torch

from ...networks.generator import Generator


@dataclass(frozen=True)
class UsedChannel:
    """A style channel that an edit moves.

    layer      its convolution, "b16.conv1", or toRGB layer, "b16.torgb"
    number     its place within that layer
    index      its place in styles [B, num_channels], or in rgb_styles [B, num_rgb_channels]
    relevance  how much it has to do with the text, in [-1, 1]; see `GlobalDirections.relevance`
    step       how far alpha = 1 moves it, in the channel's standard deviations σ, in [-1, 1]
    """

    layer: str
    number: int
    index: int
    relevance: float
    step: float


def jointly(effects: torch.Tensor, direction: torch.Tensor, ridge: float) -> torch.Tensor:
    """What each channel has to do so that all of them *together* go where the text wants: ridge regression of Δt on the effects.

    argmin_r ‖Δt - Σ_c r_c Δi_c‖² + λ ‖r‖²  =  E (EᵀE + λ I)⁻¹ Δt,  E [C, D] the effects, λ = ridge · mean diagonal of EᵀE

    Asked by itself, a channel whose effect is half text and half something else counts as much as one that is wanted; asked
    together, channels that share a side effect are weighed against each other. Brought to the scale of E Δt, so that a beta means the same.
    effects [C, D], direction Δt [D] -> [C]
    """
    alone, gram = effects @ direction, effects.T @ effects
    damped = gram + ridge * gram.diagonal().mean() * torch.eye(len(gram), device=gram.device)
    together = effects @ torch.linalg.solve(damped, direction)
    return together * (alone.abs().max() / together.abs().max().clamp(min=1e-12))


def steps_of(relevance: torch.Tensor, beta: float) -> torch.Tensor:
    """Relevances [C] -> steps [C] in σ: what lies below beta becomes 0, and the largest becomes 1 or -1.

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
