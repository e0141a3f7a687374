"""The studio's tabs for faces made of others: layers of a second face, and a point between up to four."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets
import torch

from ...editing.faces import portraits
from ...editing.sources import Blended, Mixed, Portrait, Seed, Source
from ...networks.mapper import LEVELS, layers_of
from ..toolkit.controls import LABEL, WIDE, button, choice, helped, note, picture, row, slider, switch
from ..toolkit.pad import pad_map, pad_point, pad_sliders, pad_weights
from ..toolkit.stage import png
from .scenes import Scene
from .session import Session

PAD = 230
"""Pixels of the pad."""

SEEDS = (3, 8, 21, 30)


class FacePick:
    """A face to choose: a portrait of the gallery, a favourite, or a seed, which has a slider beside it.

    changed is called with nothing whenever another face is meant.
    """

    def __init__(self, label: str, seed: int, changed: Callable[[], None], room: str = LABEL):
        self._favourites: dict[str, Source] = {}
        self._offering = False
        self.which = choice(label, ["seed", *portraits()], "Where this face comes from: invented from a seed, or a portrait of the gallery",
                            room, {"width": "210px", "flex": "0 0 auto"}, value="seed")
        self.seed = slider("", seed, 0, 999, 1, "The seed of an invented face", "0px", {"width": "140px", "flex": "1 1 130px"})
        self.box = row(self.which, self.seed)
        for control in (self.which, self.seed):
            control.observe(lambda _: self._changed(changed), names="value")

    @property
    def source(self) -> Source:
        """The face that is chosen."""
        if self.which.value == "seed":
            return Seed(self.seed.value)
        return self._favourites.get(self.which.value) or Portrait(name=self.which.value)

    def offer(self, favourites: dict[str, Source]) -> None:
        """Puts favourites into the list, by name; what is chosen stays chosen."""
        if favourites != self._favourites:
            chosen, self._favourites, self._offering = self.which.value, favourites, True
            self.which.options = ["seed", *portraits(), *favourites]
            self.which.value, self._offering = chosen, False

    def set(self, source: Source) -> None:
        """Chooses a face; one that is not in the list leaves the choice as it is."""
        known = {**{name: Portrait(name=name) for name in portraits()}, **self._favourites}
        if isinstance(source, Seed):
            self.which.value, self.seed.value = "seed", source.seed
        for name, one in known.items():
            if one == source:
                self.which.value = name

    def _changed(self, changed: Callable[[], None]) -> None:
        self.seed.layout.visibility = "visible" if self.which.value == "seed" else "hidden"
        if not self._offering:
            changed()


def favourite_faces(session: Session) -> dict[str, Source]:
    """The favourites by name, as faces."""
    return {f"favourite {number + 1}": scene.result for number, scene in enumerate(session.history.favourites)}


class MixTab:
    """A second face, and the layers that are taken from it."""

    def __init__(self, session: Session):
        self.session = session
        self.base = session.scene.face
        num_ws = session.models.generator.num_ws
        self.second = FacePick("second face", 12, self._mix)
        self.layers = ipywidgets.IntRangeSlider(value=(0, 0), min=0, max=num_ws, description="its layers",
                                                style={"description_width": LABEL}, layout=ipywidgets.Layout(**WIDE))
        helped(self.layers, "From this layer up to, but not including, that one; an empty range takes nothing of the second face")
        self.layers.observe(lambda _: self._mix(), names="value")
        quick = [button(level, lambda level=level: self._take(level), f"Take the {level} layers of the second face") for level in LEVELS]
        self.box = ipywidgets.VBox([
            note("Coarse layers decide pose and shape, medium ones features, fine ones colours. Take some of them from another face."),
            self.second.box, self.layers, row(ipywidgets.Label("take"), *quick, button("nothing", self._nothing, "Take nothing"))])
        session.on_follow(self._follow)
        session.on_rest(lambda _: self.second.offer(favourite_faces(session)))

    def _follow(self, scene: Scene) -> None:
        face = scene.face
        mixed = isinstance(face, Mixed)
        self.base = face.first if mixed else face
        self.layers.value = face.layers if mixed else (0, 0)
        if mixed:
            self.second.set(face.second)

    def _mix(self) -> None:
        if self.session.following:
            return
        face, layers = self.session.scene.face, self.layers.value
        if not isinstance(face, Mixed):
            self.base = face
            if layers[0] == layers[1]:
                return
        self.session.change_face(self.base if layers[0] == layers[1] else Mixed(self.base, self.second.source, tuple(layers)))

    def _take(self, level: str) -> None:
        where = range(self.session.models.generator.num_ws)[layers_of(level, self.session.models.generator.num_ws)]
        self.layers.value = (where.start, where.stop)

    def _nothing(self) -> None:
        self.layers.value = (0, 0)


class BlendTab:
    """Two to four faces at the corners of a pad, and a point between them that two sliders move."""

    def __init__(self, session: Session):
        self.session = session
        self.number = switch([("2 faces", 2), ("3 faces", 3), ("4 faces", 4)], "How many faces are blended", value=4)
        self.picks = [FacePick(f"face {i + 1}", seed, self._blend, "45px") for i, seed in enumerate(SEEDS)]
        for pick in self.picks:
            pick.which.layout.width = "170px"
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
        session.on_follow(self._follow)
        session.on_rest(lambda _: [pick.offer(favourite_faces(session)) for pick in self.picks])
        session.run(self._map, kind="pad")

    def _follow(self, scene: Scene) -> None:
        blended = scene.face
        if isinstance(blended, Blended) and 2 <= len(blended.faces) <= 4:
            self.number.value = len(blended.faces)
            self.x.value, self.y.value = pad_point(blended.weights)
            for pick, face in zip(self.picks, blended.faces):
                pick.set(face)

    def _number(self) -> None:
        self.corners.children = [pick.box for pick in self.picks[: self.number.value]]
        self.y.disabled = self.number.value == 2
        self._blend()

    def _centre(self) -> None:
        self.x.value = self.y.value = 0.5

    def _blended(self) -> Blended:
        weights = [round(weight, 4) for weight in pad_weights(self.x.value, self.y.value, self.number.value)]
        return Blended(tuple(pick.source for pick in self.picks[: self.number.value]), tuple(weights))

    def _blend(self) -> None:
        if not self.session.following:
            self.session.change_face(self._blended())
            self.session.run(self._map, kind="pad")

    @torch.no_grad()
    def _map(self) -> None:
        """In the worker: the pad with its faces and the point."""
        blended = self._blended()
        images = torch.cat([self.session.renderer.face(face, preview=True).draw() for face in blended.faces]).clamp(-1, 1)
        names = [f"{i + 1}: {face}" for i, face in enumerate(blended.faces)]
        self.pad.value = png(pad_map(names, images, blended.weights, self.x.value, self.y.value, PAD))
