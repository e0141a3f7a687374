"""What style transfer returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor

from .recipe import StyleRecipe


@dataclass
class Stylization:
    """A restyled picture.

    image    [1, 3, H, W] in [-1, 1]: exactly the picture that was optimised
    before   [1, 3, H, W], the picture that it was made of
    text     what was asked for
    recipe   the settings that make it again, everything filled in
    history  one list for each loss, a number for each step, without the losses' weights, for plotting
    frames   some pictures on the way, [1, 3, H, W] each, for an animation
    mask     [1, 1, H, W] in [0, 1], where the picture was restyled; None for the whole picture
    """

    image: Tensor
    before: Tensor
    text: str
    recipe: StyleRecipe
    history: dict[str, list[float]] = field(default_factory=dict)
    frames: list[Tensor] = field(default_factory=list)
    mask: Tensor | None = None
