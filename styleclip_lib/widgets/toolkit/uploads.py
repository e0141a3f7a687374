"""Pictures that somebody hands to a FileUpload, of ipywidgets 7 and 8 alike, and the faces in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import ipywidgets
from PIL import Image, ImageDraw, ImageFont

from ...images import open_picture
from ...models import Models
from ...photos.detection import Face, choose, find_faces
from ...photos.loading import align_face

COLORS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#17becf")


@dataclass
class Upload:
    """A picture of one's own.

    name      of its file
    original  upright, RGB
    marked    the same, small, with a numbered box around every face
    crops    the aligned faces in it, the largest first; the picture itself where it has the generator's size and needs no crop
    whole    whether it needs no crop
    """

    name: str
    original: Image.Image
    marked: Image.Image
    crops: list[Image.Image]
    whole: bool


def take_uploads(upload: ipywidgets.FileUpload) -> list[tuple[str, bytes]]:
    """The names and contents of what was uploaded, which the widget then forgets, so that no notebook ever saves it.

    ipywidgets 8 has a tuple of records there, 7 a dictionary by name.
    """
    if isinstance(upload.value, Mapping):
        files = [(name, bytes(file["content"])) for name, file in upload.value.items()]
        upload.data, upload.metadata = [], []
        upload.set_trait("value", {})
        upload._counter = 0
    else:
        files = [(file["name"], bytes(file["content"])) for file in upload.value]
        upload.value = ()
    return files


def read_upload(models: Models, name: str, content: bytes) -> Upload:
    """Finds the faces. Raises StyleclipError for what is no picture, or has no face."""
    picture = open_picture(content)
    size = models.generator.img_resolution
    if picture.size == (size, size):
        return Upload(name, picture, picture, [picture], whole=True)
    faces = find_faces(picture)
    if not faces:
        choose(faces, None, picture)  # raises, and says what would help
    crops = [align_face(picture, size, face=number, domain=models.folder) for number in range(len(faces))]
    return Upload(name, picture, marked(picture, faces), crops, whole=False)


def marked(picture: Image.Image, faces: list[Face]) -> Image.Image:
    """The picture, made small, with a numbered box around every face."""
    small = picture.copy()
    small.thumbnail((480, 320), Image.Resampling.LANCZOS)
    scale = small.width / picture.width
    pen, font = ImageDraw.Draw(small), ImageFont.load_default(size=24)
    for number, face in enumerate(faces):
        color = COLORS[number % len(COLORS)]
        box = [round(side * scale) for side in (face.left, face.top, face.right, face.bottom)]
        pen.rectangle(box, outline=color, width=3)
        words = {"xy": (box[0] + 4, box[1] + 2), "text": str(number + 1), "font": font}
        pen.rectangle(pen.textbbox(**words), fill=color)
        pen.text(**words, fill="white")
    return small
