"""Finding the faces of a photograph, however they are turned.

The detector is dlib's (histograms of oriented gradients; Dalal and Triggs 2005; it comes with dlib). It sees faces that look towards
the camera and are tilted by up to about 30°, so the picture is also searched turned.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import dlib
import numpy as np
from PIL import Image

from ..errors import StyleclipError
from ..images import ImageSource, open_picture

SMALLEST, LARGEST = 512, 1024
"""Faces are searched in the picture brought to a longer side of at least and at most so many pixels."""

SMALL = 64
"""In a picture whose longer side has fewer pixels, faces below a sixth of that, fewer than 11 pixels, are not searched:
that would take most of the time."""

TURNS = (0, 45, 90, 135, 180, 225, 270, 315)
"""By how many degrees, counter-clockwise, the picture is turned for a search."""

AROUND = (-60, -45, -30, -15, 0, 15, 30, 45, 60)
"""Each face that was found is looked at again in the picture turned by so many degrees more: a face is seen in five of them or so, what
only looks like one in two or three. Of five photographs in eight tilts, all found: how far the box's tilt is off, in degrees on average
and at most; how far the tilt of the landmarks that are read then depends on the picture's, by the portraits' model and by dlib's; and the
highest score of a pattern beside the lowest of a face:

    turned by                box          portraits' model   dlib's       scores
    nothing                  20.0, 40                                     0.53, 1.38
    -30, 0, 30               8.5, 21      2.7, 5.8           0.12, 0.43   0.19, 1.14
    -60, -30, 0, 30, 60      5.3, 12      1.1, 5.3           0.13, 0.25   0.11, 0.93
    these nine               4.6, 12      0.7, 2.6           0.12, 0.30   0.06, 0.83
    eleven, -75 to 75        4.7, 11                                      0.05, 0.69
"""

SEEN_IN = 5
"""The score of a face is the sum of these over so many: that of a single look at a face that is seen in five of them."""

CLEAR = 0.3
"""Beside a detection of score s, another one counts as a face if its score is at least 0.3 · min(1, s)."""

CLEAR_TURNED = 0.5
"""The least score of a face that is not upright: a drawn face may look like one upside down, too (0.4 at most, in 120 portraits)."""

Choice = int | Literal["largest"] | None


class NoFaceError(StyleclipError):
    """No face was found."""


class SeveralFacesError(StyleclipError):
    """More than one face was found and none was chosen. ``faces`` are those that were found, the largest first."""

    def __init__(self, message: str, faces: list[Face]):
        super().__init__(message)
        self.faces = faces


@dataclass(frozen=True)
class Face:
    """A face's box, in pixels of the picture; how sure the detector is (above 0; 1 and more is a clear face); and by how many degrees,
    counter-clockwise, the picture has to be turned for the face to be upright, to ten degrees or so."""

    left: float
    top: float
    right: float
    bottom: float
    score: float
    turn: float = 0.0

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def center(self) -> np.ndarray:
        """[2], x and y."""
        return np.array([self.left + self.right, self.top + self.bottom]) / 2

    def __str__(self) -> str:
        return f"x {self.left:.0f} to {self.right:.0f}, y {self.top:.0f} to {self.bottom:.0f}"


def find_faces(image: ImageSource) -> list[Face]:
    """The faces in a picture that look towards the camera, the largest first; an empty list if there are none.

    Upright faces are found from about a 25th of the picture's longer side on; turned ones from a 6th, or as small as upright ones if
    there are no others. Detections that are far weaker than the strongest one (see ``CLEAR``) are patterns that happen to look like a
    face, and are left out. In pictures of fewer than ``SMALL`` pixels only faces of at least a sixth are found.
    """
    picture = open_picture(image).convert("L")
    if max(picture.size) < SMALL:
        faces = _search(picture, SMALLEST, 0, 80) + _turned(picture, SMALLEST, 80)
    else:
        faces = _search(picture, LARGEST, 0, 40) + _turned(picture, SMALLEST, 80) or _turned(picture, LARGEST, 40)
    enough = CLEAR * min(1.0, max((face.score for face in faces), default=0.0))
    clear = _without_doubles([face for face in faces if face.score >= enough])
    return sorted(clear, key=lambda face: -face.width)


def find_large_faces(image: ImageSource) -> list[Face]:
    """The upright faces that are at least a sixth of the picture's longer side, the largest first; if there are none, all `find_faces`.

    Several times as fast where there are any, for whoever looks through thousands of pictures.
    """
    picture = open_picture(image).convert("L")
    clear = [face for face in _search(picture, SMALLEST, 0, 80) if face.score >= CLEAR]
    return sorted(_without_doubles(clear), key=lambda face: -face.width) or find_faces(picture)


def face_score(image: ImageSource) -> float:
    """How clearly the detector sees an upright face at one look: its highest score, above 0 for a face and never below -1.

    For comparisons of many portraits: it takes a small part of the time of `find_faces`, which looks many times, and says how near a face
    that was missed came to being found.
    """
    picture = open_picture(image).convert("L")
    _, scores, _ = _detector().run(np.asarray(_resized(picture, SMALLEST)), 0, -1.0)
    return max(scores, default=-1.0)


def choose(faces: list[Face], face: Choice, picture: Image.Image) -> Face:
    """The face that is meant, of those that were found in the picture. Raises NoFaceError, SeveralFacesError, StyleclipError."""
    if not faces:
        raise NoFaceError(_no_face(picture))
    if face == "largest":
        return faces[0]
    if face is None:
        if len(faces) == 1:
            return faces[0]
        where = "; ".join(f"{number}: {one}" for number, one in enumerate(faces))
        raise SeveralFacesError(f"{len(faces)} faces were found ({where}): choose one by its number, such as face=0, "
                                'or face="largest" (on the command line --face 0, --face largest).', faces)
    if isinstance(face, int) and 0 <= face < len(faces):
        return faces[face]
    count = "1 face was" if len(faces) == 1 else f"{len(faces)} faces were"
    raise StyleclipError(f'There is no face {face!r}: {count} found, numbered from 0; give such a number or "largest".')


def _turned(picture: Image.Image, longer: int, smallest: int) -> list[Face]:
    """The clear faces in a grey picture that are not upright."""
    return [face for turn in TURNS[1:] for face in _search(picture, longer, turn, smallest) if face.score >= CLEAR_TURNED]


def _search(picture: Image.Image, longer: int, turn: int, smallest: int) -> list[Face]:
    """The faces in a grey picture that is brought to this longer side and turned, from so many pixels there on."""
    small = _resized(picture, longer)
    scale = max(small.size) / max(picture.size)
    turned = small.rotate(turn, Image.Resampling.BICUBIC, expand=True, fillcolor=128)
    faces, shape = [], (np.array(small.size), np.array(turned.size))
    for center, width, score in _detections(turned, int(smallest == 40)):
        (x, y), half = (_turned_back(center - shape[1] / 2, turn) + shape[0] / 2) / scale, width / scale / 2
        faces.append(_confirmed(picture, Face(float(x - half), float(y - half), float(x + half), float(y + half), score, turn)))
    return faces


def _resized(picture: Image.Image, longer: int) -> Image.Image:
    """The picture with a longer side of at least `SMALLEST` and at most so many pixels."""
    scale = min(max(max(picture.size), SMALLEST), longer) / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture if scale == 1 else picture.resize(size, Image.Resampling.LANCZOS)


def _confirmed(picture: Image.Image, face: Face) -> Face:
    """The face as it is seen in several turns of the picture: their average, weighted by the scores."""
    width, around = 110, 1.5 * face.width  # pixels of the box in the pictures that are looked at, well above the detector's 80
    cut = picture.crop(tuple(np.concatenate([face.center - around, face.center + around]).round().astype(int).tolist()))
    cut = cut.resize((3 * width, 3 * width), Image.Resampling.LANCZOS)
    detections = []
    for more in AROUND:
        there = [(score, _turned_back(center - 1.5 * width, face.turn + more), wide, more)
                 for center, wide, score in _detections(cut.rotate(face.turn + more, Image.Resampling.BICUBIC), 0)
                 if np.abs(center - 1.5 * width).max() < width / 2 and 0.5 < wide / width < 1.6]
        detections += [max(there, key=lambda one: one[0])] if there else []
    if not detections:
        return replace(face, score=min(face.score, 0.01))
    scores, moves, widths, turns = (np.array(values) for values in zip(*detections))
    scale = face.width / width
    x, y = (face.center + np.average(moves, axis=0, weights=scores) * scale).tolist()
    half, turn = float(np.average(widths, weights=scores)) * scale / 2, float(np.average(turns, weights=scores))
    return Face(x - half, y - half, x + half, y + half, float(scores.sum()) / SEEN_IN, face.turn + turn)


def _detections(picture: Image.Image, upsample: int) -> list[tuple[np.ndarray, int, float]]:
    """What the detector sees in a grey picture: center [2], width, score."""
    boxes, scores, _ = _detector().run(np.asarray(picture), upsample, 0.0)
    return [(np.array([box.left() + box.right(), box.top() + box.bottom()]) / 2, box.width(), score) for box, score in zip(boxes, scores)]


def _turned_back(offset: np.ndarray, turn: float) -> np.ndarray:
    """An offset [2] from the middle of a picture that was turned by so many degrees counter-clockwise, in the picture as it was."""
    x, y = offset
    cos, sin = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    return np.array([cos * x - sin * y, sin * x + cos * y])


def _without_doubles(faces: list[Face]) -> list[Face]:
    """One detection for each face, the one of the highest score, where a face was seen in several turns or sizes."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: -face.score):
        if all(np.hypot(*(face.center - other.center)) > max(face.width, other.width) / 2 for other in kept):
            kept.append(face)
    return kept


def _no_face(picture: Image.Image) -> str:
    width, height = picture.size
    if max(width, height) < SMALL:
        return f"No face was found: the picture has only {width} x {height} pixels, take a larger one."
    if picture.info.get("animated"):
        return (f"No face was found in the first frame ({width} x {height} pixels), and no other frame was looked at: "
                "save the frame that shows the face as a picture of its own.")
    return (f"No face was found in this picture of {width} x {height} pixels: take one in which a face "
            "looks towards the camera and is not covered, stretched or small; or crop closer to it.")


@lru_cache(maxsize=1)
def _detector():
    return dlib.get_frontal_face_detector()  # pyright: ignore[reportAttributeAccessIssue] (dlib has no types)
