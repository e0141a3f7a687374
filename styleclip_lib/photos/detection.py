"""Finding the faces of a photograph, their landmarks, and the crop that every model here wants.

All of it is dlib's: a detector of frontal faces (histograms of oriented gradients; it comes with dlib) and a shape
predictor (Kazemi and Sullivan 2014), whose 68 points tell how a face is turned. The predictor is the domain's: the portraits
have one of their own, ffhq has dlib's, which is downloaded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import dlib
import numpy as np
from PIL import Image

from ..errors import StyleclipError
from ..framing import face_quad
from ..images import ImageSource, open_picture
from ..paths import data_folder
from ..weights.domain import file_path, read_index, sources
from ..weights.downloads.official import landmark_file
from ..weights.downloads.registry import is_official
from .alignment import crop_quad
from .landmarks import predict, predict_mirrored

SMALLEST, LARGEST = 512, 1024
"""Faces are searched in the picture brought to a longer side of at least and at most so many pixels."""

CLEAR = 0.3
"""Beside a detection of score s, another one counts as a face if its score is at least 0.3 · min(1, s)."""

FACE_WIDTH = 96
"""The landmark model learns from pictures in which the face's box is about so many pixels wide."""

READ_AT = (80, 96, 115)
"""The landmarks are read in pictures in which the box has these widths, as they are and mirrored; the median counts.
A domain whose model learnt from faces of another size names other widths in its `domain.json`."""

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
    """A face's box, in pixels of the picture, and how sure the detector is (above 0; 1 and more is a clear face)."""

    left: float
    top: float
    right: float
    bottom: float
    score: float

    @property
    def width(self) -> float:
        return self.right - self.left

    def __str__(self) -> str:
        return f"x {self.left:.0f} to {self.right:.0f}, y {self.top:.0f} to {self.bottom:.0f}"


def align_face(
    image: ImageSource,
    size: int = 256,
    *,
    face: Choice = None,
    landmarks: np.ndarray | None = None,
    framing: float | None = None,
    domain: Path | None = None,
) -> Image.Image:
    """Finds the face in a picture and crops it as the FFHQ pictures are cropped, upright, eyes level.

    image      whatever ``load_image`` takes
    size       side of the crop in pixels, 16 to 4096
    face       which one, when there are several: its number, 0 being the largest, or "largest"
    landmarks  [68, 2], x and y in the picture's pixels, instead of looking for a face
    framing    side of the crop in sides of FFHQ's; by default what the domain's generator draws, 1 without a domain
    domain     folder of the domain that the crop is for (``models.folder``): its landmark model and its framing;
               without one, the landmark model of the portraits and FFHQ's framing

    Raises NoFaceError; SeveralFacesError, which says where they are, when there are several and none was chosen;
    and StyleclipError for what is not a picture or not a face's number.
    """
    if not 16 <= size <= 4096:
        raise StyleclipError(f"The crop's size must lie between 16 and 4096 pixels, not {size}.")
    picture = open_picture(image)
    return crop_quad(picture, find_quad(picture, face=face, landmarks=landmarks, framing=framing, domain=domain), size)


def find_quad(
    image: ImageSource,
    *,
    face: Choice = None,
    landmarks: np.ndarray | None = None,
    framing: float | None = None,
    domain: Path | None = None,
) -> np.ndarray:
    """The square that ``align_face`` cuts out, as ``cropping.face_quad`` gives it: [4, 2], x and y in the upright picture's pixels.

    ``cropping.crop_quad`` cuts it out, and ``pasting.paste_back`` puts an edited face back into it. Settings and errors: as above.
    """
    if framing is None:
        framing = 1.0 if domain is None else domain_framing(domain)
    if not 0.2 <= framing <= 5:
        raise StyleclipError(f"The framing must lie between 0.2 and 5 (1 is FFHQ's), not {framing}.")
    picture = open_picture(image)
    if landmarks is None:
        landmarks = face_landmarks(picture, choose(find_faces(picture), face, picture.size), domain)
    return face_quad(_checked(landmarks, picture.size), framing)


def find_faces(image: ImageSource) -> list[Face]:
    """The faces in a picture that look towards the camera, the largest first; an empty list if there are none.

    A picture whose longer side has more than 1024 pixels is searched at that size, one below 512 at 512; if nothing
    is found, once more at twice the size, where faces from 40 pixels on are seen. Detections that are far weaker than
    the strongest one (see ``CLEAR``) are patterns that happen to look like a face, and are left out.
    """
    picture = open_picture(image)
    longer = max(picture.size)
    scale = min(max(longer, SMALLEST), LARGEST) / longer
    search = picture if scale == 1 else picture.resize(_scaled(picture.size, scale), Image.Resampling.LANCZOS)
    pixels = np.asarray(search.convert("L"))
    for upsample in (0, 1):
        boxes, scores, _ = _detector().run(pixels, upsample, 0.0)
        if boxes:
            break
    enough = CLEAR * min(1.0, max(scores, default=0.0))
    faces = [Face(box.left() / scale, box.top() / scale, box.right() / scale, box.bottom() / scale, score)
             for box, score in zip(boxes, scores) if score >= enough]
    return sorted(faces, key=lambda face: -face.width)


def choose(faces: list[Face], face: Choice, size: tuple[int, int]) -> Face:
    """The face that is meant; ``size`` is the picture's, for the message."""
    if not faces:
        raise NoFaceError(_no_face(size))
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
    found = "1 face was" if len(faces) == 1 else f"{len(faces)} faces were"
    raise StyleclipError(f'There is no face {face!r}: {found} found, numbered from 0; give such a number or "largest".')


def face_landmarks(image: ImageSource, face: Face | None = None, domain: Path | None = None) -> np.ndarray:
    """The 68 points of a face, float64 [68, 2]: x and y in the picture's pixels, in the order of iBUG 300-W.

    ``face`` is by default the one in the picture; ``domain`` is the folder of the domain whose landmark model is used
    (the portraits' where it has none). Raises as ``align_face`` does.
    """
    picture = open_picture(image)
    face = face or choose(find_faces(picture), None, picture.size)
    folder = _landmark_domain(domain)
    entry = _landmark_entry(folder)
    predictor = _predictor(landmark_file(folder) if is_official(entry) else file_path(folder, "landmarks"))
    usual, widths = entry["config"].get("box"), entry["config"].get("widths", READ_AT)
    readings = [_read_points(picture, face, width, mirrored, predictor, usual and np.array(usual))
                for width in widths for mirrored in (False, True)]
    return np.median(readings, axis=0)


def _read_points(picture, face, width, mirrored, predictor, usual) -> np.ndarray:
    """One reading of the landmarks, in the picture's pixels, at one width of the face's box."""
    scale = width / face.width
    around = face.width  # on each side, so that the whole head is in it
    region = [round(v) for v in (face.left - around, face.top - around, face.right + around, face.bottom + around)]
    cut = picture.crop(region).convert("L")
    pixels = np.asarray(cut.resize(_scaled(cut.size, scale), Image.Resampling.LANCZOS))
    corner = np.array(region[:2])
    box = (np.array([face.left, face.top, face.right, face.bottom]) - np.tile(corner, 2)) * scale
    points = predict_mirrored(predictor, pixels, box, usual) if mirrored else predict(predictor, pixels, box, usual)
    return (points + 0.5) / scale - 0.5 + corner


def domain_framing(folder: Path) -> float:
    """How much wider than FFHQ's crop the faces of a domain are framed (1 where the domain does not say)."""
    return float(_landmark_entry(sources(folder).get("landmarks", folder))["config"].get("framing", 1.0))


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _no_face(size: tuple[int, int]) -> str:
    width, height = size
    if max(size) < 64:
        return f"No face was found: the picture has only {width} x {height} pixels, take a larger one."
    return (f"No face was found in this picture of {width} x {height} pixels: take one in which a face is upright, "
            "looks towards the camera, is not covered and is not small; or crop closer to it.")


def _checked(landmarks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Landmarks that were handed in, as float64; they must be 68 points that make up a face in the picture."""
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise StyleclipError(f"Landmarks are 68 points, [68, 2], not an array of shape {list(points.shape)}."
                             if points.shape != (68, 2) else "Some landmarks are not finite numbers: check them.")
    eyes, mouth = points[36:48], points[48:60]
    if np.ptp(points[36:60], axis=0).max() < 2 or np.hypot(*(eyes.mean(0) - mouth.mean(0))) < 1:
        raise StyleclipError("The landmarks lie in one place, so that they say nothing about a face: check them.")
    if not ((points.mean(0) >= 0) & (points.mean(0) <= size)).all():
        raise StyleclipError("The landmarks lie outside the picture: they must be given in its pixels.")
    return points


@lru_cache(maxsize=1)
def _detector():
    return dlib.get_frontal_face_detector()


def _landmark_domain(domain: Path | None) -> Path:
    """The domain itself, or the one it is like, if that has a landmark model, else the portraits'."""
    homes = {} if domain is None else sources(domain)
    return homes.get("landmarks", data_folder() / "models" / "portraits")


def _landmark_entry(folder: Path) -> dict:
    """What a domain says of its landmark model, with "config" in any case."""
    return {"config": {}, **read_index(folder)["files"].get("landmarks", {})}


@lru_cache(maxsize=2)
def _predictor(path: Path) -> dlib.shape_predictor:
    try:
        return dlib.shape_predictor(str(path))
    except RuntimeError as error:
        raise StyleclipError(f"{path} is not one of dlib's shape predictors: fetch it again.") from error
