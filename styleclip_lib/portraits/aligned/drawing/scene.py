"""The scene that all layers are painted into."""

from dataclasses import dataclass

import torch

from ..world.factors import Portrait
from .anatomy import Anatomy
from .light import Light
from .surface import Clay
from .view import Hit, View


@dataclass
class Scene:
    """One portrait on its way to a picture.

    p, a     the factors of the portrait, and its lengths
    view     the whole picture; `view.around(...)` gives windows into it
    light    the key light
    clay     the surface of the head
    head     where the rays meet the head, in the window around it (`head.view`)
    eye_z    how far the eyeballs stand out, head coordinates
    canvas   [3, size, size], linear RGB, or [4, size, size] with what is still bare (`parts`); a layer paints into it in place
    figure   [size, size], how much of a pixel head, neck, hair and clothes cover: what a shadow may fall on
    shell    the outer surface of the hair, once a layer has asked for it
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
        """How near to the camera the head is in a window, [h, w]; far away where it is not."""
        return view.carry(torch.where(self.head.alpha > 0.5, self.head.depth, -9.0), self.head.view, -9.0)
