"""An edit made in StyleSpace."""

from dataclasses import dataclass

import torch

from ..models import Models
from .result import Edit


@dataclass(kw_only=True)
class StyleEdit(Edit):
    """An edited face whose styles were changed; no w_plus has exactly these styles.

    w_plus      [B, num_ws, w_dim], the face before the edit
    styles      [B, num_channels], after the edit: `generator.from_styles(styles, rgb_styles)` is the image
    rgb_styles  [B, num_rgb_channels]; those of the face, unless the edit was asked to paint (`rgb`)
    """

    styles: torch.Tensor
    rgb_styles: torch.Tensor


@torch.no_grad()
def at_strength(models: Models, w_plus: torch.Tensor, edit: Edit, strength: float) -> torch.Tensor:
    """An edit of the face w_plus [1, num_ws, w_dim] at another strength: 0 is the face, 1 the edit, more exaggerates.

    -> the picture [1, 3, R, R] of what lies so far along the way from the face, in w_plus or, for a StyleEdit, in its styles
    """
    if strength == 1:
        return edit.image
    if not isinstance(edit, StyleEdit):
        return models.generator.synthesis(torch.lerp(w_plus, edit.w_plus, strength))
    starts, ends = models.generator.styles(w_plus), (edit.styles, edit.rgb_styles)
    return models.generator.from_styles(*(torch.lerp(start, end, strength) for start, end in zip(starts, ends)))
