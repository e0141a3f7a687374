"""The positions and shapes of a face's features: the factors of one portrait turned into lengths.

Everything is a number in head units. The renderer and the landmarks use the same numbers, so they always agree. Paired features are given
for the viewer's right and mirrored.
"""

from dataclasses import dataclass

from ..world.factors import Portrait
from .shapes import lerp, ramp


@dataclass(frozen=True)
class Expression:
    """How far an expression moves each part of the face; zero for a neutral face."""

    corners: float = 0.0  # corners of the mouth up
    opening: float = 0.0  # height of the mouth's opening
    widening: float = 0.0  # of the mouth, as a share of its width
    upper_teeth: float = 0.0  # how far the upper teeth reach down the opening, as a share of it
    lower_teeth: float = 0.0
    brow_inner: float = 0.0  # inner ends of the brows up
    brow_middle: float = 0.0
    brow_outer: float = 0.0
    brow_pinch: float = 0.0  # inner ends towards each other
    upper_lid: float = 0.0  # raised, as a share of the eye's opening
    lower_lid: float = 0.0  # raised by the cheek, as a share of the eye's opening
    cheek: float = 0.0  # pushed up
    frown: float = 0.0  # folds between the brows
    forehead: float = 0.0  # folds over raised brows
    rounding: float = 0.0  # of the mouth's opening, from a bow to an ellipse
    flare: float = 0.0  # nostrils
    jaw: float = 0.0  # chin down


EXPRESSIONS = {
    "neutral": Expression(corners=0.008),
    "smile": Expression(corners=0.105, opening=0.115, widening=0.27, upper_teeth=0.78, brow_inner=0.012, brow_middle=0.02,
                        brow_outer=0.012, upper_lid=-0.10, lower_lid=0.34, cheek=1.0, jaw=0.02),
    "sad": Expression(corners=-0.095, widening=-0.06, brow_inner=0.115, brow_middle=0.012, brow_outer=-0.060, brow_pinch=0.03,
                      upper_lid=-0.24, lower_lid=0.05, frown=0.30, forehead=0.5),
    "angry": Expression(corners=-0.045, opening=0.150, widening=0.04, upper_teeth=0.46, lower_teeth=0.38, rounding=1.0, brow_inner=-0.125,
                        brow_middle=-0.070, brow_outer=0.045, brow_pinch=0.080, upper_lid=-0.20, lower_lid=0.26, cheek=0.25,
                        frown=1.0, flare=1.0),
    "surprised": Expression(corners=0.0, opening=0.235, widening=-0.32, upper_teeth=0.20, brow_inner=0.115, brow_middle=0.130,
                            brow_outer=0.095, upper_lid=0.34, lower_lid=-0.12, forehead=1.0, rounding=1.0, jaw=0.10),
}


def expression_of(p: Portrait) -> Expression:
    """The portrait's expression at its strength."""
    full, rest = EXPRESSIONS[p.expression], EXPRESSIONS["neutral"]
    return Expression(**{name: lerp(getattr(rest, name), getattr(full, name), p.expression_strength) for name in vars(rest)})


@dataclass(frozen=True)
class Anatomy:
    """The lengths of one face, in head units."""

    man: float  # 0 or 1
    child: float  # [0, 1]
    old: float  # [0, 1]
    act: Expression
    # the skull: half axes of its ellipsoid
    width: float
    height: float
    depth: float
    # eyes
    eye_x: float
    eye_y: float
    eye_width: float  # half
    eye_upper: float  # height of the upper lid above the eye's middle
    eye_lower: float  # and of the lower one, negative
    eye_tilt: float  # height of the outer corner above the inner one, halved
    iris: float  # radius
    gaze_x: float  # radians
    gaze_y: float
    # brows
    brow_y: float
    brow_start: float  # distance of the inner end from the middle of the face
    brow_length: float
    brow_arch: float
    brow_thickness: float  # half
    # nose
    nose_y: float  # tip
    nose_width: float  # half, over the wings
    nose_out: float  # how far the tip stands out of the face
    nose_tip: float  # radius of the tip
    # mouth
    mouth_y: float
    mouth_width: float  # half
    upper_lip: float  # thickness
    lower_lip: float
    # ears and neck
    ear_size: float
    neck_width: float  # half


def childhood(age: float) -> float:
    """How childlike a face is, [0, 1]."""
    return ramp(0.27, 0.14, age)


def old_age(age: float) -> float:
    """How old a face looks, [0, 1]."""
    return ramp(0.46, 0.80, age)


def anatomy(p: Portrait) -> Anatomy:
    """The lengths of a portrait's face."""
    man = 1.0 if p.gender == "man" else 0.0
    child, old = childhood(p.age), old_age(p.age)
    man_grown = man * (1 - child)
    woman_grown = (1 - man) * (1 - child)
    act = expression_of(p)
    is_open = p.eyes == "open"

    eye_size = 1 + 0.12 * p.eye_size + 0.34 * child - 0.08 * man_grown + 0.03 * woman_grown - 0.10 * old
    opening = 0.094 * eye_size * (1 + 0.04 * woman_grown + 0.08 * child - 0.24 * old)
    lips = 1 + 0.42 * p.lip_fullness + 0.20 * woman_grown - 0.12 * man_grown - 0.42 * old
    eye_y = -0.02 - 0.21 * child
    nose_y = eye_y - 0.335 - 0.050 * p.nose_length + 0.150 * child - 0.060 * old
    mouth_y = min(nose_y - 0.180 + 0.030 * child, -0.585) + 0.025 * p.mouth_height - 0.015 * child - 0.01 * man_grown
    return Anatomy(
        man=man, child=child, old=old, act=act,
        width=0.715 + 0.042 * p.weight + 0.055 * child - 0.005 * old,
        height=1.0 + 0.045 * p.face_length - 0.10 * child + 0.02 * old,
        depth=0.83 + 0.020 * p.weight,
        eye_x=0.290 + 0.020 * p.eye_spacing + 0.032 * child,
        eye_y=eye_y,
        eye_width=0.154 * eye_size,
        eye_upper=opening * (1 + act.upper_lid) if is_open else -0.030,
        eye_lower=-0.066 * eye_size * (1 - act.lower_lid) if is_open else -0.052 * eye_size,
        eye_tilt=0.030 * p.eye_tilt + 0.010 * woman_grown - 0.016 * old,
        iris=0.083 * (1 + 0.04 * p.eye_size + 0.24 * child),
        gaze_x=0.20 * p.gaze_x,
        gaze_y=0.08 * p.gaze_y,
        brow_y=eye_y + 0.215 + 0.022 * p.brow_shape - 0.026 * man_grown + 0.035 * child - 0.015 * old,
        brow_start=0.125 - act.brow_pinch * 0.6 - 0.012 * man_grown + 0.05 * child,
        brow_length=0.355 - 0.09 * child,
        brow_arch=0.036 + 0.030 * p.brow_shape + 0.018 * woman_grown - 0.010 * man_grown,
        brow_thickness=0.0330 + 0.0150 * p.brows + 0.007 * man_grown - 0.011 * child - 0.006 * old,
        nose_y=nose_y,
        nose_width=0.144 + 0.034 * p.nose_width + 0.014 * man_grown - 0.038 * child + 0.012 * old + 0.010 * act.flare,
        nose_out=0.192 + 0.030 * p.nose_length + 0.024 * man_grown - 0.085 * child + 0.025 * old,
        nose_tip=0.084 + 0.014 * p.nose_width + 0.004 * man_grown - 0.012 * child + 0.008 * old,
        mouth_y=mouth_y - 0.25 * act.jaw,
        mouth_width=(0.222 + 0.030 * p.mouth_width - 0.050 * child) * (1 + act.widening),
        upper_lip=0.041 * lips * (1 - 0.25 * act.cheek),
        lower_lip=0.056 * lips * (1 - 0.10 * act.cheek),
        ear_size=0.185 + 0.030 * p.ear_size + 0.055 * old,
        neck_width=0.335 + 0.075 * man_grown + 0.085 * p.weight - 0.090 * child,
    )
