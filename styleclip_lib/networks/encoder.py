"""A small encoder from a picture to W+, after e4e (Tov et al. 2021)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .resampling import resized
from .trunk import Trunk


class Encoder(nn.Module):
    """image -> w_plus: one w for the whole picture and a small offset for each layer.

    w_i = w_avg + w_0 + Δ_i, Δ_0 = 0 (Tov et al. 2021, section 4.1). Small offsets keep w_plus in the region of W+ where edits work.
    Coarse layers read the last features of the trunk, finer layers earlier ones.

    input_size  side in pixels of what the trunk sees; None: the pictures as they are
    """

    w_avg: Tensor

    def __init__(self, num_ws: int, w_dim: int, widths: tuple[int, ...] = (16, 32, 64, 128, 192), input_size: int | None = None):
        super().__init__()
        self.num_ws, self.w_dim, self.input_size = num_ws, w_dim, input_size
        self.trunk = Trunk(widths)
        self.base = nn.Sequential(nn.Linear(16 * widths[-1], 256), nn.LeakyReLU(0.2), nn.Linear(256, w_dim))
        self.stage_of = [-1 - min(2, 3 * i // num_ws) for i in range(num_ws)]
        self.offsets = nn.ModuleList(nn.Linear(4 * widths[stage], w_dim) for stage in self.stage_of)
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def forward(self, image: Tensor, stage: int | None = None) -> Tensor:
        """image [B, 3, H, W] in [-1, 1] -> w_plus [B, num_ws, w_dim]. stage: see `parts`."""
        base, offsets = self.parts(image, stage)
        return base[:, None] + offsets

    def parts(self, image: Tensor, stage: int | None = None) -> tuple[Tensor, Tensor]:
        """The common w [B, w_dim] and the offsets [B, num_ws, w_dim], the first of which is zero.

        stage: how many of the Δ_i are in use; the later ones are zero, as in `E4e.parts`. None: all.
        """
        features = self.trunk(resized(image, self.input_size))
        base = self.w_avg + self.base(F.adaptive_avg_pool2d(features[-1], 4).flatten(1))
        pooled = {stage: F.adaptive_avg_pool2d(features[stage], 2).flatten(1) for stage in set(self.stage_of)}
        offsets = [head(pooled[stage]) for head, stage in zip(self.offsets, self.stage_of)]
        in_use = self.num_ws if stage is None else stage + 1
        offsets = [torch.zeros_like(delta) if i == 0 or i >= in_use else delta for i, delta in enumerate(offsets)]
        return base, torch.stack(offsets, 1)
