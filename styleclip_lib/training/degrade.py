"""Degraded portraits for training the networks that measure, so that flaws of a picture do not mislead them."""

import io

import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ..images import from_pil, to_pil


def degrade(images: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Warps, occludes, blurs, downsamples, recolours, adds noise and compresses: each for some of the pictures, and each differently.

    The attributes stay the same: nothing is mirrored, hues are kept, and occlusions are small.
    images [N, 3, H, H] in [-1, 1], strength in [0, 1]; 0 changes nothing  ->  the same shape, in [-1, 1]
    """
    images = warp(images, generator, strength)
    for change, share in ((cover, 0.3), (blur, 0.3), (coarsen, 0.3)):
        images = _some(images, generator, share * strength, change)
    images = recolor(images, generator, strength)
    for change, share in ((add_noise, 0.4), (compress, 0.3)):
        images = _some(images, generator, share * strength, change)
    return images.clamp(-1, 1)


def _some(images: Tensor, generator: torch.Generator, share: float, change) -> Tensor:
    """Applies a change to a share of the pictures, one by one."""
    chosen = torch.rand(len(images), generator=generator) < share
    return torch.cat([change(image, generator) if taken else image for image, taken in zip(images.split(1), chosen.tolist())])


def _between(low: float, high: float, generator: torch.Generator) -> float:
    return low + (high - low) * torch.rand((), generator=generator).item()


def warp(images: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Shifts, scales and rotates every picture slightly, like the errors of an aligner, and warps it smoothly."""
    n = len(images)

    def draw(*shape):
        return (2 * torch.rand(*shape, generator=generator) - 1) * strength

    angle, scale = 0.07 * draw(n), 1 + 0.06 * draw(n)
    cos, sin = scale * angle.cos(), scale * angle.sin()
    matrices = torch.stack([cos, -sin, 0.05 * draw(n), sin, cos, 0.05 * draw(n)], 1).view(n, 2, 3)
    grid = F.affine_grid(matrices, list(images.shape), align_corners=False)
    bends = F.interpolate(0.03 * draw(n, 2, 4, 4), size=images.shape[-2:], mode="bicubic", align_corners=True)
    grid = grid + bends.permute(0, 2, 3, 1)
    return F.grid_sample(images, grid.to(images), mode="bilinear", padding_mode="reflection", align_corners=False)


def cover(image: Tensor, generator: torch.Generator) -> Tensor:
    """Covers part of a picture [1, 3, H, H] with an ellipse of one colour, whose axes are 0.05 to 0.2 of the picture's side."""
    size = image.shape[-1]
    rows, columns = torch.meshgrid(torch.linspace(0, 1, size), torch.linspace(0, 1, size), indexing="ij")
    (y, x), height, width = torch.rand(2, generator=generator), _between(0.025, 0.1, generator), _between(0.025, 0.1, generator)
    inside = ((rows - y) / height).square() + ((columns - x) / width).square() < 1
    color = 2 * torch.rand(1, 3, 1, 1, generator=generator) - 1
    return torch.where(inside, color, image)


def blur(image: Tensor, generator: torch.Generator) -> Tensor:
    """Blurs a picture [1, 3, H, H] with a Gaussian whose standard deviation is up to 1/64 of the picture's side."""
    sigma = _between(0.1, image.shape[-1] / 64, generator)
    reach = max(1, round(3 * sigma))
    line = torch.exp(-torch.arange(-reach, reach + 1).float().square() / (2 * sigma**2))
    line = (line / line.sum()).expand(3, 1, 1, -1)
    image = F.conv2d(F.pad(image, (reach, reach, 0, 0), mode="replicate"), line, groups=3)
    return F.conv2d(F.pad(image, (0, 0, reach, reach), mode="replicate"), line.transpose(2, 3), groups=3)


def coarsen(image: Tensor, generator: torch.Generator) -> Tensor:
    """Shrinks a picture [1, 3, H, H], to a third at least, and enlarges it again, each by a random interpolation."""
    size = image.shape[-1]
    smaller = max(1, round(size * _between(1 / 3, 0.8, generator)))
    for side in (smaller, size):
        mode = ("nearest-exact", "bilinear", "bicubic")[int(torch.randint(3, (), generator=generator))]
        settings = {} if mode == "nearest-exact" else {"antialias": True, "align_corners": False}
        image = F.interpolate(image, size=(side, side), mode=mode, **settings)
    return image


def recolor(images: Tensor, generator: torch.Generator, strength: float = 1.0) -> Tensor:
    """Slightly changes gamma, contrast, saturation, brightness and white balance of every picture."""

    def draw(*shape):
        return (2 * torch.rand(len(images), *shape, generator=generator) - 1) * strength

    light = ((images.clamp(-1, 1) + 1) / 2) ** (1.25 ** draw(1, 1, 1))
    grey = light.mean(1, keepdim=True)
    light = grey + (light - grey) * (1 + 0.2 * draw(1, 1, 1))
    light = 0.5 + (light - 0.5) * (1 + 0.15 * draw(1, 1, 1)) + 0.06 * draw(1, 1, 1)
    return 2 * light * (1 + 0.06 * draw(3, 1, 1)) - 1


def add_noise(image: Tensor, generator: torch.Generator) -> Tensor:
    """Adds Gaussian noise with a standard deviation of up to 0.12 to a picture [1, 3, H, H]."""
    return image + _between(0, 0.12, generator) * torch.randn(image.shape, generator=generator)


def compress(image: Tensor, generator: torch.Generator) -> Tensor:
    """Compresses a picture [1, 3, H, H] as JPEG with a quality from 20 to 90."""
    with io.BytesIO() as file:
        to_pil(image).save(file, "JPEG", quality=int(_between(20, 90, generator)))
        return from_pil(Image.open(file, formats=["JPEG"])).to(image)
