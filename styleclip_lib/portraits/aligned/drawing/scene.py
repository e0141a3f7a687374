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
    canvas   [3, size, size], linear RGB; a layer paints into it in place
    figure   [size, size], how much of a pixel head, neck, hair and clothes cover: what a shadow may fall on
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
