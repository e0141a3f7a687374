"""Between ``PIL.Image`` and tensors: float32 [B, 3, H, W], RGB, in [-1, 1]."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image

from ..errors import StyleclipError
from ..finite import require_finite
from .modes import strips, to_rgb

Pictures = torch.Tensor | Image.Image | Sequence[torch.Tensor | Image.Image]


def from_pil(image: Image.Image) -> torch.Tensor:
    """PIL image -> [1, 3, H, W] in [-1, 1]: 0 becomes -1, 255 becomes 1."""
    image = to_rgb(image)
    return to_tensor(image.size, lambda box: np.asarray(image.crop(box)))


def to_tensor(size: tuple[int, int], pixels: Callable[[tuple[int, int, int, int]], np.ndarray]) -> torch.Tensor:
    """[1, 3, H, W] in [-1, 1] from what is in each strip, uint8 [h, W, 3]."""
    result = torch.empty(1, 3, size[1], size[0])
    for box in strips(size):
        strip = pixels(box).astype(np.float32) / 127.5 - 1
        result[0, :, box[1] : box[3]] = torch.from_numpy(strip).permute(2, 0, 1)
    return result


def to_pil(image: torch.Tensor) -> Image.Image:
    """[3, H, W] or [1, 3, H, W] in [-1, 1] -> RGB ``PIL.Image``; values outside are clipped.

    Raises StyleclipError for another shape, where several pictures at once are a case for ``image_grid``, and for infinite or undefined
    values, which a broken network draws.
    """
    one = image[0] if image.ndim == 4 and image.shape[0] == 1 else image
    if one.ndim != 3 or one.shape[0] != 3:
        raise StyleclipError(
            f"Expected one picture of shape [3, H, W] or [1, 3, H, W], not {list(image.shape)}: "
            "take one of them, or show them all with image_grid."
        )
    require_finite("The picture", one)
    pixels = (one.detach().float().cpu().clamp(-1, 1) + 1) * 127.5
    return Image.fromarray(pixels.round().to(torch.uint8).permute(1, 2, 0).numpy())


def to_pils(images: Pictures) -> list[Image.Image]:
    """A batch [B, 3, H, W], one picture, or a list that mixes tensors and PIL images -> list of RGB PIL images."""
    if isinstance(images, Image.Image):
        return [to_rgb(images)]
    if isinstance(images, torch.Tensor):
        return [to_pil(image) for image in (images if images.ndim == 4 else images[None])]
    return [picture for image in images for picture in to_pils(image)]
