"""Augmentation: small changes to a picture that leave its attributes unchanged."""

import torch
import torch.nn.functional as F


def augment(images: torch.Tensor, generator: torch.Generator, strength: float = 1.0, mirror: bool = False) -> torch.Tensor:
    """Shifts, scales, rotates, shears, blurs, recolours and adds noise, differently for every picture.

    mirror: whether half of the pictures are mirrored, which exchanges left and right
    images [N, 3, H, W] in [-1, 1], strength in [0, 1] or above  ->  the same shape
    """
    n = len(images)

    def draw(*shape):
        return (torch.rand(*shape, generator=generator) * 2 - 1) * strength

    grid = F.affine_grid(_matrices(n, draw, generator, mirror), images.shape, align_corners=False)
    grid = grid + 0.03 * draw(n, 1, 1, 2) * grid.flip(3) * grid  # a little perspective
    images = F.grid_sample(images, grid.to(images), mode="bilinear", padding_mode="reflection", align_corners=False)
    images = _blur(images, torch.rand(n, generator=generator) < 0.3 * strength)
    contrast, shift = 1 + 0.15 * draw(n, 1, 1, 1), 0.10 * draw(n, 3, 1, 1)
    noise = torch.randn(images.shape, generator=generator) * (0.06 * draw(n, 1, 1, 1).clamp(min=0))
    return (images * contrast + shift + noise).clamp(-1, 1)


def _matrices(n, draw, generator, mirror):
    angle, scale = 0.12 * draw(n), 1 + 0.12 * draw(n)
    cos, sin = angle.cos() * scale, angle.sin() * scale
    flip = torch.where(torch.rand(n, generator=generator) < 0.5 * mirror, -1.0, 1.0)
    shear = 0.06 * draw(n)
    rows = [cos * flip, shear - sin, 0.10 * draw(n), sin * flip, cos, 0.10 * draw(n)]
    return torch.stack(rows, 1).view(n, 2, 3)


def _blur(images, which):
    """Applies a 3x3 binomial filter to some of the pictures."""
    if not which.any():
        return images
    line = images.new_tensor([0.25, 0.5, 0.25])
    kernel = (line[:, None] * line)[None, None].expand(3, 1, 3, 3)
    blurred = F.conv2d(F.pad(images[which], (1, 1, 1, 1), mode="replicate"), kernel, groups=3)
    result = images.clone()
    result[which] = blurred
    return result
