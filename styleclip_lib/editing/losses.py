"""The losses that the methods minimise: does the picture match the text, and is it the same person?"""

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
    """How far a picture moves in CLIP's space in other directions than the text's: L_off = ‖Δ - ⟨Δ, d⟩ d‖², Δ = after - before.

    Most side effects of an edit move CLIP's embedding, and this term penalises them. before, after [B, D] of length one, direction d
    [1, D], the unit vector from a neutral text to the target -> [B], in [0, 4]
    """
    moved = after - before
    return (moved - (moved * direction).sum(1, keepdim=True) * direction).square().sum(1)


def random_views(image: torch.Tensor, views: int, rng: torch.Generator) -> torch.Tensor:
    """Random views of a picture: shifted, scaled, rotated a little, with some noise.

    With a single view an optimiser finds adversarial pixels that raise CLIP's similarity and mean nothing to the eye; several views in
    each step prevent that.
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
