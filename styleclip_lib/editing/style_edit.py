"""An edit made in StyleSpace."""

from dataclasses import dataclass

import torch

from .edit import Edit


@dataclass(kw_only=True)
class StyleEdit(Edit):
    """An edited face whose styles were changed; no w_plus has exactly these styles.

    w_plus      [B, num_ws, w_dim], the face before the edit
    styles      [B, num_channels], after the edit: `generator.from_styles(styles, rgb_styles)` is the image
    rgb_styles  [B, num_rgb_channels], those of the face, untouched
    """

    styles: torch.Tensor
    rgb_styles: torch.Tensor
