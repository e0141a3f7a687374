"""The space in which an optimisation moves a face, and in which its offset is measured."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from ..networks.generator import Generator
from .face import Face

SAMPLED = 4000
"""Number of latents from which the variation of faces in W is estimated."""


@dataclass
class MoveSpace:
    """How an offset moves a face.

    zero   the offset that changes nothing
    moved  offset -> code: w_plus [1, num_ws, w_dim], or all styles, [1, num_channels + num_rgb_channels]
    draw   code -> picture [1, 3, r, r], up to the resolution stop_at if one is given
    nearest  an offset in W+, [1, num_ws, w_dim] -> the nearest offset in this space, 0 where nothing may move
    """

    zero: torch.Tensor
    moved: Callable[[torch.Tensor], torch.Tensor]
    draw: Callable[..., torch.Tensor]
    nearest: Callable[[torch.Tensor], torch.Tensor]


@torch.no_grad()
def move_space(face: Face, space: str, layers: torch.Tensor, rgb: bool = False) -> MoveSpace:
    """The space in which a face moves; layers [num_ws]: 1 for those that may change, 0 for the others.

    "w+"      an offset for each layer, as the paper has it
    "styles"  an offset for each style channel; for those of the toRGB layers too if `rgb`
    "w"       one offset for all layers, in standard deviations of the generator's faces along the axes in which they vary

    Raises StyleclipError for a face without a latent code, unless the space is "styles".
    """
    generator = face.generator
    if space == "styles":
        both = torch.cat(face.styles, dim=1)
        free = _of_channels(generator, layers, rgb)
        return MoveSpace(torch.zeros_like(both), lambda offset: both + free * offset,
                         lambda s, **how: generator.from_styles(*generator.split_styles(s), **how),
                         lambda offset: free * (_styles(generator, face.w_plus + offset) - _styles(generator, face.w_plus)))
    w_plus, free = face.code, layers[None, :, None]
    if space == "w+":
        return MoveSpace(torch.zeros_like(w_plus), lambda offset: w_plus + free * offset, generator.synthesis,
                         lambda offset: free * offset)
    axes = principal_axes(generator)
    return MoveSpace(w_plus.new_zeros(1, 1, len(axes)), lambda offset: w_plus + free * (offset @ axes), generator.synthesis,
                     lambda offset: (free * offset).sum(1, keepdim=True) / free.sum().clamp(min=1) @ torch.linalg.pinv(axes))


def _styles(generator: Generator, w_plus: torch.Tensor) -> torch.Tensor:
    """All styles of w_plus [1, num_ws, w_dim], an affine function of it. -> [1, C + C_rgb]"""
    return torch.cat(generator.styles(w_plus), dim=1)


def _of_channels(generator: Generator, layers: torch.Tensor, rgb: bool) -> torch.Tensor:
    """1 for each channel that may move; a toRGB layer goes with the latent that feeds it. layers [num_ws] -> [C + C_rgb]"""
    convs = [layer.expand(where.stop - where.start) for layer, (_, where) in zip(layers, generator.style_slices)]
    rgbs = [rgb * layer.expand(where.stop - where.start) for layer, (_, where) in zip(layers[1::2], generator.rgb_style_slices)]
    return torch.cat(convs + rgbs)


@torch.no_grad()
def principal_axes(generator: Generator, samples: int = SAMPLED, seed: int = 0) -> torch.Tensor:
    """The principal axes of W, each scaled to the standard deviation along it: noise @ axes varies as the generator's faces do.

    A few directions of W tell the generator's faces apart, and most lead away from them. A step of one standard deviation is long in
    the former and short in the latter (the P space of Zhu et al. 2020, "Improved StyleGAN Embedding", without its nonlinearity).
    -> [w_dim, w_dim]
    """
    z = torch.randn(samples, generator.z_dim, generator=torch.Generator().manual_seed(seed)).to(generator.mapping.w_avg.device)
    w = generator.mapping(z)[:, 0]
    _, singular_values, axes = torch.linalg.svd(w - w.mean(0), full_matrices=False)
    return axes * singular_values[:, None] / samples**0.5
