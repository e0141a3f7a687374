"""The framing of a picture: the aligned square chosen by FFHQ's rule, or that square somewhere in a larger picture."""

import math
from dataclasses import dataclass

import torch

from ...framing import face_quad
from .drawing.view import Frame
from .world.factors import Portrait

FRAMING = 1.15
"""The aligned square is this many times as large as FFHQ's, so that hats, mohawks and long hair fit."""

SLIP_ROLL, SLIP_PLACE, SLIP_SIZE = math.radians(1.5), 0.01, 0.02
"""The largest errors of an aligner: in tilt (radians), position and size (shares of the picture's side)."""


@dataclass(frozen=True)
class Camera:
    """Where the aligned square lies in a picture.

    x, y   its centre, in shares of the picture's side from the upper left corner
    side   its side, as a share of the picture's
    roll   its tilt in degrees; positive: the head tilts to the viewer's left
    """

    x: float = 0.5
    y: float = 0.5
    side: float = 1.0
    roll: float = 0.0

    def frame(self, aligned: Frame) -> Frame:
        """The frame of the whole picture, given the frame of its aligned square."""
        half, roll = aligned.half / self.side, aligned.roll - math.radians(self.roll)
        u, v = (1 - 2 * self.x) * half, (2 * self.y - 1) * half  # from the square's centre to the picture's
        c, s = math.cos(roll), math.sin(roll)
        return Frame(aligned.x + u * c - v * s, aligned.y + u * s + v * c, half, roll)


ALIGNED = Camera()


def aligned_frame(p: Portrait, eyes_and_mouth: torch.Tensor) -> Frame:
    """The aligned square of a portrait: FFHQ's rule plus an aligner's error. eyes_and_mouth [32, 2]: landmarks 36-67, camera coordinates"""
    landmarks = torch.cat([torch.zeros(36, 2), eyes_and_mouth]).double().numpy()  # the rule uses no others
    quad = face_quad(landmarks * [1, -1], FRAMING) * [1, -1]
    middle, across = quad.mean(0), (quad[3] - quad[0]) / 2
    half = math.hypot(*across)
    x, y = middle[0] + 2 * half * SLIP_PLACE * p.slip_x, middle[1] + 2 * half * SLIP_PLACE * p.slip_y
    return Frame(x, y, half * (1 + SLIP_SIZE * p.slip_size), math.atan2(across[1], across[0]) + SLIP_ROLL * p.slip_roll)


def cameras(n: int, seed: int, roll: float = 40.0) -> list[Camera]:
    """n random framings: the square's side is 0.35 to 0.75 of the picture's, anywhere inside it, tilted by up to `roll` degrees."""
    u = torch.rand(n, 4, generator=torch.Generator().manual_seed(seed)).tolist()
    found = []
    for a, b, c, d in u:
        side = 0.35 + 0.40 * a
        free = 1 - side
        found.append(Camera(0.5 + (b - 0.5) * free, 0.5 + (c - 0.5) * free, side, roll * (2 * d - 1)))
    return found


def in_picture(frame: Frame, points: torch.Tensor) -> torch.Tensor:
    """Camera coordinates [P, 2] -> shares of the picture's side, x to the right and y down, from its upper left corner."""
    x, y = points[:, 0] - frame.x, points[:, 1] - frame.y
    c, s = math.cos(frame.roll), math.sin(frame.roll)
    return torch.stack([x * c + y * s, x * s - y * c], 1) / frame.half / 2 + 0.5
