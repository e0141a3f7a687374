"""The image operations from which the styles are built.

Everything here works on pictures [N, C, H, W] with values in [0, 1], and measures lengths as shares of the picture's height, so that a
style looks the same at every size.
"""

import math

import torch
from torch.nn.functional import avg_pool2d, grid_sample, interpolate, pad

from ..drawing.shapes import lerp


def gray(x: torch.Tensor) -> torch.Tensor:
    """Luminance. x [N, 3, H, W] -> [N, 1, H, W]."""
    return (x * x.new_tensor([0.299, 0.587, 0.114])[:, None, None]).sum(1, keepdim=True)


def color(r: float, g: float, b: float) -> torch.Tensor:
    """A colour as [1, 3, 1, 1]."""
    return torch.tensor([r, g, b]).view(1, 3, 1, 1)


def saturate(x: torch.Tensor, amount: float) -> torch.Tensor:
    """Colours with more (amount > 1) or less saturation."""
    return lerp(gray(x), x, amount).clamp(0, 1)


def blur(x: torch.Tensor, sigma: float, direction: str = "both") -> torch.Tensor:
    """Gaussian blur whose standard deviation is `sigma` picture heights; `direction` is "both", "x" or "y"."""
    pixels = sigma * x.shape[-2]
    radius = max(1, math.ceil(2.5 * pixels))
    t = torch.arange(-radius, radius + 1, device=x.device) / max(pixels, 0.1)
    kernel = torch.exp(-0.5 * t * t)
    kernel = (kernel / kernel.sum()).expand(x.shape[1], 1, 1, -1)
    for axis in ("x", "y") if direction == "both" else direction:
        sides, weight = ((radius, radius, 0, 0), kernel) if axis == "x" else ((0, 0, radius, radius), kernel.mT)
        x = torch.conv2d(pad(x, sides, mode="replicate"), weight, groups=x.shape[1])
    return x


def gradient(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Central differences to the right and down, for each pixel. x [N, C, H, W] -> two of the same shape."""
    x = pad(x, (1, 1, 1, 1), mode="replicate")
    return (x[..., 1:-1, 2:] - x[..., 1:-1, :-2]) / 2, (x[..., 2:, 1:-1] - x[..., :-2, 1:-1]) / 2


def outlines(x: torch.Tensor, width: float = 0.008, strength: float = 12.0) -> torch.Tensor:
    """Where an artist would draw a line: the dark sides of edges, by the difference of two blurs.

    (After the extended difference of Gaussians, Winnemöller 2011.) x [N, 3, H, W] -> [N, 1, H, W], 1 on a line.
    """
    g = gray(x)
    difference = blur(g, width) - blur(g, 1.6 * width)
    return torch.tanh(-strength * difference.clamp(max=0))


def noise(like: torch.Tensor, grain: float, generator: torch.Generator, channels: int = 1) -> torch.Tensor:
    """Smooth random numbers with mean 0 and standard deviation about 1, in spots of `grain` heights. -> [N, channels, H, W]."""
    n, _, height, width = like.shape
    rows, columns = (max(2, round(side / max(1.0, grain * height))) + 1 for side in (height, width))
    spots = torch.randn(n, channels, rows, columns, generator=generator)
    return interpolate(spots, (height, width), mode="bicubic", align_corners=True)


def coordinates(like: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """x from left to right and y from top to bottom, in heights, each [1, 1, H, W]."""
    height, width = like.shape[-2:]
    y, x = torch.meshgrid((torch.arange(height) + 0.5) / height, (torch.arange(width) + 0.5) / height, indexing="ij")
    return x[None, None], y[None, None]


def shifted(image: torch.Tensor, dx: torch.Tensor, dy: torch.Tensor) -> torch.Tensor:
    """Each pixel sampled dx heights further right and dy further down. dx, dy [N or 1, 1, H, W]."""
    height, width = image.shape[-2:]
    x, y = coordinates(image)
    grid = torch.cat([2 * (x + dx) * height / width - 1, 2 * (y + dy) - 1], 1).expand(len(image), -1, -1, -1)
    return grid_sample(image, grid.permute(0, 2, 3, 1), mode="bilinear", padding_mode="reflection", align_corners=False)


def painted(x: torch.Tensor, radius: float = 0.02) -> torch.Tensor:
    """Flat patches with sharp borders (Kuwahara filter).

    The colour of a pixel is the mean of the square with the least variance among the four squares that have it in a corner.
    """
    r = max(1, round(radius * x.shape[-2]))
    size = 2 * r + 1
    padded = pad(x, (size, size, size, size), mode="replicate")
    mean = avg_pool2d(padded, size, stride=1)
    variance = (avg_pool2d(padded * padded, size, stride=1) - mean * mean).sum(1, keepdim=True)
    offset, (height, width) = size - r, x.shape[-2:]
    corners = [(offset + dy, offset + dx) for dy in (-r, r) for dx in (-r, r)]
    means = torch.stack([mean[..., top : top + height, left : left + width] for top, left in corners])
    spread = torch.stack([variance[..., top : top + height, left : left + width] for top, left in corners])
    nearness = torch.softmax(-spread * 400, 0)  # a soft choice gives fewer jagged corners
    return (means * nearness).sum(0).clamp(0, 1)


def along_contours(texture: torch.Tensor, x: torch.Tensor, length: float = 0.05) -> torch.Tensor:
    """Smears a texture along the contours of x, as brush strokes follow a shape (line integral convolution).

    texture [N, C, H, W], x [N, 3, H, W] -> the shape of `texture`
    """
    across_x, across_y = gradient(blur(gray(x), 0.012))
    xx, xy, yy = (blur(p, 0.03) for p in (across_x * across_x, across_x * across_y, across_y * across_y))
    angle = 0.5 * torch.atan2(2 * xy, xx - yy) + math.pi / 2
    dx, dy = torch.cos(angle), torch.sin(angle)
    steps = torch.linspace(-length / 2, length / 2, 7)
    return sum(shifted(texture, step * dx, step * dy) for step in steps.tolist()) / len(steps)


def cells(like: torch.Tensor, size: float, jitter: float, generator: torch.Generator):
    """Divides the picture into the cells of points scattered around a grid of `size` heights; jitter 0 keeps the grid square.

    Returns, each [N, 1, H, W]: x and y of the nearest point in heights; the distance to it; how much further away the second nearest is
    (0 on the borders between cells); and a random number in [0, 1] for each cell.
    """
    n, (height, width) = len(like), like.shape[-2:]
    x, y = coordinates(like)
    rows, columns = (math.ceil(side / height / size) + 2 for side in (height, width))
    scatter = torch.rand(n, 3, rows, columns, generator=generator)
    candidates = []
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            row = (torch.floor(y / size).long() + down + 1).clamp(0, rows - 1)
            column = (torch.floor(x / size).long() + right + 1).clamp(0, columns - 1)
            picked = scatter[:, :, row[0, 0], column[0, 0]]
            center_x = (column - 0.5 + jitter * (picked[:, 0:1] - 0.5)) * size
            center_y = (row - 0.5 + jitter * (picked[:, 1:2] - 0.5)) * size
            distance = ((x - center_x) ** 2 + (y - center_y) ** 2).sqrt()
            candidates.append(torch.cat([distance, center_x, center_y, picked[:, 2:3]], 1))
    stacked = torch.stack(candidates)
    distances, order = stacked[:, :, 0].topk(2, 0, largest=False)
    best = torch.gather(stacked, 0, order[:1, :, None].expand(1, -1, 4, -1, -1))[0]
    gap = (distances[1] - distances[0])[:, None]
    return best[:, 1:2], best[:, 2:3], best[:, 0:1], gap, best[:, 3:4]


def taken_at(image: torch.Tensor, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The picture's colours at other positions, x and y in heights [N, 1, H, W]."""
    here_x, here_y = coordinates(image)
    return shifted(image, x - here_x, y - here_y)
