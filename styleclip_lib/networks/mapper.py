"""StyleCLIP's latent mapper: from a face's latent code to the offset of an edit (Patashnik et al. 2021, section 5)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ..errors import StyleclipError
from .layers import SLOPE, SQRT2, Linear
from .mapping import pixel_norm

LEVELS = ("coarse", "medium", "fine")
"""The levels of the paper, from large shapes to colours."""

FIRST_LAYER = {"coarse": 0, "medium": 4, "fine": 8, "all": 0}
AFTER_LAST = {"coarse": 4, "medium": 8, "fine": None, "all": None}

SCALE = 0.1
"""The authors multiply the network's output by this outside the network, where it is easily forgotten; here it is inside."""


def layers_of(level: str, num_ws: int) -> slice:
    """The layers of w_plus on which a level acts; none if the level lies above the generator's resolution.

    Every StyleGAN2 has one layer of 4 pixels and two of each higher resolution, so a layer's number means the same resolution in all
    of them: coarse is 0-3 (4 to 16 pixels), medium 4-7 (16 to 64), fine 8 and above. "all" is the authors' SingleMapper.
    """
    start, stop = FIRST_LAYER[level], AFTER_LAST[level]
    return slice(min(start, num_ws), num_ws if stop is None else min(stop, num_ws))


class LevelMapper(nn.Module):
    """Four fully connected layers, shared by all layers of one level. [B, L, w_dim] -> [B, L, w_dim]

    They are preceded by a PixelNorm over dimension 1. In the mapping network, whose input is [B, z_dim], that is the dimension of
    features. Here it is the dimension of *layers*: each feature is divided by its root mean square over the L layers of the level, and
    of a w that is the same in all of them only the signs remain. The authors probably meant the features, but their released mappers
    were trained this way and give nonsense otherwise, so it stays. `Mapper` says what helps.
    """

    def __init__(self, w_dim: int, num_layers: int = 4):
        super().__init__()
        self.layers = nn.ModuleList(Linear(w_dim, w_dim, lr_multiplier=0.01, activation=True) for _ in range(num_layers))
        nn.init.zeros_(self.layers[-1].weight)

    def forward(self, w_plus: Tensor) -> Tensor:
        x = pixel_norm(w_plus)
        for layer in self.layers:
            x = layer(x)
        return x

    @torch.no_grad()
    def begin_at(self, output: Tensor) -> None:
        """Lets a new network, whose last weights are zero, begin with the same output [w_dim] for every input.

        The bias of the last layer is the output before the leaky ReLU, which is undone here.
        """
        last = self.layers[-1]
        last.bias.copy_(torch.where(output < 0, output / SLOPE, output) / (SQRT2 * last.lr_multiplier))


class Mapper(nn.Module):
    """w_plus [B, num_ws, w_dim] -> offset [B, num_ws, w_dim]; the edited code is w_plus + offset.

    levels: which of coarse, medium and fine are used; the layers of the others get zeros. ["all"] is one network for all layers.
    A new mapper changes nothing: its last layers start at zero (the authors start with a small random offset). `begin_at` lets it begin
    with another offset.

    center [w_dim] is subtracted from w first; the authors subtract nothing. Where the mean w lies far from zero, as in the portraits
    domain, w has the same signs for all faces, and since the signs are all that the PixelNorm leaves of a w that is the same in all
    layers, such a mapper cannot tell faces apart. Around the mean w the signs differ.

    Raises StyleclipError for an unknown level, or if no level has a layer to act on.
    """

    center: Tensor

    def __init__(self, num_ws: int, w_dim: int, levels: Sequence[str] = LEVELS):
        super().__init__()
        unknown = sorted(set(levels) - set(FIRST_LAYER))
        if unknown or isinstance(levels, str) or ("all" in levels and len(levels) > 1):
            raise StyleclipError(f"levels must name some of {', '.join(LEVELS)} (or be 'all' alone), not {levels!r}.")
        self.num_ws, self.w_dim = num_ws, w_dim
        acting = [level for level in FIRST_LAYER if level in levels and layers_of(level, num_ws) != slice(num_ws, num_ws)]
        if not acting:
            raise StyleclipError(f"A mapper needs at least one level that acts on one of the {num_ws} layers; levels is {list(levels)}.")
        self.register_buffer("center", torch.zeros(w_dim))
        self.levels = nn.ModuleDict({level: LevelMapper(w_dim) for level in acting})

    def forward(self, w_plus: Tensor) -> Tensor:
        if w_plus.ndim != 3 or w_plus.shape[1:] != (self.num_ws, self.w_dim):
            raise StyleclipError(f"w_plus must be [B, {self.num_ws}, {self.w_dim}] for this mapper, not {list(w_plus.shape)}.")
        offset = torch.zeros_like(w_plus)
        for level, network in self.levels.items():
            where = layers_of(level, self.num_ws)
            offset[:, where] = SCALE * network(w_plus[:, where] - self.center)
        return offset

    def begin_at(self, offset: Tensor) -> None:
        """Lets a new mapper begin with one offset [num_ws, w_dim] for every face: in the layers of each level its mean over them, since
        they share a network whose output does not depend on the layer yet."""
        for level, network in self.levels.items():
            network.begin_at(offset[layers_of(level, self.num_ws)].mean(0) / SCALE)
