"""The studio's tab for the face: invented, from the gallery, or a picture of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from ...images import open_picture
from ..lessons.generator import PSI
from ..toolkit.controls import button, note, picture, row, slider, switch, upload
from ..toolkit.stage import png
from ..toolkit.uploads import Upload, read_upload, take_uploads
from .faces import portraits
from .pick import another_seed
from .state import Scene

if TYPE_CHECKING:
    from .studio import Studio

MOST_FACES = 4
"""Faces of one picture that are offered."""


class FaceTab:
    """A seed and truncation, or a portrait of the gallery, or an uploaded picture and a face in it."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.source = switch(["invented", "gallery", "own picture"], "Where the face comes from")
        self.seed = slider("seed", 1, 0, 999, 1, "The same seed gives the same face on every machine")
        self.psi = slider("truncation psi", 0.7, -1, 1.5, 0.05, PSI)
        self.another = button("Another face", self._another, "A seed by chance", icon="random")
        self.upload = upload("Choose a picture", "image/*", "A photograph with one face or several, or a picture in the generator's size")
        self.preview, self.crops = picture(300, 190), row()
        told = note("It stays in the memory of the kernel: nothing is sent on, and the notebook does not keep it.")
        own = ipywidgets.VBox([row(self.upload), told, row(self.preview), self.crops])
        self.pages = {"invented": ipywidgets.VBox([self.seed, self.psi, row(self.another)]), "gallery": self._gallery(), "own picture": own}
        self.page = ipywidgets.VBox([self.pages["invented"]])
        self.box = ipywidgets.VBox([note("Take a face. Edits stay when the face changes."), self.source, self.page])
        for control in (self.seed, self.psi):
            control.observe(lambda _: self._invent(), names="value")
        self.source.observe(lambda change: setattr(self.page, "children", [self.pages[change["new"]]]), names="value")
        self.upload.observe(lambda _: self._uploaded(), names="value")

    def follow(self, scene: Scene) -> None:
        """Sets seed and truncation to those of an invented face."""
        if "seed" in scene.face:
            self.seed.value, self.psi.value = scene.face["seed"], scene.face["truncation_psi"]
            self.source.value = "invented"

    def refresh(self) -> None:
        """Has nothing to follow."""

    def _gallery(self) -> ipywidgets.Widget:
        cards = []
        for name, path in portraits().items():
            thumb = picture(84, 84)
            thumb.value = png(open_picture(path).resize((84, 84)))
            take = button(name, lambda name=name: self.studio.change_face({"portrait": name}), f"Invert the portrait of {name}")
            take.layout.width = "84px"
            cards.append(ipywidgets.VBox([thumb, take], layout=ipywidgets.Layout(margin="2px")))
        return row(*cards)

    def _invent(self) -> None:
        if not self.studio.following:
            self.studio.change_face({"seed": self.seed.value, "truncation_psi": round(self.psi.value, 2)})

    def _another(self) -> None:
        self.seed.value = another_seed()

    def _uploaded(self) -> None:
        files = take_uploads(self.upload)
        if files:
            self.studio.stage.say("Looking for faces ...")
            self.studio.stage.worker.submit(lambda: self._look(*files[0]), "upload")

    def _look(self, name: str, content: bytes) -> None:
        """In the worker: finds the faces and offers them. What is wrong goes into the status line."""
        self.studio.stage.attempt(lambda: self._offer(read_upload(self.studio.models, name, content)))

    def _offer(self, found: Upload) -> None:
        self.studio.renderer.faces.files[found.name] = found.original
        self.preview.value = png(found.marked)
        cards = []
        for number, crop in enumerate(found.crops[:MOST_FACES]):
            thumb = picture(84, 84)
            thumb.value = png(crop.resize((84, 84)))
            face = {"file": found.name, "face": None if found.whole else number}
            take = button("Use it" if found.whole else f"Face {number + 1}", lambda face=face: self.studio.change_face(face),
                          "Invert this face, as it was aligned")
            take.layout.width = "84px"
            cards.append(ipywidgets.VBox([thumb, take], layout=ipywidgets.Layout(margin="2px")))
        self.crops.children = cards
        count = len(found.crops)
        self.studio.stage.say("The picture has the right size: use it." if found.whole else
                              f"{count} {'face was' if count == 1 else 'faces were'} found, the largest first: choose one.")
