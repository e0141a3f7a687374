"""Where the features of a face are and what shape they take: factors turned into lengths.

Everything is in head coordinates and [N, 1, 1]. The renderer draws these numbers and the landmarks are
read from them, so that both always agree.
"""

from dataclasses import dataclass

import torch

from ..world.factors import Factors
from .shapes import column, lerp

# How each expression moves the face, in the order of the table:      neutral smile   sad   angry surprised
_MOUTH_CURVE = torch.tensor([0.015, 0.180, -0.165, -0.085, 0.000])  # corners up
_MOUTH_OPEN = torch.tensor([0.000, 0.125, 0.000, 0.105, 0.230])  # height of the opening
_MOUTH_WIDE = torch.tensor([1.00, 1.32, 0.92, 1.12, 0.72])
_TEETH = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.15])  # share of the opening that shows teeth
_BROW_INNER = torch.tensor([0.00, 0.02, 0.125, -0.140, 0.10])  # inner ends up
_BROW_OUTER = torch.tensor([0.00, 0.02, -0.060, 0.060, 0.10])
_EYE_OPEN = torch.tensor([1.00, 0.86, 0.80, 0.84, 1.32])
_LOWER_LID = torch.tensor([0.00, 0.45, 0.00, 0.30, -0.10])  # pushed up by the cheek
_CHEEK = torch.tensor([0.0, 1.0, 0.0, 0.2, 0.0])
_FROWN = torch.tensor([0.0, 0.0, 0.35, 1.0, 0.0])


@dataclass
class Anatomy:
    """Lengths of N faces, [N, 1, 1] each, in head units; `eyes` and `brows` are mirrored for the other side."""

    eye_x: torch.Tensor
    eye_y: torch.Tensor
    eye_width: torch.Tensor  # half
    eye_upper: torch.Tensor  # height of the upper lid above the eye's middle
    eye_lower: torch.Tensor
    eye_tilt: torch.Tensor  # slope
    iris: torch.Tensor  # radius
    gaze_x: torch.Tensor
    gaze_y: torch.Tensor
    brow_y: torch.Tensor
    brow_inner: torch.Tensor
    brow_outer: torch.Tensor
    brow_arch: torch.Tensor
    brow_thickness: torch.Tensor
    nose_y: torch.Tensor  # tip
    nose_width: torch.Tensor
    mouth_y: torch.Tensor
    mouth_width: torch.Tensor  # half
    mouth_curve: torch.Tensor
    mouth_open: torch.Tensor
    teeth: torch.Tensor
    upper_lip: torch.Tensor  # thickness
    lower_lip: torch.Tensor
    cheek: torch.Tensor
    frown: torch.Tensor
    old: torch.Tensor  # [0, 1]
    child: torch.Tensor  # [0, 1]


def anatomy(f: Factors) -> Anatomy:
    """The lengths that belong to the factors."""

    def expression(table):
        """Between the neutral face and the expression, by its strength."""
        return column(lerp(table[0], table[f.expression], f.expression_strength))

    man = column((f.gender == 1).float())
    child = column(((0.30 - f.age) / 0.20).clamp(0, 1))
    old = column(((f.age - 0.44) / 0.42).clamp(0, 1))
    is_open = column((f.eyes == 0).float())

    eye_size = 1 + 0.10 * column(f.eye_size) + 0.14 * child - 0.06 * man - 0.06 * old
    opening = expression(_EYE_OPEN) * eye_size
    lips = 1 + 0.30 * column(f.lip_fullness) + 0.18 * (1 - man) - 0.22 * old
    mouth_y = -0.52 + 0.03 * column(f.mouth_height) + 0.03 * child
    return Anatomy(
        eye_x=0.325 + 0.022 * column(f.eye_spacing),
        eye_y=0.045 - 0.045 * child,
        eye_width=0.200 * eye_size,
        eye_upper=torch.where(is_open > 0, 0.142 * opening, -0.035 * torch.ones_like(opening)),
        eye_lower=-0.090 * eye_size * (1 - expression(_LOWER_LID) * is_open),
        eye_tilt=0.14 * column(f.eye_tilt) + 0.05 * (1 - man),
        iris=0.113 * (1 + 0.05 * column(f.eye_size) + 0.12 * child),
        gaze_x=0.035 * column(f.gaze_x) + 0.045 * column(f.yaw),
        gaze_y=0.012 * column(f.gaze_y) + 0.020 * column(f.pitch),
        brow_y=0.300 + 0.015 * column(f.brow_shape) - 0.02 * man - 0.02 * child,
        brow_inner=expression(_BROW_INNER),
        brow_outer=expression(_BROW_OUTER) - 0.01,
        brow_arch=0.045 + 0.020 * column(f.brow_shape) + 0.015 * (1 - man),
        brow_thickness=0.047 + 0.029 * column(f.brows) + 0.007 * man - 0.003 * child,
        nose_y=-0.215 - 0.035 * column(f.nose_length) + 0.05 * child,
        nose_width=0.135 + 0.022 * column(f.nose_width) + 0.010 * man - 0.018 * child,
        mouth_y=mouth_y,
        mouth_width=(0.245 + 0.022 * column(f.mouth_width) - 0.025 * child) * expression(_MOUTH_WIDE),
        mouth_curve=expression(_MOUTH_CURVE),
        mouth_open=expression(_MOUTH_OPEN),
        teeth=expression(_TEETH),
        upper_lip=0.047 * lips,
        lower_lip=0.060 * lips,
        cheek=expression(_CHEEK),
        frown=expression(_FROWN),
        old=old,
        child=child,
    )
