"""What the methods minimise: does the picture fit the text, is it the same person?"""

import torch
import torch.nn.functional as F

from ..networks.arcface import Arcface
from ..networks.identity import Identity


def clip_loss(embedding: torch.Tensor, text_vector: torch.Tensor) -> torch.Tensor:
    """D_CLIP(G(w), t) = 1 - cos(CLIP(G(w)), CLIP(t)) (Patashnik et al. 2021, eq. 1).

    embedding = CLIP(G(w)) [B, D] and text_vector [1, D], of length one -> [B], in [0, 2]
    """
    return 1 - (embedding * text_vector).sum(1)


def identity_loss(identity: Identity | Arcface, image: torch.Tensor, before: torch.Tensor) -> torch.Tensor:
    """L_ID = 1 - <R(G(w_s)), R(G(w))> (Patashnik et al. 2021, eq. 2). before = R(G(w_s)) [B, D] -> [B], in [0, 2]"""
    return 1 - (identity(image) * before).sum(1)


def off_direction_loss(before: torch.Tensor, after: torch.Tensor, direction: torch.Tensor) -> torch.Tensor:
    """How far a picture moved in CLIP's space otherwise than towards the text: L_off = ‖Δ - ⟨Δ, d⟩ d‖², Δ = after - before.

    CLIP sees most side effects of an edit; this term penalises them. before, after [B, D] of length one, direction d [1, D], the unit
    vector from a neutral text to the target -> [B], in [0, 4]
    """
    moved = after - before
    return (moved - (moved * direction).sum(1, keepdim=True) * direction).square().sum(1)


def random_views(image: torch.Tensor, views: int, rng: torch.Generator) -> torch.Tensor:
    """The picture as an onlooker who does not stand still sees it: shifted, scaled, turned a little, with some noise.

    An optimiser that sees one view only finds pixels that please CLIP and mean nothing to the eye; several views a step
    leave it only what lasts.
    image [B, 3, H, W] -> [views · B, 3, H, W], the first view being the picture itself
    """
    if views <= 1:
        return image
    n = (views - 1) * len(image)
    draw = torch.rand(n, 4, generator=rng) * 2 - 1
    angle, scale = 0.10 * draw[:, 0], 1 + 0.10 * draw[:, 1]
    cos, sin = angle.cos() * scale, angle.sin() * scale
    matrices = torch.stack([cos, -sin, 0.08 * draw[:, 2], sin, cos, 0.08 * draw[:, 3]], 1).view(n, 2, 3).to(image)
    repeated = image.repeat(views - 1, 1, 1, 1)
    grid = F.affine_grid(matrices, list(repeated.shape), align_corners=False)
    turned = F.grid_sample(repeated, grid, padding_mode="reflection", align_corners=False)
    noise = 0.04 * torch.randn(turned.shape, generator=rng).to(image)
    return torch.cat([image, turned + noise])
