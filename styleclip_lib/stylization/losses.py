"""What style transfer minimises: does the picture go where the text goes, is what it shows still there, is it smooth?

CLIP's vectors come in as they are; each loss brings them to the length it needs.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor


def text_direction(target: Tensor, source: Tensor) -> Tensor:
    """ΔT: from the source text to the target in CLIP's space (Kwon & Ye 2022, eq. 2).

    target, source [T, D], CLIP's vectors of one text in T templates, not brought to length one: the authors average them as they are
    (StyleCLIP brings each to length one before) -> [1, D], of length one
    """
    means = [F.normalize(vectors.mean(0, keepdim=True), dim=1) for vectors in (target, source)]
    return F.normalize(means[0] - means[1], dim=1)


def direction_terms(embedding: Tensor, before: Tensor, direction: Tensor) -> Tensor:
    """1 - cos(ΔI, ΔT), with ΔI from the picture before to each picture or patch (Kwon & Ye 2022, eq. 1 and 4).

    embedding [N, D], CLIP's vectors after; before [1, D] or [N, D]; direction ΔT [1, D] -> [N], in [0, 2]
    """
    moved = F.normalize(embedding, dim=1) - F.normalize(before, dim=1)
    return 1 - F.cosine_similarity(moved, direction, dim=1)


def directional_loss(embedding: Tensor, before: Tensor, direction: Tensor) -> Tensor:
    """L_dir, the mean of `direction_terms` over whole pictures (Kwon & Ye 2022, eq. 1)."""
    return direction_terms(embedding, before, direction).mean()


def patch_loss(embedding: Tensor, before: Tensor, direction: Tensor, threshold: float) -> Tensor:
    """L_patch: `direction_terms` of patches; those that are below the threshold τ already count as zero (Kwon & Ye 2022, eq. 4 and 5).

    Without the threshold patches that are easy to stylise are stylised more and more.
    """
    terms = direction_terms(embedding, before, direction)
    return torch.where(terms < threshold, 0.0, terms).mean()


def contrast_loss(embedding: Tensor, target: Tensor, rivals: Tensor, scale: float, cap: float) -> Tensor:
    """-log p(target), p being CLIP's own choice among the target and rival texts; from p = cap on nothing more is asked.

    Which of many styles is it: a direction alone is easily followed by pictures that look like no style.
    embedding [N, D], target [1, D], rivals [K, D], of length one; scale: of CLIP's logits -> a number, at least -log(cap)
    """
    logits = scale * embedding @ torch.cat([target, rivals]).T
    return (-logits.log_softmax(1)[:, 0]).clamp(min=-math.log(cap)).mean()


def total_variation(image: Tensor) -> Tensor:
    """How unlike neighbouring pixels are: the Frobenius norms of the differences to the right, downwards and along both diagonals, summed.

    image [B, 3, H, W] in [0, 1] -> a number
    """
    right = image[..., :, :-1] - image[..., :, 1:]
    down = image[..., :-1, :] - image[..., 1:, :]
    falling = image[..., :-1, :-1] - image[..., 1:, 1:]
    rising = image[..., 1:, :-1] - image[..., :-1, 1:]
    return torch.stack([difference.norm() for difference in (right, down, falling, rising)]).sum()


def content_loss(features: list[Tensor], before: list[Tensor]) -> Tensor:
    """L_c: the mean squared difference of each feature map, summed over the maps (Kwon & Ye 2022, section 3.2, after Gatys et al. 2016)."""
    return torch.stack([F.mse_loss(now, then) for now, then in zip(features, before)]).sum()
