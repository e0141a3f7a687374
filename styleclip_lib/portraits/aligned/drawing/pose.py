"""The pose of a portrait, determined before anything is painted."""

from dataclasses import dataclass

import torch

from ..camera import Camera, aligned_frame
from ..world.factors import Portrait
from .anatomy import Anatomy, anatomy
from .points import eyes_and_mouth
from .surface import Clay, head_clay
from .view import Frame, head_rotation


@dataclass(frozen=True)
class Pose:
    """a = lengths of the face, clay = surface of the head, rotation [3, 3] head -> camera, frame = the square that the picture shows."""

    a: Anatomy
    clay: Clay
    rotation: torch.Tensor
    frame: Frame


def posed(p: Portrait, camera: Camera) -> Pose:
    """Shapes the head, turns it, and frames it by its eyes and mouth, as an aligner does."""
    a, rotation = anatomy(p), head_rotation(p.yaw, p.pitch)
    clay = head_clay(p, a)
    return Pose(a, clay, rotation, camera.frame(aligned_frame(p, eyes_and_mouth(a, clay, rotation))))
