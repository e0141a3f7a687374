"""From a picture to an aligned face: detected once, upright, and at the generator's resolution."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from PIL import Image, ImageOps

from ..errors import StyleclipError
from ..framing import face_quad, quad_side
from ..images import ImageSource, from_pil, open_picture, open_upright
from ..weights.domain import read_index
from .alignment import crop_quad
from .detection import Choice, Face, choose, find_faces
from .face_points import domain_alignment, domain_framing, face_landmarks
from .pasting import paste_back

if TYPE_CHECKING:
    import torch

    from ..models import Models

Align = Literal["auto", "always", "never"]

@dataclass(frozen=True)
class Photo:
    """An aligned face, and the picture that it comes from.

    crop      the aligned face, RGB, R x R pixels, R being the generator's resolution
    original  the whole picture, upright, in its original mode
    quad      the square that was cropped, [4, 2], x and y in the original's pixels; None if the picture was taken whole
    box       the detected face; None if none was looked for or detected
    notes     remarks for the user, a sentence each
    """

    crop: Image.Image
    original: Image.Image
    quad: np.ndarray | None = None
    box: Face | None = None
    notes: tuple[str, ...] = ()

    @property
    def image(self) -> torch.Tensor:
        """The crop as a tensor [1, 3, R, R] in [-1, 1]."""
        return from_pil(self.crop)

    @property
    def box_in_crop(self) -> Face | None:
        """The face's box in the crop; None if nothing was cropped."""
        if self.quad is None or self.box is None:
            return None
        down, across = self.quad[1] - self.quad[0], self.quad[3] - self.quad[0]
        scale = self.crop.width / quad_side(self.quad)
        from_corner = (self.box.center - self.quad[0]) * scale
        x, y = (float(from_corner @ side / np.hypot(*side)) for side in (across, down))
        half = self.box.width * scale / 2
        return Face(x - half, y - half, x + half, y + half, self.box.score)

    def paste_back(self, edited: torch.Tensor) -> Image.Image:
        """The original with the edited face [1, 3, R, R] in [-1, 1] pasted back. Raises StyleclipError if it was taken whole."""
        if self.quad is None:
            raise StyleclipError("The face cannot be pasted back, because the picture was taken whole: save the face itself, "
                                 "or have it cropped with align=\"always\" (on the command line --align always).")
        return paste_back(self.original, edited, self.quad)


def load_face(models: Models, picture: ImageSource, *, align: Align = "auto", face: Choice = None) -> Photo:
    """The face in a picture, aligned and resized for the models' generator. Everything that reads photographs uses this function.

    picture  anything that `load_image` accepts
    align    "auto" crops the face out, unless the picture is already an aligned face; "always" crops it out in any case;
             "never" takes the largest central square
    face     which one, if there are several: its number, 0 being the largest, or "largest"

    Raises NoFaceError (but with "auto" a picture of exactly the generator's size without a face is taken whole, and a note says so),
    SeveralFacesError, and StyleclipError for anything but a picture, or a wrong face number.
    """
    if align not in ("auto", "always", "never"):
        raise StyleclipError(f'align must be "auto", "always" or "never", not {align!r}.')
    original = open_upright(picture)
    shown, side = open_picture(original), models.generator.img_resolution
    if align == "never":
        return _whole(original, shown, side)
    faces = find_faces(shown)
    return _cropped(models, original, shown, choose(faces, face, shown), align) if faces else _faceless(original, shown, side, align)


def load_faces(models: Models, picture: ImageSource) -> list[Photo]:
    """Every face in a picture, the largest first, as from `load_face`. Raises as `load_face` does, except for several faces."""
    original = open_upright(picture)
    shown = open_picture(original)
    faces = find_faces(shown)
    if not faces:
        return [_faceless(original, shown, models.generator.img_resolution, "auto")]
    return [_cropped(models, original, shown, box, "auto") for box in faces]


def align_face(
    image: ImageSource,
    size: int = 256,
    *,
    face: Choice = None,
    landmarks: np.ndarray | None = None,
    framing: float | None = None,
    domain: Path | None = None,
) -> Image.Image:
    """Finds the face in a picture and crops it like the pictures of FFHQ: upright, with level eyes.

    image      anything that ``load_image`` accepts
    size       side of the crop in pixels, 16 to 4096
    face       which one, if there are several: its number, 0 being the largest, or "largest"
    landmarks  [68, 2], x and y in the picture's pixels, instead of detecting a face
    framing    side of the crop relative to FFHQ's; by default the domain's framing, or 1 without a domain
    domain     folder of the domain for which to crop (``models.folder``), with its landmark model and its framing;
               without one, the landmark model of the portraits and FFHQ's framing

    Raises NoFaceError; SeveralFacesError, which lists them, if there are several and none was chosen; and StyleclipError for anything
    but a picture, or a wrong face number.
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
    """The square that ``align_face`` cuts out, as from ``alignment.face_quad``: [4, 2], x and y in the upright picture's pixels.

    ``alignment.crop_quad`` cuts it out, and ``pasting.paste_back`` puts an edited face back into it. Arguments and errors as above.
    """
    if framing is None:
        framing = 1.0 if domain is None else domain_framing(domain)
    if not 0.2 <= framing <= 5:
        raise StyleclipError(f"The framing must lie between 0.2 and 5 (1 is FFHQ's), not {framing}.")
    picture = open_picture(image)
    if landmarks is None:
        landmarks = face_landmarks(picture, choose(find_faces(picture), face, picture), domain)
    return face_quad(_checked(landmarks, picture.size), framing)


def is_aligned(quad: np.ndarray, size: tuple[int, int], within: float) -> bool:
    """Whether a picture of this size is already aligned: a square that nearly coincides with the one that would be cropped."""
    return size[0] == size[1] and distance_of_corners(quad, size[0]) < within


def distance_of_corners(quad: np.ndarray, side: int) -> float:
    """The mean distance between the corners of a face's square and those of a square picture, as a share of the picture's side."""
    corners = np.array([[0, 0], [0, side], [side, side], [side, 0]]) - 0.5
    return float(np.hypot(*(quad - corners).T).mean()) / side


def _cropped(models: Models, original: Image.Image, shown: Image.Image, box: Face, align: Align) -> Photo:
    """The face in a box; shown: the original in RGB."""
    side = models.generator.img_resolution
    quad = face_quad(face_landmarks(shown, box, models.folder), domain_framing(models.folder))
    if align == "auto" and is_aligned(quad, shown.size, domain_alignment(models.folder)):
        return _whole(original, shown, side, box)
    halved = "The picture is so large that it was read at half its size." if original.info.get("halved") else None
    notes = tuple(filter(None, [read_index(models.folder).get("photographs"), halved]))
    return Photo(crop_quad(shown, quad, side), original, quad, box, notes)


def _faceless(original: Image.Image, shown: Image.Image, side: int, align: Align) -> Photo:
    """A picture in which no face was found, taken whole if it has exactly the generator's size. Raises NoFaceError."""
    if align != "auto" or original.size != (side, side):
        choose([], None, shown)
    note = "No face was found, so the picture is taken whole, as it has exactly the generator's size."
    return _whole(original, shown, side, notes=(note,))


def _checked(landmarks: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Given landmarks as float64. Raises StyleclipError unless they are 68 points of a face in the picture."""
    points = np.asarray(landmarks, dtype=np.float64)
    if points.shape != (68, 2) or not np.isfinite(points).all():
        raise StyleclipError(f"Landmarks are 68 points, [68, 2], not an array of shape {list(points.shape)}."
                             if points.shape != (68, 2) else "Some landmarks are not finite numbers: check them.")
    eyes, mouth = points[36:48], points[48:60]
    if np.ptp(points[36:60], axis=0).max() < 2 or np.hypot(*(eyes.mean(0) - mouth.mean(0))) < 1:
        raise StyleclipError("All landmarks lie at the same place: check them.")
    if not ((points.mean(0) >= 0) & (points.mean(0) <= size)).all():
        raise StyleclipError("The landmarks lie outside the picture: they must be given in its pixels.")
    return points


def _whole(original: Image.Image, shown: Image.Image, side: int, box: Face | None = None, notes: tuple[str, ...] = ()) -> Photo:
    """The picture itself, resized to the generator's resolution; if it is not square, its central square."""
    return Photo(ImageOps.fit(shown, (side, side), Image.Resampling.LANCZOS), original, box=box, notes=notes)
