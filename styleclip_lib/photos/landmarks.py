"""dlib's shape predictor: a box around a face in, 68 points out (Kazemi and Sullivan 2014).

The models are dlib's, trained by dlib; what computes with them is written here, since dlib believes whatever a file says.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..weights.readers.dlib_landmarks import check_shapes, checked, read_dlib
from ..weights.tensor_file import is_safetensors, tensors_of
from ..weights.unpickling.untrusted import untrusted

MIRRORED = np.array([
    *range(16, -1, -1), *range(26, 16, -1), *range(27, 31), *range(35, 30, -1),  # jaw, brows, nose
    45, 44, 43, 42, 47, 46, 39, 38, 37, 36, 41, 40,  # eyes
    *range(54, 47, -1), *range(59, 54, -1), *range(64, 59, -1), 67, 66, 65,  # mouth
])
"""Which of the 68 points each one becomes in a mirrored picture."""


@dataclass(frozen=True, eq=False)
class Predictor:
    """An ensemble of regression trees. The arrays are those of `read_dlib`."""

    shape: np.ndarray
    anchors: np.ndarray
    deltas: np.ndarray
    pixels: np.ndarray
    thresholds: np.ndarray
    leaves: np.ndarray

    def __call__(self, picture: np.ndarray, box: np.ndarray) -> np.ndarray:
        """The points of the face in a box, whole numbers as float64 [68, 2]: x and y in the picture's pixels.

        picture uint8 [H, W], box [left, top, right, bottom] in whole pixels, right and bottom included
        """
        corner, extent = box[:2].astype(np.float64), (box[2:] - box[:2]).astype(np.float64)
        shape = self.shape
        for anchors, deltas, pixels, thresholds, leaves in zip(self.anchors, self.deltas, self.pixels, self.thresholds, self.leaves):
            places = deltas @ _turn(self.shape, shape).T + shape[anchors]
            values = _seen(picture, corner + extent * places)
            bright = values[pixels[..., 0]] - values[pixels[..., 1]] > thresholds
            moves = leaves[np.arange(len(leaves)), _leaves(bright)]
            shape = np.add.reduce(np.concatenate([shape[None], moves]), axis=0)  # one after the other, as dlib does it
        return np.floor(corner + extent * shape + 0.5)


def read_predictor(path: Path) -> Predictor:
    """The landmark model in a file of dlib's, or in one that was made of it. Raises StyleclipError for anything else."""
    with untrusted(path) as file:
        if not is_safetensors(file):
            return Predictor(**read_dlib(file))
        return Predictor(**checked({name: tensor.numpy() for name, tensor in tensors_of(file, accept=check_shapes)[0].items()}))


def _turn(usual: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """The rotation and scaling, float32 [2, 2], that brings one shape [68, 2] nearest to another (Umeyama 1991)."""
    x, y = ((points - points.mean(0)) for points in (usual.astype(np.float64), shape.astype(np.float64)))
    along, across = (x * y).sum(), (x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0]).sum()
    return (np.array([[along, -across], [across, along]]) / (x * x).sum()).astype(np.float32)


def _seen(picture: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The brightness at places [F, 2], x and y, as float32 [F]; 0 outside of the picture."""
    x, y = np.floor(places + 0.5).T
    inside = (x >= 0) & (y >= 0) & (x < picture.shape[1]) & (y < picture.shape[0])
    return np.where(inside, picture[np.where(inside, y, 0).astype(int), np.where(inside, x, 0).astype(int)], 0).astype(np.float32)


def _leaves(bright: np.ndarray) -> np.ndarray:
    """At which leaf each tree ends. bright [T, S]: whether its split i leads to split 2i + 1, and not to 2i + 2."""
    trees, splits = bright.shape
    at = np.zeros(trees, dtype=int)
    for _ in range(splits.bit_length()):
        at = 2 * at + 2 - bright[np.arange(trees), at]
    return at - splits


def predict(predictor: Predictor, pixels: np.ndarray, box: np.ndarray, usual: np.ndarray | None = None) -> np.ndarray:
    """The points of the face in a box, float64 [68, 2], x and y in the picture's pixels.

    A detector lays its boxes roughly, and the predictor does best where the box lies as it lay most of the time in
    training. With ``usual`` (see `relative`) a second box is laid around the points found, and they are read again.

    pixels uint8 [H, W], box [left, top, right, bottom]
    """
    points = _points(predictor, pixels, box)
    return points if usual is None else _points(predictor, pixels, place(usual, points))


def predict_mirrored(predictor: Predictor, pixels: np.ndarray, box: np.ndarray, usual: np.ndarray | None = None) -> np.ndarray:
    """What `predict` says of the mirrored picture, brought back: its errors lean the other way."""
    last = pixels.shape[1] - 1
    turned = np.array([last - box[2], box[1], last - box[0], box[3]])
    points = predict(predictor, np.ascontiguousarray(pixels[:, ::-1]), turned, usual)[MIRRORED]
    points[:, 0] = last - points[:, 0]
    return points


def relative(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where a box lies about a face: (x, y, width), from the middle of the points and in units of their spread."""
    middle, scale = _middle(points)
    return np.array([*((box[:2] + box[2:]) / 2 - middle), box[2] - box[0]]) / scale


def place(habit: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The inverse of `relative`: a box [left, top, right, bottom] that lies like this about other points."""
    middle, scale = _middle(points)
    center, half = middle + habit[:2] * scale, habit[2] * scale / 2
    return np.concatenate([center - half, center + half])


def _points(predictor, pixels, box) -> np.ndarray:
    return predictor(pixels, box.round().astype(int))


def _middle(points: np.ndarray) -> tuple[np.ndarray, float]:
    middle = points.mean(0)
    return middle, np.sqrt(((points - middle) ** 2).sum(1).mean())
