"""Checks for lesson 09: the directional loss, patches, the total variation, and what makes a video flicker."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .feedback import CheckFailed, NotWritten, Slip, answer_of, compare, not_yet, passed


def check_directional_loss(directional_loss: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """directional_loss(image [N, D], before [1, D], target [1, D], source [1, D]) -> [N], 1 - cos(ΔI, ΔT) of each picture.

    ΔI = image - before and ΔT = target - source, all of CLIP's vectors having been brought to length one first (Kwon & Ye 2022, eq. 1).
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for count, dimensions in ((5, 8), (1, 6), (4, 4)):
            sizes = 0.3 + 3 * torch.rand(count + 3, 1, generator=rng)
            image, before, target, source = (sizes * torch.randn(count + 3, dimensions, generator=rng)).split((count, 1, 1, 1))
            given = (image, before, target, source)
            compare("directional_loss", answer_of(directional_loss, *given), _direction(*given), _slips_of_direction(*given))
    except NotWritten:
        return not_yet("directional_loss")
    return passed("directional_loss", "it asks where the picture goes, and not where it is.")


def _direction(image: Tensor, before: Tensor, target: Tensor, source: Tensor) -> Tensor:
    unit = [F.normalize(vectors, dim=1) for vectors in (image, before, target, source)]
    return 1 - F.cosine_similarity(unit[0] - unit[1], unit[2] - unit[3], dim=1)


def _slips_of_direction(image: Tensor, before: Tensor, target: Tensor, source: Tensor) -> list[Slip]:
    unit = [F.normalize(vectors, dim=1) for vectors in (image, before, target, source)]
    moved, wanted = unit[0] - unit[1], unit[2] - unit[3]
    return [
        (1 - F.cosine_similarity(image, target, dim=1), "That is the global loss, 1 - cos(image, target): what the picture was before, and "
                                                       "what the source text says, have no part in it."),
        (1 - F.cosine_similarity(image - before, target - source, dim=1), "Bring CLIP's vectors to length one before you subtract them: "
                                                                         "their lengths mean nothing."),
        (1 - (moved * wanted).sum(1), "That is 1 - ⟨ΔI, ΔT⟩: both directions have to be brought to length one, too."),
        (F.cosine_similarity(moved, wanted, dim=1), "That is the cosine, which grows as the picture gets better; a loss falls: 1 - cos."),
        (1 + F.cosine_similarity(moved, wanted, dim=1), "One of the directions points backwards: it goes from before to after, and "
                                                        "from the source to the target."),
    ]


def check_patch_loss(patch_loss: Callable[[Tensor, float], Tensor], seed: int = 0) -> bool:
    """patch_loss(terms [N], threshold) -> a number: the mean of the patches' losses, those below the threshold τ counting as zero
    (Kwon & Ye 2022, eq. 5).

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for count, threshold in ((16, 0.7), (9, 0.4), (5, 1.9)):
            terms = 1.6 * torch.rand(count, generator=rng)
            kept = torch.where(terms < threshold, 0.0, terms)
            compare("patch_loss", answer_of(patch_loss, terms, threshold), kept.mean(), [
                (terms.mean(), "The threshold does nothing: a patch whose loss is below it is good enough and counts as zero."),
                (terms[terms >= threshold].mean() if (terms >= threshold).any() else terms.new_tensor(float("nan")),
                 "The mean goes over all patches. Over those that are left alone it would stay high to the end, however few they are."),
                (torch.where(terms > threshold, 0.0, terms).mean(), "The other way round: those below the threshold are good enough."),
                ((terms - threshold).clamp(min=0).mean(), "A patch above the threshold counts in full, not only by what it is above it."),
                (kept.sum(), "That is the sum; the mean does not depend on how many patches there are."),
            ])
    except NotWritten:
        return not_yet("patch_loss")
    return passed("patch_loss", "what is stylised enough is left alone.")


def check_random_crops(random_crops: Callable[[Tensor, int, int], Tensor], seed: int = 0) -> bool:
    """random_crops(image [1, 3, H, W], count, size) -> [count, 3, size, size], squares of the picture at random places, all of which
    are equally likely.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    height, width, size, count = 9, 14, 4, 400
    rows, columns = torch.meshgrid(torch.arange(height).float(), torch.arange(width).float(), indexing="ij")
    image = torch.stack([rows, columns, rows + columns])[None]
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    try:
        crops = answer_of(random_crops, image, count, size)
    except NotWritten:
        return not_yet("random_crops")
    finally:
        torch.set_rng_state(state)
    if not isinstance(crops, Tensor) or crops.shape != (count, 3, size, size):
        got = list(crops.shape) if isinstance(crops, Tensor) else type(crops).__name__
        raise CheckFailed(f"random_crops returned {got}; a tensor {[count, 3, size, size]} was expected.")
    corner = crops[:, :2, 0, 0]
    square = torch.stack(torch.meshgrid(torch.arange(size).float(), torch.arange(size).float(), indexing="ij"))
    whole = corner[:, :, None, None] + square
    if not torch.allclose(crops[:, :2], whole, atol=1e-3):
        raise CheckFailed("These are no pieces of the picture as they stand in it: cut out rows top to top + size and columns left to "
                          "left + size, without resizing.")
    corners = corner.round().long().unique(dim=0)
    if len(corners) == 1:
        raise CheckFailed("All crops are the same one: draw a new place for each.")
    last = torch.tensor([height - size, width - size])
    missed = [name for number, name in enumerate(("bottom", "right")) if corner[:, number].max() < last[number]]
    if missed:
        raise CheckFailed(f"No crop reaches the {' and the '.join(missed)} edge: the last place is side - size, and torch.randint(n) draws "
                          "below n.")
    if len(corners) < 0.9 * (last + 1).prod():
        raise CheckFailed("Many places are never drawn: row and column have to be drawn independently.")
    return passed("random_crops", "every place is as likely as any other.")


def check_total_variation(total_variation: Callable[[Tensor], Tensor], seed: int = 0) -> bool:
    """total_variation(image [1, 3, H, W]) -> a number: the Frobenius norms of the differences of neighbours to the right and downwards,
    added.

    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for size in ((6, 9), (8, 5)):
            image = torch.rand(1, 3, *size, generator=rng)
            right, down = image[..., :, 1:] - image[..., :, :-1], image[..., 1:, :] - image[..., :-1, :]
            compare("total_variation", answer_of(total_variation, image), right.norm() + down.norm(), [
                (right.abs().sum() + down.abs().sum(), "Those are absolute differences, added; a norm is the root of the sum of squares."),
                (right.square().sum() + down.square().sum(), "Take the roots: a norm is the root of the sum of squares."),
                ((right.square().sum() + down.square().sum()).sqrt(), "Two norms, added: one root for each direction."),
                (right.abs().mean() + down.abs().mean(), "Norms, not means: the authors' weight of 0.002 is meant for these."),
                (right.norm(), "Downwards there are neighbours, too."), (down.norm(), "To the right there are neighbours, too."),
            ])
    except NotWritten:
        return not_yet("total_variation")
    return passed("total_variation", "noise costs, and flat colours are free.")


def check_temporal_loss(temporal_loss: Callable[[Tensor, Tensor, Tensor, Tensor], Tensor], seed: int = 0) -> bool:
    """temporal_loss(second, moved, own, valid) -> a number: the mean of (second - moved - own)² over the places that are valid.

    second [B, 3, H, W], the second frame restyled; moved [B, 3, H, W], the first one restyled and moved by the known motion; own
    [B, 3, H, W], what the video itself changes besides that motion; valid [B, 1, H, W], 1 where the motion is known, else 0.
    Raises CheckFailed for a wrong answer; returns whether there was an answer.
    """
    rng = torch.Generator().manual_seed(seed)
    try:
        for shape in ((2, 3, 6, 5), (1, 3, 4, 4)):
            second, moved, own = torch.randn(3, *shape, generator=rng)
            valid = (torch.rand(shape[0], 1, *shape[2:], generator=rng) < 0.6).float()
            error, places = (second - moved - own).square(), 3 * valid.sum()
            compare("temporal_loss", answer_of(temporal_loss, second, moved, own, valid), (error * valid).sum() / places, [
                ((error * valid).mean(), "The mean goes over the valid places only: divide by how many there are."),
                (error.mean(), "Places whose motion nobody knows have no say: multiply by valid."),
                (((second - moved).square() * valid).sum() / places, "What the video itself changes may be followed: subtract own."),
                (((second - moved + own).square() * valid).sum() / places, "own has the wrong sign."),
                ((error * valid).sum() / valid.sum(), "Each place has three colours: the mean goes over them, too."),
                (((second - moved - own).abs() * valid).sum() / places, "Squares, not absolute values."),
            ])
    except NotWritten:
        return not_yet("temporal_loss")
    return passed("temporal_loss", "strokes stay where they are on things that move.")
