"""The studio's tab for layers and channels: what does this channel do, and which channels does a text use?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets
import torch
from PIL import Image

from ...editing.recipes import NEUTRAL
from ...evaluation.report import measure_edit
from ...images import image_grid
from ..toolkit.controls import button, choice, helped, note, picture, row, slider, text_box
from ..toolkit.stage import png
from .edits import Moved
from .state import Scene

if TYPE_CHECKING:
    from .studio import Studio

REACH = (-10, -5, 0, 5, 10)
MOST = 12
"""Channels of a text that are listed."""


class ChannelsTab:
    """A channel of a layer, moved by hand or shown at five places; and the channels that a text uses."""

    def __init__(self, studio: Studio):
        self.studio = studio
        slices = dict(studio.models.generator.style_slices)
        self.sizes = {name: where.stop - where.start for name, where in slices.items()}
        resolutions = dict(zip(slices, studio.models.generator.layer_resolutions))
        named = [(f"{name} ({resolutions[name]} pixels, {size} channels)", name) for name, size in self.sizes.items()]
        self.layer = choice("layer", named, "A convolution of the generator; early ones are coarse", value=list(slices)[4 % len(slices)])
        self.number = slider("channel", 0, 0, self.sizes[self.layer.value] - 1, 1, "One of the layer's style channels")
        self.sigmas = slider("shift in sigmas", 0.0, -20, 20, 0.5, "How far the channel is moved, in its own standard deviations")
        self.text = text_box("text", "a face with glasses", "Which channels does this text use?")
        self.used = helped(ipywidgets.Select(options=[], description="its channels", style={"description_width": "110px"},
                                             layout=ipywidgets.Layout(width="98%", max_width="520px", height="116px")),
                           "Choose a channel to move it")
        self.strip, self.told = picture(400, 100), note("")
        self.told.layout = ipywidgets.Layout(min_height="36px")
        ask = button("What does it do?", self._ask, "Draw the face with this channel at five places", icon="question")
        find = button("Which channels?", self._find, "List the channels that this text moves most", icon="search")
        self.box = ipywidgets.VBox([note("One number out of many: move a single style channel, or ask which ones a text moves."),
                                    self.layer, self.number, self.sigmas, row(ask), self.strip, self.told, self.text, row(find), self.used])
        self.layer.observe(lambda _: self._another_layer(), names="value")
        for control in (self.number, self.sigmas):
            control.observe(lambda _: self._move(), names="value")
        self.used.observe(lambda change: self._chosen(change["new"]), names="value")

    def follow(self, scene: Scene) -> None:
        """Sets the sliders to the channel that the scene moves, if any."""
        if scene.edit is not None and scene.edit["method"] == "channel":
            self._set(scene.edit["layer"], scene.edit["number"], scene.edit["sigmas"])
        else:
            self.sigmas.value = 0.0

    def refresh(self) -> None:
        """Has nothing to follow."""

    def _set(self, layer: str, number: int, sigmas: float) -> None:
        self.layer.value = layer
        self.number.value, self.sigmas.value = number, sigmas

    def _another_layer(self) -> None:
        self.number.max = self.sizes[self.layer.value] - 1
        self._move()

    def _move(self) -> None:
        if self.studio.following:
            return
        edit = {"method": "channel", "layer": self.layer.value, "number": self.number.value, "sigmas": self.sigmas.value}
        was_channel = self.studio.scene.edit is not None and self.studio.scene.edit["method"] == "channel"
        if self.sigmas.value or was_channel:
            self.studio.change_edit(edit if self.sigmas.value else None)

    def _ask(self) -> None:
        self.studio.stage.say("Drawing the channel at five places ...")
        self.studio.stage.worker.submit(lambda: self.studio.stage.attempt(self._show), "strip")

    @torch.no_grad()
    def _show(self) -> None:
        """In the worker: the face at five places of the channel, and what the attributes see change between the ends."""
        renderer = self.studio.renderer
        start = renderer.code(self.studio.scene.face, preview=True)
        edits = [{"method": "channel", "layer": self.layer.value, "number": self.number.value, "sigmas": k} for k in REACH]
        faces = [renderer.draw(renderer.edits.moved(start, edit) if edit["sigmas"] else Moved(edit, start)) for edit in edits]
        self.strip.value = png(self._strip(faces))
        self.told.value = note(self._said(faces)).value
        self.studio.stage.say("The strip shows the face with this channel at five places.")

    def _strip(self, faces: list[torch.Tensor]) -> Image.Image:
        return image_grid(faces, columns=len(REACH), labels=[f"{k:+} sigma" for k in REACH], size=79)

    def _said(self, faces: list[torch.Tensor]) -> str:
        seen = measure_edit(self.studio.models, faces[0], faces[-1], NEUTRAL)
        changed = ", ".join(f"{name.replace('_', ' ')} ({a} to {b})" for name, (a, b) in seen.side_effects.items())
        nothing = "no attribute changes" if seen.readable else "nobody can read the attributes of this domain"
        return f"From one end to the other: {changed or nothing}. Same person: {seen.identity:.2f}."

    def _find(self) -> None:
        self.studio.stage.say("Looking for the channels of this text ...")
        self.studio.stage.worker.submit(lambda: self.studio.stage.attempt(self._list), "channels")

    def _list(self) -> None:
        """In the worker: the channels of the text, the most relevant first."""
        found = self.studio.renderer.edits.directions.channels(self.text.value, NEUTRAL)
        self.used.options = [(f"{one.layer} channel {one.number}: relevance {one.relevance:+.2f}", (one.layer, one.number, one.step))
                             for one in found[:MOST]]
        self.studio.stage.say(f"{len(found)} channels reach a fifth of the largest relevance; choose one to move it.")

    def _chosen(self, channel: tuple[str, int, float] | None) -> None:
        if channel is None:
            return
        layer, number, step = channel
        self.studio.go(lambda: Scene(self.studio.scene.face, {"method": "channel", "layer": layer, "number": number,
                                                              "sigmas": 10.0 if step > 0 else -10.0}))
