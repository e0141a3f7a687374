"""Pictures that somebody hands to a FileUpload, of ipywidgets 7 and 8 alike, and the faces in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ipywidgets
from PIL import Image, ImageDraw, ImageFont

from ...images import open_picture
from ...photos.loading import Photo

COLORS = ("#d62728", "#1f77b4", "#2ca02c", "#ff7f0e", "#9467bd", "#17becf")


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


def marked(photos: Sequence[Photo]) -> Image.Image:
    """The picture of which these are the faces, made small, with a numbered box around each."""
    picture = open_picture(photos[0].original)
    small = picture.copy()
    small.thumbnail((480, 320), Image.Resampling.LANCZOS)
    scale = small.width / picture.width
    pen, font = ImageDraw.Draw(small), ImageFont.load_default(size=24)
    for number, photo in enumerate(photos):
        if photo.quad is None:  # it is taken whole
            continue
        color, face = COLORS[number % len(COLORS)], photo.box
        box = [round(side * scale) for side in (face.left, face.top, face.right, face.bottom)]
        pen.rectangle(box, outline=color, width=3)
        words = {"xy": (box[0] + 4, box[1] + 2), "text": str(number + 1), "font": font}
        pen.rectangle(pen.textbbox(**words), fill=color)
        pen.text(**words, fill="white")
    return small
