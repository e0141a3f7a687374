"""dlib's shape predictor: a box around a face in, 68 points out (Kazemi and Sullivan 2014)."""

from __future__ import annotations

import dlib
import numpy as np

MIRRORED = np.array([
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),  # jaw, brows, nose
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,  # eyes
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,  # mouth
])
"""Which of the 68 points each one becomes in a mirrored picture."""


def predict(
    predictor: dlib.shape_predictor, pixels: np.ndarray, box: np.ndarray, usual: np.ndarray | None = None
) -> np.ndarray:
    """The points of the face in a box, float64 [68, 2], x and y in the picture's pixels.

    A detector lays its boxes roughly, and the predictor does best where the box lies as it lay most of the time in
    training. With ``usual`` (see `relative`) a second box is laid around the points found, and they are read again.

    pixels uint8 [H, W], box [left, top, right, bottom]
    """
    points = _points(predictor, pixels, box)
    return points if usual is None else _points(predictor, pixels, place(usual, points))


def predict_mirrored(
    predictor: dlib.shape_predictor, pixels: np.ndarray, box: np.ndarray, usual: np.ndarray | None = None
) -> np.ndarray:
    """What `predict` says of the mirrored picture, brought back: its errors lean the other way."""
    last = pixels.shape[1] - 1
    turned = np.array([last - box[2], box[1], last - box[0], box[3]])
    points = predict(predictor, np.ascontiguousarray(pixels[:, ::-1]), turned, usual)[MIRRORED]
    points[:, 0] = last - points[:, 0]
    return points


def relative(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where a box lies about a face: (x, y, width), from the middle of the points and in units of their spread."""
    middle, spread = _middle(points)
    return np.array([*((box[:2] + box[2:]) / 2 - middle), box[2] - box[0]]) / spread


def place(habit: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The inverse of `relative`: a box [left, top, right, bottom] that lies like this about other points."""
    middle, spread = _middle(points)
    center, half = middle + habit[:2] * spread, habit[2] * spread / 2
    return np.concatenate([center - half, center + half])


def rectangle(box: np.ndarray) -> dlib.rectangle:
    return dlib.rectangle(*box.round().astype(int).tolist())


def _points(predictor, pixels, box) -> np.ndarray:
    return np.array([(part.x, part.y) for part in predictor(pixels, rectangle(box)).parts()], dtype=np.float64)


def _middle(points: np.ndarray) -> tuple[np.ndarray, float]:
    middle = points.mean(0)
    return middle, np.sqrt(((points - middle) ** 2).sum(1).mean())
