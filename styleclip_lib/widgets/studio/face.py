"""The studio's tab for the face: invented, from the gallery, or a picture of one's own."""

from __future__ import annotations

import random
from functools import partial

import ipywidgets
from PIL import Image

from ...editing.faces import portraits
from ...editing.sources import File, Portrait, Seed, Source
from ...images import open_picture
from ...photos.loading import Photo, load_faces
from ..toolkit.controls import button, note, picture, row, switch, upload
from ..toolkit.form import Form
from ..toolkit.stage import png
from ..toolkit.uploads import marked, take_uploads
from .scenes import Scene
from .session import Session

MOST_FACES = 4
"""Faces of one picture that are offered."""

THUMB = 84
"""Pixels of a face to choose."""


class FaceTab:
    """A seed and truncation, or a portrait of the gallery, or an uploaded picture and a face in it."""

    def __init__(self, session: Session):
        self.session = session
        self.source = switch(["invented", "gallery", "own picture"], "Where the face comes from")
        self.form = Form(Seed, self._invent)
        self.another = button("Another face", self._another, "A seed by chance", icon="random")
        self.upload = upload("Choose a picture", "image/*", "A photograph with one face or several, or a picture in the generator's size")
        self.preview, self.crops = picture(300, 190), row()
        told = note("It stays in the memory of the kernel: nothing is sent on, and the notebook does not keep it.")
        own = ipywidgets.VBox([row(self.upload), told, row(self.preview), self.crops])
        gallery = row(*(self._card(open_picture(path), name, Portrait(name=name), f"Invert the portrait of {name}")
                        for name, path in portraits().items()))
        self.pages = {"invented": ipywidgets.VBox([self.form.box, row(self.another)]), "gallery": gallery, "own picture": own}
        self.page = ipywidgets.VBox([self.pages["invented"]])
        self.box = ipywidgets.VBox([note("Take a face. Edits stay when the face changes."), self.source, self.page])
        self.source.observe(lambda change: setattr(self.page, "children", [self.pages[change["new"]]]), names="value")
        self.upload.observe(lambda _: self._uploaded(), names="value")
        session.on_follow(self._follow)

    def _follow(self, scene: Scene) -> None:
        """Sets seed and truncation to those of an invented face."""
        self.form.set(scene.face)
        if isinstance(scene.face, Seed):
            self.source.value = "invented"

    def _card(self, face: Image.Image, label: str, source: Source, help: str) -> ipywidgets.Widget:
        """A small face, and a button that takes it."""
        thumb = picture(THUMB, THUMB)
        thumb.value = png(face.resize((THUMB, THUMB)))
        take = button(label, partial(self.session.change_face, source), help)
        take.layout.width = f"{THUMB}px"
        return ipywidgets.VBox([thumb, take], layout=ipywidgets.Layout(margin="2px"))

    def _invent(self) -> None:
        self.session.stage.attempt(lambda: self.session.change_face(self.form.value))

    def _another(self) -> None:
        self.form.parts["seed"].value = random.randrange(1000)

    def _uploaded(self) -> None:
        files = take_uploads(self.upload)
        if files:
            self.session.run(lambda: self._offer(*files[0]), "Looking for faces ...", "upload")

    def _offer(self, name: str, content: bytes) -> None:
        """In the worker: finds the faces, once for all that follows, and offers them."""
        photos = load_faces(self.session.models, content)
        self.session.renderer.take_photos(name, photos)
        self.preview.value = png(marked(photos))
        offered = [(photo.crop, *self._offered(name, number, photo)) for number, photo in enumerate(photos[:MOST_FACES])]
        self.crops.children = [self._card(*one) for one in offered]
        count = f"{len(photos)} {'face was' if len(photos) == 1 else 'faces were'} found, the largest first: choose one."
        self.session.stage.say(" ".join(["The picture is taken whole: use it." if photos[0].quad is None else count, *photos[0].notes]))

    @staticmethod
    def _offered(name: str, number: int, photo: Photo) -> tuple[str, Source, str]:
        """What stands on the button below a face, which face that is, and the button's help."""
        if photo.quad is None:
            return "Use it", File(name=name), "Invert this picture"
        return f"Face {number + 1}", File(name=name, face=number), "Invert this face, as it was aligned"
