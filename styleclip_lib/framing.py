"""FFHQ's framing: the rotated square that follows from the 68 landmarks of a face (Karras et al. 2019, appendix C)."""

from __future__ import annotations

import numpy as np


def face_quad(landmarks: np.ndarray, framing: float = 1.0) -> np.ndarray:
    """The square's corners [4, 2]: top left, bottom left, bottom right, top right, in the picture's pixels.

    Let e be the vector from eye to eye and m the vector from the eyes to the mouth. x has the direction of e minus m rotated by 90°, and
    the larger of the lengths 2 |e| and 1.8 |m|; y is x rotated by 90°; the centre is a tenth of m below the eyes.
    """
    points = np.asarray(landmarks, dtype=np.float64)
    left, right = points[36:42].mean(0), points[42:48].mean(0)
    eyes, mouth = (left + right) / 2, (points[48] + points[54]) / 2
    eye_to_eye, eye_to_mouth = right - left, mouth - eyes
    along = eye_to_eye + np.array([eye_to_mouth[1], -eye_to_mouth[0]])
    reach = framing * max(2.0 * np.hypot(*eye_to_eye), 1.8 * np.hypot(*eye_to_mouth))
    x = along / np.hypot(*along) * reach
    y = np.array([-x[1], x[0]])
    middle = eyes + 0.1 * eye_to_mouth
    return np.stack([middle - x - y, middle - x + y, middle + x + y, middle + x - y])


def quad_side(quad: np.ndarray) -> float:
    """The length of the square's side."""
    return float(np.hypot(*(quad[3] - quad[0])))
