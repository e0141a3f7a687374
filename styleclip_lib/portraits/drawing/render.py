"""From factors to pictures."""

import torch

from ...errors import StyleclipError
from ..world.factors import Factors
from .anatomy import anatomy
from .backdrop import draw_background, draw_clothes
from .eyes import draw_brows, draw_eyes
from .geometry import make_view
from .hair import draw_facial_hair, draw_hair, draw_hair_behind
from .mouth import draw_mouth
from .skin import draw_ears, draw_head, draw_neck, light_of
from .wear import draw_earrings, draw_glasses, draw_headwear


@torch.no_grad()
def render(factors: Factors, size: int = 128, batch_size: int = 16) -> torch.Tensor:
    """Draws portraits, from the back to the front, as a painter does.

    factors of length N, size = pixels along each side  ->  float32 [N, 3, size, size], RGB in [-1, 1]
    Raises StyleclipError for fewer than 8 pixels.
    """
    if size < 8:
        raise StyleclipError(f"A portrait needs at least 8 pixels along each side, not {size}.")
    pictures = [_render_batch(factors[i:i + batch_size], size) for i in range(0, len(factors), batch_size)]
    return torch.cat(pictures) if pictures else torch.empty(0, 3, size, size)


def _render_batch(f: Factors, size: int) -> torch.Tensor:
    a, view, light = anatomy(f), make_view(f, size), light_of(f)
    canvas = draw_background(f, size)
    canvas = draw_hair_behind(canvas, f, view, light)
    canvas = draw_neck(canvas, f, view, light)
    canvas = draw_clothes(canvas, f, view, light)
    canvas = draw_ears(canvas, f, view, light)
    canvas, head = draw_head(canvas, f, a, view, light)
    canvas = draw_facial_hair(canvas, f, a, view, head, light)
    canvas = draw_mouth(canvas, f, a, view, head)
    canvas = draw_eyes(canvas, f, a, view, head)
    canvas = draw_brows(canvas, f, a, view, head)
    canvas = draw_hair(canvas, f, a, view, head, light)
    canvas = draw_glasses(canvas, f, a, view, head)
    canvas = draw_headwear(canvas, f, view, head, light)
    canvas = draw_earrings(canvas, f, view, light)
    return canvas.clamp(0, 1) * 2 - 1
