"""The studio's tab for faces between up to four faces: the pad of lesson 03."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets
import torch

from ..toolkit.controls import button, note, picture, row, switch
from ..toolkit.pad import pad_map, pad_sliders, pad_weights
from ..toolkit.stage import png
from .faces import described
from .pick import FacePick
from .state import Scene

if TYPE_CHECKING:
    from .studio import Studio

PAD = 230
"""Pixels of the pad."""

SEEDS = (3, 8, 21, 30)


class BlendTab:
    """Two to four faces at the corners of a pad, and a point between them that two sliders move."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.number = switch([("2 faces", 2), ("3 faces", 3), ("4 faces", 4)], "How many faces are blended")
        self.number.value = 4
        self.picks = [FacePick(f"face {i + 1}", seed, self._blend) for i, seed in enumerate(SEEDS)]
        for pick in self.picks:
            pick.which.style.description_width, pick.which.layout.width = "50px", "170px"
            pick.seed.layout.width = "120px"
        self.x, self.y = pad_sliders(PAD)
        self.pad = picture(PAD, PAD)
        centre = button("To the centre", self._centre, "All faces alike")
        show = button("Show the blend", self._blend, "Draw the blend of these faces", button_style="primary")
        pad = ipywidgets.VBox([ipywidgets.HBox([self.y, self.pad]), self.x, row(show, centre)], layout=ipywidgets.Layout(flex="0 0 auto"))
        self.corners = ipywidgets.VBox([pick.box for pick in self.picks], layout=ipywidgets.Layout(flex="1 1 180px"))
        self.box = ipywidgets.VBox([note("Move the point on the pad with the sliders below and beside it."), self.number,
                                    row(pad, self.corners)])
        self.number.observe(lambda _: self._number(), names="value")
        for control in (self.x, self.y):
            control.observe(lambda _: self._blend(), names="value")
        studio.stage.worker.submit(lambda: studio.stage.attempt(self._map), "pad")

    def follow(self, scene: Scene) -> None:
        """Sets the faces of a blend; the point stays where it was, since weights do not tell it for other pads."""
        if "blended" in scene.face and "place" in scene.face:
            self.number.value = len(scene.face["blended"])
            self.x.value, self.y.value = scene.face["place"]
            for pick, face in zip(self.picks, scene.face["blended"]):
                pick.set(face)

    def refresh(self) -> None:
        """Favourites can be chosen."""
        for pick in self.picks:
            pick.offer(self.studio.state.favourite_faces())

    def _number(self) -> None:
        self.corners.children = [pick.box for pick in self.picks[: self.number.value]]
        self.y.disabled = self.number.value == 2
        self._blend()

    def _centre(self) -> None:
        self.x.value = self.y.value = 0.5

    def _weights(self) -> list[float]:
        return [round(weight, 4) for weight in pad_weights(self.x.value, self.y.value, self.number.value)]

    def _blend(self) -> None:
        if self.studio.following:
            return
        faces = [pick.face for pick in self.picks[: self.number.value]]
        self.studio.change_face({"blended": faces, "weights": self._weights(), "place": [self.x.value, self.y.value]})
        self.studio.stage.worker.submit(lambda: self.studio.stage.attempt(self._map), "pad")

    @torch.no_grad()
    def _map(self) -> None:
        """In the worker: the pad with its faces and the point."""
        faces = [pick.face for pick in self.picks[: self.number.value]]
        codes = torch.cat([self.studio.renderer.code(face, preview=True) for face in faces])
        images = self.studio.models.generator.synthesis(codes).clamp(-1, 1)
        names = [f"{i + 1}: {described(face)}" for i, face in enumerate(faces)]
        self.pad.value = png(pad_map(names, images, self._weights(), self.x.value, self.y.value, PAD))
