"""The studio's tab for style mixing: some layers of another face."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from ...networks.mapper import LEVELS, layers_of
from ..toolkit.controls import WIDE, button, helped, note, row
from .pick import FacePick
from .state import Scene

if TYPE_CHECKING:
    from .studio import Studio


class MixTab:
    """A second face, and the layers that are taken from it."""

    def __init__(self, studio: Studio):
        self.studio, self.base = studio, studio.scene.face
        num_ws = studio.models.generator.num_ws
        self.second = FacePick("second face", 12, self._mix)
        self.layers = ipywidgets.IntRangeSlider(value=(0, 0), min=0, max=num_ws, description="its layers",
                                                style={"description_width": "110px"}, layout=ipywidgets.Layout(**WIDE))
        helped(self.layers, "From this layer up to, but not including, that one; an empty range takes nothing of the second face")
        self.layers.observe(lambda _: self._mix(), names="value")
        quick = [button(level, lambda level=level: self._take(level), f"Take the {level} layers of the second face") for level in LEVELS]
        self.box = ipywidgets.VBox([
            note("Coarse layers decide pose and shape, medium ones features, fine ones colours. Take some of them from another face."),
            self.second.box, self.layers, row(ipywidgets.Label("take"), *quick, button("nothing", self._nothing, "Take nothing"))])

    def follow(self, scene: Scene) -> None:
        """Sets the layers to those of the scene; the second face is set if it is one of the list."""
        mixed = "mixed" in scene.face
        self.base = scene.face["mixed"][0] if mixed else scene.face
        self.layers.value = tuple(scene.face["layers"]) if mixed else (0, 0)
        if mixed:
            self.second.set(scene.face["mixed"][1])

    def refresh(self) -> None:
        """A face from another tab is the one to be mixed with; favourites can be chosen."""
        if "mixed" not in self.studio.scene.face:
            self.base = self.studio.scene.face
        self.second.offer(self.studio.state.favourite_faces())

    def _mix(self) -> None:
        if self.studio.following:
            return
        if "mixed" not in self.studio.scene.face:
            self.base = self.studio.scene.face
        first, last = self.layers.value
        nothing = first == last
        if nothing and "mixed" not in self.studio.scene.face:
            return
        self.studio.change_face(self.base if nothing else {"mixed": [self.base, self.second.face], "layers": [first, last]})

    def _take(self, level: str) -> None:
        where = range(self.studio.models.generator.num_ws)[layers_of(level, self.studio.models.generator.num_ws)]
        self.layers.value = (where.start, where.stop)

    def _nothing(self) -> None:
        self.layers.value = (0, 0)
