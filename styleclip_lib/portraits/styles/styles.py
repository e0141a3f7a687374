"""The styles by name."""

from collections.abc import Callable

import torch

from ...errors import StyleclipError
from . import drawings, paintings, weather

Style = Callable[[torch.Tensor, torch.Generator], torch.Tensor]

STYLES: dict[str, Style] = {
    "pencil sketch": drawings.pencil_sketch,
    "charcoal": drawings.charcoal,
    "watercolor": paintings.watercolor,
    "oil painting": paintings.oil_painting,
    "mosaic": paintings.mosaic,
    "pop art": paintings.pop_art,
    "stained glass": paintings.stained_glass,
    "pixel art": paintings.pixel_art,
    "cubism": paintings.cubism,
    "pointillism": paintings.pointillism,
    "ink": drawings.ink,
    "black and white": drawings.black_and_white,
    "old photograph": drawings.old_photograph,
    "neon": drawings.neon,
    "night": weather.night,
    "sunset": weather.sunset,
    "snow": weather.snow,
    "fire": weather.fire,
    "underwater": weather.underwater,
    "blueprint": drawings.blueprint,
}


@torch.no_grad()
def apply_style(images: torch.Tensor, name: str, seed: int = 0) -> torch.Tensor:
    """Renders pictures in a style by ordinary image operations.

    images  float32 [N, 3, H, W], RGB in [-1, 1], on the CPU; at least 16 pixels along each side
    name    a key of STYLES
    seed    draws the strokes, cracks and flakes: the same seed gives the same picture

    Returns the same shape and range. Raises StyleclipError for an unknown style.
    """
    if name not in STYLES:
        raise StyleclipError(f"There is no style '{name}': choose from {', '.join(STYLES)}.")
    generator = torch.Generator().manual_seed(seed)
    return STYLES[name]((images + 1) / 2, generator).clamp(0, 1) * 2 - 1
