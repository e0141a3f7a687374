"""The 68 points of a face, in the order of iBUG 300-W and dlib, known exactly for every portrait.

Left and right are the viewer's: 0-16 the jaw from the left ear over the chin (8) to the right ear; 17-21 and
22-26 the brows from left to right; 27-30 the bridge of the nose down to its tip, 31-35 its base; 36-41 and 42-47
the eyes, clockwise from the left corner; 48-59 the lips' outer edge clockwise from the left corner (48), 60-67 the
inner one.
"""

import torch

from .camera import ALIGNED, Camera, in_picture
from .drawing.points import all_points
from .drawing.pose import posed
from .world.factors import Factors

COUNT = 68
JAW, BROWS, NOSE, EYES, MOUTH = slice(0, 17), slice(17, 27), slice(27, 36), slice(36, 48), slice(48, 68)


@torch.no_grad()
def landmarks(factors: Factors, camera: Camera = ALIGNED) -> torch.Tensor:
    """The positions of the 68 points of each portrait, even those hidden by hair, hat or glasses.

    factors of length N  ->  float32 [N, 68, 2]: x to the right and y down, in units of the picture's side, from its
    upper left corner. The point (x, y) lies on pixel (x * size - 0.5, y * size - 0.5) of `render(factors, size, camera)`.
    """
    poses = [posed(factors.portrait(i), camera) for i in range(len(factors))]
    points = [in_picture(pose.frame, all_points(pose.a, pose.clay, pose.rotation)) for pose in poses]
    return torch.stack(points) if points else torch.empty(0, COUNT, 2)
