"""CLIPstyler: a small network is fitted to one picture and one text (Kwon & Ye 2022)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..calibration import StyleCalibration
from ..descent import Descent, OnStep
from ..editing.losses import random_views
from ..editing.optimization import evenly
from ..errors import StyleclipError
from ..images.modes import to_rgb
from ..models import Models
from ..networks.style_unet import STRIDE, StyleUnet
from ..schedule import halved
from .content import content_of
from .losses import content_loss, contrast_loss, directional_loss, patch_loss, total_variation
from .patches import random_patches
from .recipe import StyleRecipe
from .region import blended, region_of
from .result import Stylization
from .style_prompt import StylePrompt

SMALLEST = 32
"""The smallest shorter side in pixels."""


def stylize(models: Models, image: Tensor, text: str, source: str | None = None, *, mask: Tensor | None = None,
            recipe: StyleRecipe = StyleRecipe.DEFAULT, frames: int = 0, on_step: OnStep | None = None, progress: bool = True,
            **settings: Any) -> Stylization:
    """Restyles a picture to match a text: "a pencil sketch", "a mosaic", "a photo of night".

    λ_dir L_dir + λ_patch L_patch + λ_contrast L_contrast + λ_c L_c + λ_tv L_tv -> min           (Kwon & Ye 2022, eq. 6, and L_contrast)

    The weights of a small U-Net are optimised; CLIP and the content network are frozen. Pictures may have any size and aspect ratio:
    they are padded by reflection to multiples of 8 and cropped again. Ctrl-C returns the best result so far. The returned picture is
    exactly the one that the losses saw (the authors save another one, with its contrast raised by half and stretched to the full range).

    image     [1, 3, H, W] in [-1, 1]; reduced first if its longer side has more than `size` pixels
    text      the target text;  source: the source text, by default the recipe's ("a photo")
    mask      [1, 1, H, W] in [0, 1]: restyle only where it is 1; it overrides the recipe's `region`
    recipe    a `StyleRecipe`: `StyleRecipe.DEFAULT`, or `StyleRecipe.PAPER` for the authors' settings
    settings  fields of `StyleRecipe` that differ from the recipe's, such as steps=60, region="hair", lambda_content=10 or seed=1
    frames    number of evenly spaced pictures of the optimisation path to keep, the first being that of the first step
    on_step   called in each step with its number and the picture, [1, 3, H, W]; returning True ends it with the best result so far

    Raises StyleclipError for a text that CLIP cannot read, a picture or mask of a wrong shape, an empty mask, a region that cannot be
    found, or a setting out of its range.
    """
    given = settings if source is None else {**settings, "source": source}
    return StyleRecipe.from_dict({**recipe.to_dict(), **given}).apply(models, image, text, on_step, mask=mask, frames=frames,
                                                                      progress=progress)


def stylized(models: Models, image: Tensor, text: str, recipe: StyleRecipe, on_step: OnStep | None = None, mask: Tensor | None = None,
             frames: int = 0, progress: bool = True) -> Stylization:
    """See `StyleRecipe.apply`."""
    resolved = recipe.resolved(models.calibration.style)
    recipe = recipe.filled_in(resolved)
    image = reduced(checked(image), resolved.size).to(models.device)
    prompt = StylePrompt.of(models, text, recipe.source, recipe.templates)
    mask = region_of(models, image, recipe.region, mask)
    search = _Search(models, image, prompt, recipe, resolved, mask)
    path: list[Tensor] = []
    optimizer = torch.optim.Adam(search.network.parameters())
    with Descent(optimizer, resolved.steps, keep=lambda: search.picture, description=prompt.text, on_step=on_step, look_last=False,
                 lr=lambda step: halved(step, resolved.lr, recipe.halve_every), progress=progress) as descent:
        for step in descent:
            picture = search.draw()
            terms = search.terms(picture)
            loss = search.weighed(terms)
            search.picture = picture.detach()
            descent.record(loss=loss, **terms)
            descent.offer(loss)
            if frames:
                path.append(search.picture)
            if step + 1 == recipe.stop_after:
                descent.stop()
            descent.follow(loss, picture)
    if descent.stopped and descent.history:
        recipe = replace(recipe, stop_after=len(descent.history["loss"]))
    return Stylization(descent.best, image, prompt.text, recipe, descent.history, evenly(path, frames), mask)


class _Search:
    """The network of one picture, its output, and the losses."""

    def __init__(self, models: Models, image: Tensor, prompt: StylePrompt, recipe: StyleRecipe, resolved: StyleCalibration,
                 mask: Tensor | None):
        self.models, self.image, self.prompt, self.recipe, self.resolved, self.mask = models, image, prompt, recipe, resolved, mask
        self.rng = torch.Generator().manual_seed(recipe.seed)
        self.network = fresh(recipe.seed, resolved.residual).to(models.device)
        self.content = content_of(models)
        self.patch_pixels = max(8, round(resolved.patch_share * min(image.shape[-2:])))
        with torch.no_grad():
            self.before = models.clip.encode_image(squared(image))
            self.content_before = self.content(image)
        self.picture = image

    def draw(self) -> Tensor:
        """The current picture [1, 3, H, W]; outside the mask it is the original."""
        drawn = padded_through(self.network, self.image, around=STRIDE)
        return drawn if self.mask is None else blended(self.image, drawn, self.mask)

    def terms(self, picture: Tensor) -> dict[str, Tensor]:
        """The losses without their weights; those whose weight is zero are left out."""
        resolved, prompt, clip = self.resolved, self.prompt, self.models.clip
        weight = None if self.mask is None else self.mask[0, 0].cpu()
        patches = random_patches((picture.shape[-2], picture.shape[-1]), resolved.patches, self.patch_pixels, self.recipe.distortion,
                                 self.rng, weight=weight)
        whole = clip.encode_image(random_views(squared(picture), resolved.views, self.rng))
        parts = clip.encode_image(patches.of(picture))
        terms = {
            "direction": lambda: directional_loss(whole, self.before, prompt.direction),
            "patch": lambda: patch_loss(parts, self.before, prompt.direction, resolved.threshold),
            "contrast": lambda: contrast_loss(torch.cat([whole, parts]), prompt.target, prompt.rivals, prompt.scale, resolved.cap),
            "content": lambda: content_loss(self.content(picture), self.content_before),
            "tv": lambda: total_variation((picture + 1) / 2),
        }
        return {name: term() for name, term in terms.items() if self.weight(name)}

    def weight(self, name: str) -> float:
        return getattr(self.resolved, f"lambda_{name}")

    def weighed(self, terms: dict[str, Tensor]) -> Tensor:
        return torch.stack([self.weight(name) * term for name, term in terms.items()]).sum()


def fresh(seed: int, residual: bool = False) -> StyleUnet:
    """A new network, whose random weights depend on the seed alone; the global random state stays as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return StyleUnet(residual=residual)


def padded_through(network: torch.nn.Module, image: Tensor, stride: int = STRIDE, around: int = 0) -> Tensor:
    """A network's output for a picture of any size: the picture is padded by reflection to multiples of the network's stride, and the
    output is cropped again.

    around: padding on each side in any case, for a network with zero padding, which draws a frame at the edges
    image [B, 3, H, W] -> the same shape
    """
    height, width = image.shape[-2:]
    right, below = (around + -(side + 2 * around) % stride for side in (width, height))
    drawn = network(F.pad(image, (around, right, around, below), mode="reflect") if right or below else image)
    return drawn[..., around:around + height, around:around + width]


def squared(image: Tensor) -> Tensor:
    """A picture padded to a square for CLIP, which would squash it: by reflection, or by replication where that does not suffice.
    [B, 3, H, W] -> [B, 3, S, S]"""
    height, width = image.shape[-2:]
    across, down = max(height - width, 0), max(width - height, 0)
    if not (across or down):
        return image
    sides = (across // 2, across - across // 2, down // 2, down - down // 2)
    return F.pad(image, sides, mode="reflect" if max(sides) < min(height, width) else "replicate")


def checked(image: Tensor) -> Tensor:
    """The picture, clipped to [-1, 1]. Raises StyleclipError for a wrong shape or size."""
    if image.ndim != 4 or image.shape[:2] != (1, 3):
        raise StyleclipError(f"The picture must have the shape [1, 3, H, W], not {list(image.shape)}; load_image(path) gives one.")
    _check_sides(image.shape[-1], image.shape[-2])
    return image.detach().float().clamp(-1, 1)


def _check_sides(width: int, height: int) -> None:
    if min(width, height) < SMALLEST:
        raise StyleclipError(f"The picture has {width} x {height} pixels; it needs {SMALLEST} along each side at least.")


def reduced(image: Tensor, size: int) -> Tensor:
    """A picture whose longer side has at most `size` pixels. [1, 3, H, W]"""
    height, width = image.shape[-2:]
    scale = size / max(height, width)
    if scale >= 1:
        return image
    to = [max(SMALLEST, round(side * scale)) for side in (height, width)]
    return F.interpolate(image, to, mode="bicubic", antialias=True, align_corners=False).clamp(-1, 1)


def reduced_picture(picture: Image.Image, size: int) -> Tensor:
    """`reduced(from_pil(picture), size)`, a colour at a time, so that a large photograph needs a third of the memory. [1, 3, H, W]

    Raises StyleclipError for a picture that is too small.
    """
    _check_sides(*picture.size)
    colors = (torch.from_numpy(np.asarray(color)[None, None] / np.float32(127.5) - 1) for color in to_rgb(picture).split())
    return torch.cat([reduced(color, size) for color in colors], dim=1)


