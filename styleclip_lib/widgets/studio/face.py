"""The studio's tab for the face: invented, from the gallery, or a picture of one's own."""

from __future__ import annotations

import io
import random

import ipywidgets

from ...editing.faces import portraits
from ...editing.sources import File, Portrait, Seed
from ...images import open_picture
from ...photos.loading import load_faces
from ..toolkit.controls import button, note, picture, row, upload
from ..toolkit.form import Form
from ..toolkit.stage import png
from ..toolkit.thumbnails import Thumbnails
from ..toolkit.uploads import marked, take_uploads
from .scenes import Scene
from .session import Session

MOST_FACES = 4
"""Faces of one picture that are offered."""

THUMB = 80
"""Pixels of a face to choose."""


class FaceTab:
    """A seed and truncation, or a portrait of the gallery, or an uploaded picture and a face in it."""

    def __init__(self, session: Session):
        self.session = session
        self.form = Form(Seed, self._invent)
        self.another = button("Another face", self._another, "A seed by chance", icon="random")
        self._portraits, self._offered = [Portrait(name=name) for name in portraits()], []
        self.gallery = Thumbnails(len(self._portraits), THUMB, lambda number: session.change_face(self._portraits[number]))
        self.gallery.show([(open_picture(path), name, f"Invert the portrait of {name}") for name, path in portraits().items()])
        self.upload = upload("Choose a picture", "image/*", "A photograph with one face or several, or a picture in the generator's size")
        self.preview, self.crops = picture(0, 0), Thumbnails(MOST_FACES, THUMB, lambda number: session.change_face(self._offered[number]))
        told = note("A picture of your own stays in the memory of the kernel: nothing is sent on, and the notebook does not keep it.")
        self.box = ipywidgets.VBox([note("Take another face; the edit stays."), self.form.box, self.gallery.box, row(self.upload, told),
                                    row(self.preview, self.crops.box)])
        self.upload.observe(lambda _: self._uploaded(), names="value")
        session.on_follow(self._follow)

    def _follow(self, scene: Scene) -> None:
        """Sets seed and truncation to those of an invented face."""
        self.form.set(scene.face)

    def _invent(self) -> None:
        self.session.stage.attempt(lambda: self.session.change_face(self.form.value))

    def _another(self) -> None:
        seed = self.form.parts["seed"]
        seed.value = (seed.value + random.randrange(1, 1000)) % 1000  # never the same once more

    def _uploaded(self) -> None:
        files = take_uploads(self.upload)
        if files:
            self.session.run(lambda: self._offer(*files[0]), "Looking for faces ...", "upload")

    def _offer(self, name: str, content: bytes) -> None:
        """In the worker: finds the faces, once for all that follows, and offers them."""
        file = io.BytesIO(content)
        file.name = name  # for messages
        photos = load_faces(self.session.models, file)
        self.session.renderer.take_photos(name, photos)
        self.preview.value, self.preview.layout.width, self.preview.layout.height = png(marked(photos)), "300px", "190px"
        self._offered = [File(name=name) if photo.quad is None else File(name=name, face=number) for number, photo in enumerate(photos)]
        whole = photos[0].quad is None
        words = [("Use it", "Invert this picture")] if whole else [(f"Face {number + 1}", "Invert this face, as it was aligned")
                                                                   for number in range(len(photos))]
        self.crops.show([(photo.crop, *said) for photo, said in zip(photos, words)])
        count = f"{len(photos)} {'face was' if len(photos) == 1 else 'faces were'} found, the largest first: choose one."
        self.session.stage.say(" ".join(["The picture is taken whole: use it." if whole else count, *photos[0].notes]))
