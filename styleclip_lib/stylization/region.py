"""Where a picture may be restyled: a mask or box of one's own, or the place that CLIP finds for a text."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from ..editing.directions.prompt_templates import can_read
from ..errors import StyleclipError
from ..models import Models
from ..portraits.language.everyday import NEGATORS, REMOVERS
from ..portraits.language.lexicon import words_of

OTHERS = ("a face", "hair", "a hat", "clothes", "the background", "the sky", "the sea", "hills", "houses", "trees")
"""What a window may show instead; what the text itself names, by the last word, is left out."""

EXCEPTING = NEGATORS | REMOVERS | {"except", "excluding", "everything", "anything", "but", "besides", "apart", "outside", "instead"}
"""Words that exclude what follows; CLIP would ignore them and find the very thing that is excluded."""

AT_ONCE = 32

SOFT = 0.15
"""How uncertain the relevance leaves a place, in parts of its range."""

BINS, ROUNDS = 8, 4
"""Of the histograms of colours, along each of the three; and how often they are counted."""

GUIDE_RADIUS, GUIDE_EPS = 1 / 32, 1e-3
"""Of the guided filter that smooths along the picture's edges: its radius as a share of the shorter side, and how flat (a variance
of colours in [0, 1]) a place must be to count as having none."""


def region_of(models: Models, image: Tensor, text: str, mask: Tensor | None) -> Tensor | None:
    """The given mask, or that of the text, or None for the whole picture. -> [1, 1, H, W] in [0, 1]

    Raises StyleclipError for a mask of another size or an empty one, and for a text that CLIP does not find in the picture.
    """
    if mask is not None:
        return checked_mask(mask, image).to(image)
    return found_region(models, image, text) if text else None


def checked_mask(mask: Tensor, image: Tensor) -> Tensor:
    """A mask that fits the picture; where the picture was reduced, the mask is, too. Raises StyleclipError."""
    if mask.ndim != 4 or mask.shape[:2] != (1, 1):
        raise StyleclipError(f"The mask must have the shape [1, 1, H, W], not {list(mask.shape)}.")
    (height, width), (tall, wide) = image.shape[-2:], mask.shape[-2:]
    if abs(tall / wide - height / width) > 0.02 * height / width:
        raise StyleclipError(f"The mask has {wide} x {tall} pixels and the picture {width} x {height}: make the mask for this picture, "
                             "with its width and height.")
    mask = mask.float().clamp(0, 1)
    if (tall, wide) != (height, width):
        mask = F.interpolate(mask, (height, width), mode="bilinear", antialias=True, align_corners=False)
    if mask.max() < 0.5:
        raise StyleclipError("The mask is empty: it must be white where the picture may be restyled.")
    return mask


def box_mask(box: tuple[float, float, float, float], shape: tuple[int, int]) -> Tensor:
    """A mask that is 1 in a rectangle. box = left, top, right, bottom in pixels; shape = (H, W) -> [1, 1, H, W]

    Raises StyleclipError for a box without a pixel in the picture.
    """
    height, width = shape
    left, top, right, bottom = (max(0, round(side)) for side in box)
    mask = torch.zeros(1, 1, height, width)
    mask[..., top:bottom, left:right] = 1
    if not mask.any():
        raise StyleclipError(f"The box {', '.join(f'{side:g}' for side in box)} (left, top, right, bottom) holds no pixel of the picture, "
                             f"which has {width} x {height}.")
    return mask


def blended(image: Tensor, drawn: Tensor, mask: Tensor) -> Tensor:
    """`drawn` where the mask is 1, `image` where it is 0. image, drawn [B, 3, H, W], mask [1 or B, 1, H, W]"""
    return image + (drawn - image) * mask


def found_region(models: Models, image: Tensor, text: str) -> Tensor:
    """The soft mask of the region that a text names. image [1, 3, H, W] -> [1, 1, H, W] in [0, 1]

    Raises StyleclipError for a text that CLIP cannot read, that is an exception ("all but ..."), or that CLIP does not find in the picture.
    """
    if EXCEPTING.intersection(words_of(text)):
        raise StyleclipError(f"The region '{text}' says what is not meant: name what is to be restyled, such as 'hair', or give a mask or "
                             "a box.")
    relevance, style = relevance_map(models, image, text), models.calibration.style
    if relevance.max() < style.region_least:
        raise StyleclipError(f"CLIP sees no '{text}' in the picture: name something that is there, or give a mask or a box.")
    return mask_of(relevance, image, style.region_threshold)


def mask_of(relevance: Tensor, image: Tensor, threshold: float) -> Tensor:
    """The soft mask of a relevance [1, 1, H, W]: what lies above the threshold, a share of its range, decided by the picture's colours."""
    low, high = relevance.min(), relevance.max()
    share = (relevance - low) / (high - low).clamp(min=1e-6)
    return colored_in(torch.sigmoid((share - threshold) / SOFT), image)


@torch.no_grad()
def relevance_map(models: Models, image: Tensor, text: str) -> Tensor:
    """How much each place of a picture shows what a text names: CLIP's choice of the text among `OTHERS`, averaged over windows.

    image [1, 3, H, W] -> [1, 1, H, W] in [0, 1]. Raises StyleclipError for a text that CLIP cannot read.
    """
    clip = models.clip
    own = text.lower().split()
    others = [other for other in OTHERS if other.split()[-1] not in own and can_read(clip, [other])]
    texts, scale = clip.encode_text([text, *others]), clip.model.logit_scale.exp()

    def choice(windows: Tensor) -> Tensor:
        return (scale * clip.encode_image(windows) @ texts.T).softmax(1)[:, 0]

    return averaged(choice, image, models.calibration.style.region_windows)


def averaged(judge: Callable[[Tensor], Tensor], image: Tensor, shares: Sequence[float]) -> Tensor:
    """A judge's values of windows, averaged at every place over the windows that contain it, weighted towards their centres.

    The picture is padded by reflection by half a small window, so that its edges lie at the centre of some window, too.

    judge: windows [N, C, S, S] -> [N];  image [1, C, H, W];  shares: sides of the windows, as shares of the picture's shorter side
    -> [1, 1, H, W]
    """
    height, width = image.shape[-2:]
    sides = [max(8, round(share * min(height, width))) for share in shares]
    margin = min(sides) // 2
    padded = F.pad(image, (margin,) * 4, mode="reflect")
    total, weight = (torch.zeros(1, 1, *padded.shape[-2:], device=image.device) for _ in range(2))
    for side in sides:
        tent = 1 - (torch.arange(side, device=image.device) + 0.5 - side / 2).abs() / (side / 2)
        tent = torch.outer(tent, tent)
        for some in windows(side, *padded.shape[-2:]).split(AT_ONCE):
            values = judge(torch.cat([padded[..., top:top + side, left:left + side] for top, left in some.tolist()]))
            for (top, left), value in zip(some.tolist(), values):
                total[..., top:top + side, left:left + side] += value * tent
                weight[..., top:top + side, left:left + side] += tent
    return (total / weight.clamp(min=1e-6))[..., margin:margin + height, margin:margin + width]


def windows(side: int, height: int, width: int) -> Tensor:
    """The upper left corners [N, 2] (top, left) of squares that overlap by half and cover a picture."""
    rows, columns = (torch.linspace(0, length - side, max(1, round(2 * length / side) - 1)).round().long() for length in (height, width))
    return torch.cartesian_prod(rows, columns)


def colored_in(prior: Tensor, image: Tensor) -> Tensor:
    """Refines a rough guess of a region pixel by pixel, by the colours that are more frequent inside it than outside.

    Bayes' rule with colour histograms as likelihoods, which are updated with each result (as GrabCut does with its colour models,
    Rother et al. 2004); the result is smoothed along the picture's edges.
    prior [1, 1, H, W] in [0, 1], image [1, 3, H, W] -> as prior
    """
    bins = ((image[0] + 1) / 2 * BINS).long().clamp(0, BINS - 1).flatten(1)
    bins = (bins[0] * BINS + bins[1]) * BINS + bins[2]
    share = prior
    for _ in range(ROUNDS):
        inside, outside = (torch.bincount(bins, weights.flatten(), BINS**3) + 1 for weights in (share, 1 - share))
        ratio = (inside / inside.sum() / (outside / outside.sum()))[bins].view_as(prior)
        share = guided(prior * ratio / (prior * ratio + 1 - prior), image).clamp(0, 1)
    return share


def guided(values: Tensor, image: Tensor) -> Tensor:
    """Values whose edges are those of a picture (guided filter, He et al. 2010, with the three colours as guide).

    In every window the values are fitted as a linear function of the colours. values [1, 1, H, W], image [1, 3, H, W] -> [1, 1, H, W]
    """
    guide = (image + 1) / 2
    radius = max(1, round(GUIDE_RADIUS * min(image.shape[-2:])))

    def mean(x: Tensor) -> Tensor:
        kernel = 2 * radius + 1
        return F.avg_pool2d(x, kernel, 1, radius, count_include_pad=False)

    centre, average = mean(guide), mean(values)
    products = (guide[:, :, None] * guide[:, None]).flatten(1, 2)
    covariance = (mean(products) - (centre[:, :, None] * centre[:, None]).flatten(1, 2)).unflatten(1, (3, 3)).permute(0, 3, 4, 1, 2)
    both = (mean(guide * values) - centre * average).permute(0, 2, 3, 1)
    slope = torch.linalg.solve(covariance + GUIDE_EPS * torch.eye(3, device=image.device), both).permute(0, 3, 1, 2)
    offset = average - (slope * centre).sum(1, keepdim=True)
    return (mean(slope) * guide).sum(1, keepdim=True) + mean(offset)
