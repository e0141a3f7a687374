"""Playing with trained mappers: which one, on whose face, how strong, which levels. Plain Python; the sliders are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from PIL import Image

from ...editing.mapper import LatentMapper
from ...errors import StyleclipError
from ...evaluation.report import measure_edit
from ...images import image_grid
from ...models import Models
from ...networks.mapper import LEVELS

STRENGTH = "1 is what was learnt, 0 the face itself, below 0 the other way"


@dataclass(frozen=True)
class MapperState:
    """What the controls say.

    name      which of the mappers
    seed      whose face
    strength  0 is the face itself, 1 what the mapper has learnt
    coarse, medium, fine  whether this level takes part; a level that the mapper has not cannot
    """

    name: str
    seed: int = 0
    strength: float = 1.0
    coarse: bool = True
    medium: bool = True
    fine: bool = True


def draw(models: Models, mappers: Mapping[str, LatentMapper], state: MapperState, size: int = 256) -> tuple[Image.Image, str]:
    """The face before and after side by side, `size` pixels each, and what was measured ("" in a domain without attributes).

    Raises StyleclipError for the name of a mapper that is not there.
    """
    if state.name not in mappers:
        raise StyleclipError(f"There is no mapper '{state.name}' here, only {', '.join(mappers)}.")
    mapper = mappers[state.name]
    acting = [level for level in mapper.levels if level not in LEVELS or getattr(state, level)]
    w_plus = models.sample(state.seed)
    with torch.no_grad():
        before = models.generator.synthesis(w_plus)
    after = mapper.edit(w_plus, state.strength, acting).image
    labels = [f"seed {state.seed}", f"{state.name} ({state.strength:g}: {', '.join(acting) or 'no level'})"]
    text = mapper.recipe.get("text", "")
    said = str(measure_edit(models, before, after, text)) if models.attributes is not None and text else ""
    return image_grid([before, after], columns=2, labels=labels, size=size), said
