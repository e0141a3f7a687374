"""The faces of the studio: plain dictionaries that say where a face comes from, its latent code, and the Python that makes it again.

A face is one of

    {"seed": 7, "truncation_psi": 0.7}                            invented
    {"portrait": "anna"}                                          a picture of data/images, inverted
    {"file": "me.jpg", "face": 0}                                 a picture of one's own; face: its number, None for the whole picture
    {"mixed": [face, face], "layers": [4, 12]}                    the first, with these layers (from, up to) of the second
    {"blended": [face, face, ...], "weights": [0.5, 0.5, ...]}    a weighted sum
    {"edited": face, "edit": edit}                                the result of an edit; see `studio_edits`
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import torch
from PIL import Image

from ...errors import StyleclipError
from ...images import from_pil, load_image, open_picture
from ...inversion.invert import invert
from ...models import Models
from ...paths import data_folder
from ...photos.loading import align_face

Recipe = dict
"""A face, or an edit, as a dictionary that JSON can hold."""

Watch = Callable[[int, torch.Tensor], bool | None]
"""Gets the number of a step and its picture; True ends the work, and the best so far is taken."""

STEPS = 60
"""Steps of an inversion in the studio: seconds, not tens of seconds."""


def portraits() -> dict[str, Path]:
    """The pictures of the gallery, by name."""
    return {path.stem: path for path in sorted((data_folder() / "images").glob("*.png"))}


class Faces:
    """Latent codes for faces. What took seconds is remembered; pictures of one's own are in `files`, by name."""

    def __init__(self, models: Models):
        self.models = models
        self.files: dict[str, Image.Image] = {}
        self._found: dict[str, torch.Tensor] = {}

    def picture(self, face: Recipe) -> torch.Tensor:
        """The picture that is inverted, [1, 3, R, R]. Raises StyleclipError if it is not there, or has no such face."""
        size = self.models.generator.img_resolution
        if "portrait" in face:
            if face["portrait"] not in portraits():
                raise StyleclipError(f"The gallery has no '{face['portrait']}', only {', '.join(portraits())}.")
            source = open_picture(portraits()[face["portrait"]])
            return from_pil(source.resize((size, size), Image.Resampling.LANCZOS))
        if face["file"] not in self.files:
            raise StyleclipError(f"This needs the picture '{face['file']}': upload it first.")
        source = self.files[face["file"]]
        if face["face"] is None:
            return from_pil(source.resize((size, size), Image.Resampling.LANCZOS))
        return load_image(align_face(source, size=size, face=face["face"], domain=self.models.folder))

    def guess(self, face: Recipe) -> torch.Tensor | None:
        """The encoder's quick guess for a face that has to be inverted, [1, num_ws, w_dim]; None for all others."""
        if not is_picture(face) or self.known(face):
            return None
        return invert(self.models, self.picture(face), steps=0, progress=False).w_plus

    def known(self, face: Recipe) -> bool:
        """Whether a face was inverted before."""
        return _key(face) in self._found

    def invert(self, face: Recipe, watch: Watch | None = None) -> torch.Tensor:
        """The latent code of a picture, [1, num_ws, w_dim]; takes seconds the first time. If it was ended early, it is not remembered."""
        if self.known(face):
            return self._found[_key(face)]
        ended = False

        def look(step: int, image: torch.Tensor) -> bool | None:
            nonlocal ended
            ended = bool(watch and watch(step, image))
            return ended

        w_plus = invert(self.models, self.picture(face), steps=STEPS, on_step=look, progress=False).w_plus
        if not ended:
            self._found[_key(face)] = w_plus
        return w_plus


def is_picture(face: Recipe) -> bool:
    """Whether the face has to be inverted."""
    return "portrait" in face or "file" in face


def described(face: Recipe) -> str:
    """A face in a few words."""
    if "seed" in face:
        return f"seed {face['seed']}"
    if is_picture(face):
        return face.get("portrait") or face["file"]
    if "mixed" in face:
        first, last = face["layers"]
        return f"{described(face['mixed'][0])} with layers {first} to {last - 1} of {described(face['mixed'][1])}"
    if "edited" in face:
        return f"{described(face['edited'])}, edited"
    return " + ".join(f"{weight:.2f} {described(one)}" for one, weight in zip(face["blended"], face["weights"]))


def _key(face: Recipe) -> str:
    return json.dumps(face, sort_keys=True)
