"""How well CLIP finds the region that a text names, compared with the world's known mask."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..errors import StyleclipError
from ..models import Models
from ..portraits.aligned.drawing.parts import PARTS, parts
from ..portraits.aligned.drawing.render import render
from ..portraits.aligned.world.factors import sample
from ..portraits.styles.scenes import SCENE_PARTS, render_scenes, sample_scenes, scene_parts
from ..stylization.region import found_region

REGIONS = {"hair": "hair", "hat": "a hat", "clothes": "clothes", "background": "the background", "sky": "the sky", "sea": "the sea"}
"""The parts, and the text that asks for each."""

SEED = 4444
"""Of the portraits and scenes; no training uses it."""

LEAST = 0.03
"""The smallest share of a picture that a part must cover to be asked for."""

Finder = Callable[[Tensor, str, Tensor], Tensor]
"""A picture [1, 3, H, W], the name of a part and its true mask [1, 1, H, W] -> the mask found."""


def iou(mask: Tensor, truth: Tensor) -> float:
    """Intersection over union of two masks, each thresholded at one half."""
    a, b = mask > 0.5, truth > 0.5
    return ((a & b).sum() / (a | b).sum().clamp(min=1)).item()


def pictures_of(part: str, count: int, size: int = 256) -> tuple[Tensor, Tensor]:
    """Pictures that show a part, and its true masks: [count, 3, size, size] in [-1, 1], [count, 1, size, size]."""
    pairs: list[tuple[Tensor, Tensor]] = []
    for number in range(20 * count):
        if part in PARTS:
            people = sample(1, SEED + number)
            mask = parts(people, 64)[:, PARTS.index(part)]
            if mask.mean() > LEAST:
                pairs.append((render(people, size), parts(people, size)[:, [PARTS.index(part)]]))
        else:
            scenes = sample_scenes(1, SEED + number)
            mask = scene_parts(scenes, 64)[:, SCENE_PARTS.index(part)]
            if mask.mean() > LEAST:
                pairs.append((render_scenes(scenes, size), scene_parts(scenes, size)[:, [SCENE_PARTS.index(part)]]))
        if len(pairs) == count:
            break
    return torch.cat([picture for picture, _ in pairs]), torch.cat([mask for _, mask in pairs])


def clip_finds(models: Models) -> Finder:
    """A finder that asks `found_region`; its mask is empty where CLIP does not find the part."""
    def find(image: Tensor, part: str, truth: Tensor) -> Tensor:
        try:
            return found_region(models, image.to(models.device), REGIONS[part]).cpu()
        except StyleclipError:
            return torch.zeros_like(truth)

    return find


def evaluate_regions(find: Finder, count: int = 20, size: int = 256, regions: tuple[str, ...] = tuple(REGIONS),
                     progress: bool = True) -> list[dict[str, object]]:
    """For each part the median, smallest and largest IoU over `count` held-out pictures. Raises StyleclipError for an unknown part."""
    for part in regions:
        if part not in REGIONS:
            raise StyleclipError(f"There is no region '{part}': choose from {', '.join(REGIONS)}.")
    rows = []
    for part in tqdm(regions, desc="regions", disable=not progress):
        images, truths = pictures_of(part, count, size)
        values = [iou(find(image[None], part, truth[None]), truth[None]) for image, truth in zip(images, truths)]
        rows.append({"region": part, "pictures": len(values), "median_iou": round(median(values), 4), "least": round(min(values), 4),
                     "largest": round(max(values), 4)})
    return rows
