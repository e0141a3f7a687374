"""The 68 points of a face in a photograph, however it is tilted.

The landmark model belongs to the domain: the portraits have one of their own, ffhq has dlib's, which is downloaded.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from ..framing import face_quad
from ..images import ImageSource, open_picture
from ..paths import data_folder
from ..weights.domain import file_path, read_index, sources
from ..weights.downloads.official import landmark_file
from ..weights.downloads.registry import is_official
from .detection import Face, choose, find_faces
from .landmarks import Predictor, predict, predict_mirrored, read_predictor

FACE_WIDTH = 96
"""The landmark model learns from pictures in which the face's box is about so many pixels wide."""

READ_AT = (80, 96, 115)
"""The landmarks are read in pictures in which the box has these widths, as they are and mirrored; the median counts.
A domain whose model learnt from faces of another size names other widths in its `domain.json`."""

READINGS = 2
"""A model reads upright faces best, so the face is turned by the tilt that was read, and read again. With the portraits' model the tilt
depends by 0.5 degrees on the picture's then, 1.5 at most, and by 0.7 and 2.6 after one reading; a third one does not help."""

ALIGNED = 0.05
"""A picture is aligned if the corners of its face's square lie nearer to its own than this, in sides: a tilt of 4 degrees, or a shift by
a 20th. Fifteen crops of five photographs, read again by dlib's model, lie at 0.005 at most. A domain whose pictures are aligned
less exactly, or read so, says it in its `domain.json`: of 55 portraits of 128 pixels half lie within 0.09, and nine in ten within 0.14."""


def face_landmarks(image: ImageSource, face: Face | None = None, domain: Path | None = None) -> np.ndarray:
    """The 68 points of a face, float64 [68, 2]: x and y in the picture's pixels, in the order of iBUG 300-W.

    ``face`` is by default the one in the picture; ``domain`` is the folder of the domain whose landmark model is used
    (the portraits' where it has none). Raises as ``align_face`` does.
    """
    picture = open_picture(image)
    face = face or choose(find_faces(picture), None, picture)
    folder = _landmark_domain(domain)
    entry = _landmark_entry(folder)
    predictor = _predictor(landmark_file(folder) if is_official(entry) else file_path(folder, "landmarks"))
    usual, widths = entry["config"].get("box"), entry["config"].get("widths", READ_AT)
    usual = usual and np.array(usual)
    for _ in range(READINGS):
        points = np.median([points for width in widths for points in _read(picture, face, width, predictor, usual)], axis=0)
        face = replace(face, turn=tilt(points))
    return points


def tilt(points: np.ndarray) -> float:
    """By how many degrees, counter-clockwise, a picture has to be turned for the crop of a face with these landmarks to be upright."""
    top_left, _, _, top_right = face_quad(points)
    x, y = top_right - top_left
    return float(np.degrees(np.arctan2(y, x)))


def domain_framing(folder: Path) -> float:
    """How much wider than FFHQ's crop the faces of a domain are framed (1 where the domain does not say)."""
    return float(_landmark_entry(sources(folder).get("landmarks", folder))["config"].get("framing", 1.0))


def domain_alignment(folder: Path) -> float:
    """How near to the corners of a picture those of its face's square lie if it is aligned already, on average and in sides."""
    return float(_landmark_entry(_landmark_domain(folder))["config"].get("aligned", ALIGNED))


def _read(picture, face, width, predictor, usual) -> list[np.ndarray]:
    """Two readings of the landmarks, in the picture's pixels: of the face turned upright so that its box has this width, and mirrored."""
    scale = width / face.width
    around = 1.5 * face.width  # so that the whole head is in it
    left, top = (round(v) for v in face.center - around)
    right, bottom = (round(v) for v in face.center + around)
    cut = picture.crop((left, top, right, bottom)).convert("L")
    size = max(1, round(cut.width * scale)), max(1, round(cut.height * scale))
    middle = (face.center - (left, top)) * scale
    pixels = np.asarray(cut.resize(size, Image.Resampling.LANCZOS)
                        .rotate(face.turn, Image.Resampling.BICUBIC, center=tuple(middle.tolist())))
    box = np.concatenate([middle - width / 2, middle + width / 2])
    angle = np.deg2rad(face.turn)
    back = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])  # of rows: x y -> turned
    readings = predict(predictor, pixels, box, usual), predict_mirrored(predictor, pixels, box, usual)
    return [((points + 0.5 - middle) @ back + middle) / scale - 0.5 + (left, top) for points in readings]


def _landmark_domain(domain: Path | None) -> Path:
    """The domain itself, or the one it is like, if that has a landmark model, else the portraits'."""
    homes = {} if domain is None else sources(domain)
    return homes.get("landmarks", data_folder() / "models" / "portraits")


def _landmark_entry(folder: Path) -> dict:
    """What a domain says of its landmark model, with "config" in any case."""
    return {"config": {}, **read_index(folder)["files"].get("landmarks", {})}


@lru_cache(maxsize=2)
def _predictor(path: Path) -> Predictor:
    return read_predictor(path)
