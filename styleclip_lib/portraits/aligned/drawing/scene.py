"""The scene into which all layers are painted."""

from dataclasses import dataclass

import torch

from ..world.factors import Portrait
from .anatomy import Anatomy
from .light import Light
from .surface import Clay
from .view import Hit, View


@dataclass
class Scene:
    """One portrait while it is being drawn.

    p, a     the factors of the portrait, and its lengths
    view     the whole picture; `view.around(...)` gives windows into it
    light    the key light
    clay     the surface of the head
    head     where the rays meet the head, in the window around it (`head.view`)
    eye_z    how far the eyeballs stand out, head coordinates
    canvas   [3, size, size], linear RGB, or [4, size, size] with the share not yet painted (`parts`); layers paint into it in place
    figure   [size, size], the share of a pixel covered by head, neck, hair and clothes, on which shadows may fall
    shell    the outer surface of the hair, once a layer has needed it
    """

    p: Portrait
    a: Anatomy
    view: View
    light: Light
    clay: Clay
    head: Hit
    eye_z: float
    canvas: torch.Tensor
    figure: torch.Tensor
    shell: Hit | None = None

    def head_depth(self, view: View) -> torch.Tensor:
        """The head's depth towards the camera in a window, [h, w]; far away where there is no head."""
        return view.carry(torch.where(self.head.alpha > 0.5, self.head.depth, -9.0), self.head.view, -9.0)
