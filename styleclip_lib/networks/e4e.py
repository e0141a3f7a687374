"""The official encoders from a picture to W+: e4e (Tov et al. 2021) and pSp (Richardson et al. 2021), which share an architecture."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .irse50 import BLOCKS, Irse50, at_256
from .layers import Linear

COARSE, MIDDLE = 3, 7
"""Latents 0 to 2 are read from features of 16 x 16, 3 to 6 from 32 x 32, and all others from 64 x 64."""


class StyleHead(nn.Module):
    """Convolutions that halve the size down to one position, and a linear layer. [B, in_channels, S, S] -> [B, w_dim]"""

    def __init__(self, in_channels: int, w_dim: int, num_convs: int):
        super().__init__()
        layers: list[nn.Module] = []
        for i in range(num_convs):
            layers += [nn.Conv2d(w_dim if i else in_channels, w_dim, 3, stride=2, padding=1), nn.LeakyReLU(0.01)]
        self.convs = nn.Sequential(*layers)
        self.linear = Linear(w_dim, w_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(self.convs(x).flatten(1))


class E4e(nn.Module):
    """image -> w_plus: w_i = w_avg_i + w_0 + Δ_i, Δ_0 = 0 (Tov et al. 2021, section 4.1).

    Each w has its own head. The finer heads read a feature pyramid: enlarged coarse features plus finer ones.
    offsets=False is pSp, whose heads give w_i itself instead of Δ_i.
    """

    w_avg: Tensor

    def __init__(self, num_ws: int, w_dim: int = 512, blocks: Sequence[int] = BLOCKS, offsets: bool = True):
        super().__init__()
        self.num_ws, self.w_dim, self.offsets = num_ws, w_dim, offsets
        self.trunk = Irse50(blocks)
        *_, fine, middle, coarse = self.trunk.widths
        self.latlayer1, self.latlayer2 = nn.Conv2d(middle, coarse, 1), nn.Conv2d(fine, coarse, 1)
        self.styles = nn.ModuleList(StyleHead(coarse, w_dim, 4 + (i >= COARSE) + (i >= MIDDLE)) for i in range(num_ws))
        self.register_buffer("w_avg", torch.zeros(num_ws, w_dim))

    def forward(self, image: Tensor, stage: int | None = None) -> Tensor:
        """image [B, 3, H, W] in [-1, 1], with FFHQ's crop -> w_plus [B, num_ws, w_dim]. stage: see `parts`."""
        base, offsets = self.parts(image, stage)
        return base[:, None] + offsets

    def parts(self, image: Tensor, stage: int | None = None) -> tuple[Tensor, Tensor]:
        """The common w [B, w_dim] and the offsets [B, num_ws, w_dim] from it, the first of which is zero.

        stage: how many of the Δ_i are in use; the later ones are zero. Training starts with none and adds them one by one
        (Tov et al. 2021, section 4.1). None: all.
        """
        in_use = self.num_ws if stage is None else stage + 1
        first, *others = self._read(image, in_use)
        deltas = [torch.zeros_like(first), *(other if self.offsets else other - first for other in others)]
        deltas += deltas[:1] * (self.num_ws - len(deltas))
        return first + self.w_avg[0], torch.stack(deltas, 1) + (self.w_avg - self.w_avg[0])

    def _read(self, image: Tensor, in_use: int) -> list[Tensor]:
        """The outputs of the first heads: `in_use` tensors [B, w_dim]."""
        *_, fine, middle, coarse = self.trunk(at_256(image))
        x, read = coarse, []
        for i, head in enumerate(self.styles[:in_use]):
            if i == COARSE:
                x = _enlarged(x, middle) + self.latlayer1(middle)
            if i == MIDDLE:
                x = _enlarged(x, fine) + self.latlayer2(fine)
            read.append(head(x))
        return read


def _enlarged(x: Tensor, like: Tensor) -> Tensor:
    """x at the height and width of `like`; the centres of the corner pixels stay where they are (align_corners)."""
    return F.interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=True)
