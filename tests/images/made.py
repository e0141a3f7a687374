"""Pictures made for these tests."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image


def picture(width: int = 6, height: int = 4) -> Image.Image:
    """A small RGB picture in which every pixel is different."""
    values = np.arange(width * height * 3, dtype=np.uint8).reshape(height, width, 3)
    return Image.fromarray(values * 3)


def encoded(image: Image.Image, kind: str = "PNG", **settings) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def postscript(canary) -> bytes:
    """A picture in PostScript that writes a file when it is run."""
    return (f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n({canary}) (w) file closefile\n"
            "showpage\n%%EOF\n").encode()
