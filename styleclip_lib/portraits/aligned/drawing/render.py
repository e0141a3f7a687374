"""From factors to pictures.

A portrait is painted from the back to the front. Every layer is a function that takes the `Scene` and paints into its
canvas, in place, in linear light:

    view = scene.view.around(point, radius)      # a window around a point of the head; small things need only small windows
    hit = intersect(view, center, radii)         # the layer's own surface; or scene.head.cut(view) for what lies on the face
    cast_shadow(view.window(scene.canvas), ...)  # its shadow on what has been painted so far
    paint(view.window(scene.canvas), lit(color, hit.normal, scene.light), hit.alpha)

Coordinates are those of `view`; a layer must draw whatever part of the plane the frame shows. It draws no random numbers: textures depend
on head coordinates and factors only.
"""

import torch

from ....errors import StyleclipError
from ..camera import ALIGNED, Camera
from ..world.factors import Factors, Portrait
from .backdrop import draw_backdrop
from .body import draw_ears, draw_neck
from .clothes import draw_clothes
from .earrings import draw_earrings
from .eyes import draw_eyes
from .facial_hair import draw_facial_hair
from .glasses import draw_glasses, draw_temples
from .hair import draw_hair, draw_hair_behind
from .headwear import draw_headwear
from .light import developed, light_of
from .mouth import draw_mouth
from .points import front_of
from .pose import Pose, posed
from .scene import Scene
from .skin import draw_head
from .surface import meet
from .view import View

LAYERS = (draw_backdrop, draw_hair_behind, draw_neck, draw_clothes, draw_ears, draw_head, draw_facial_hair, draw_mouth, draw_eyes,
          draw_temples, draw_hair, draw_earrings, draw_glasses, draw_headwear)


@torch.no_grad()
def render(factors: Factors, size: int = 256, camera: Camera = ALIGNED) -> torch.Tensor:
    """Draws portraits.

    factors of length N, size = pixels along each side  ->  float32 [N, 3, size, size], RGB in [-1, 1]
    Raises StyleclipError for fewer than 32 pixels.
    """
    if size < 32:
        raise StyleclipError(f"A portrait needs at least 32 pixels along each side, not {size}.")
    pictures = torch.empty(len(factors), 3, size, size)
    for i in range(len(factors)):
        pictures[i] = draw(factors.portrait(i), size, camera) * 2 - 1
    return pictures


def draw(p: Portrait, size: int, camera: Camera = ALIGNED) -> torch.Tensor:
    """One portrait, float32 [3, size, size] in [0, 1]."""
    scene = scene_of(p, size, camera)
    for layer in LAYERS:
        layer(scene)
    return developed(scene.canvas).clamp_(0, 1)


def scene_of(p: Portrait, size: int, camera: Camera = ALIGNED) -> Scene:
    """The scene of a portrait before anything is painted."""
    return scene_in(p, posed(p, camera), size)


def scene_in(p: Portrait, pose: Pose, size: int) -> Scene:
    """The scene of a portrait with a given pose and frame."""
    a, view = pose.a, View.whole(pose.frame, pose.rotation, size)
    head = meet(pose.clay, view.box(-1.0, 1.0, -1.25, 1.20), view.around((0.0, a.nose_y + 0.12, 0.95), 0.42))
    eye_z = front_of(pose.clay, torch.tensor([[a.eye_x, a.eye_y]])).item() - 0.012
    figure = torch.zeros(size, size)
    head.view.window(figure).copy_(head.alpha)
    return Scene(p, a, view, light_of(p), pose.clay, head, eye_z, torch.zeros(3, size, size), figure)
