"""The studio's tab for layers and channels: what does this channel do, and which channels does a text use?"""

from __future__ import annotations

from dataclasses import replace

import ipywidgets
import torch

from ...editing.directions.auto import directions_of
from ...editing.recipe import NEUTRAL
from ...editing.recipes import ChannelShift
from ...evaluation.report import measure_edit
from ...images import image_grid
from ..toolkit.controls import LABEL, button, helped, note, picture, row, text_box
from ..toolkit.form import Form
from ..toolkit.stage import png
from .scenes import Scene
from .session import Session

REACH = (-10.0, -5.0, 0.0, 5.0, 10.0)
MOST = 12
"""Channels of a text that are listed."""


class ChannelsTab:
    """A channel of a layer, moved by hand or shown at five places; and the channels that a text uses."""

    def __init__(self, session: Session):
        self.session = session
        slices = dict(session.models.generator.style_slices)
        self.sizes = {name: where.stop - where.start for name, where in slices.items()}
        self.form = Form(ChannelShift, self._move, ChannelShift.choices(session.models), ("strength",))
        self.text = text_box("text", "a face with glasses", "Which channels does this text use?", place={"flex": "0 1 380px"})
        self.used = helped(ipywidgets.Select(options=[], description="its channels", style={"description_width": LABEL},
                                             layout=ipywidgets.Layout(width="98%", max_width="520px", height="84px")),
                           "Choose a channel to move it")
        self.strip, self.told = picture(0, 0), note("")  # until there is something to show
        ask = button("What does it do?", self._ask, "Draw the face with this channel at five places", icon="question")
        find = button("Which channels?", self._find, "List the channels that this text moves most", icon="search")
        self.box = ipywidgets.VBox([note("One number out of many: move a single style channel, or ask which ones a text moves."),
                                    self.form.box, row(ask), self.strip, self.told, row(self.text, find), self.used])
        self.used.observe(lambda change: self._chosen(change["new"]), names="value")
        self.form.set(replace(self.form.value, layer=list(slices)[4 % len(slices)], sigmas=0.0))
        self._limit()
        session.on_follow(self._follow)

    def _follow(self, scene: Scene) -> None:
        """Sets the sliders to the channel that the scene moves, if any."""
        self.form.set(scene.recipe if isinstance(scene.recipe, ChannelShift) else replace(self.form.value, sigmas=0.0))
        self._limit()

    def _limit(self) -> None:
        """The slider of the channel ends where its layer does."""
        self.form.parts["number"].control.max = self.sizes[self.form.value.layer] - 1

    def _move(self) -> None:
        self._limit()
        shift = self.form.value
        if shift.sigmas or isinstance(self.session.scene.recipe, ChannelShift):
            self.session.change_edit(shift if shift.sigmas else None)

    def _ask(self) -> None:
        self.session.run(self._show, "Drawing the channel at five places ...", "strip")

    @torch.no_grad()
    def _show(self) -> None:
        """In the worker: the face at five places of the channel, and what the attributes see change between the ends."""
        models, face = self.session.models, self.session.renderer.face(self.session.scene.face, preview=True)
        faces = [replace(self.form.value, sigmas=sigmas).apply(models, face).image for sigmas in REACH]
        self.strip.layout.width, self.strip.layout.height = "400px", "100px"
        self.strip.value = png(image_grid(faces, columns=len(REACH), labels=[f"{sigmas:+g} sigma" for sigmas in REACH], size=79))
        self.told.value = note(self._description(faces)).value
        self.session.stage.say("The strip shows the face with this channel at five places.")

    def _description(self, faces: list[torch.Tensor]) -> str:
        report = measure_edit(self.session.models, faces[0], faces[-1], NEUTRAL)
        changed = ", ".join(f"{name.replace('_', ' ')} ({a} to {b})" for name, (a, b) in report.side_effects.items())
        nothing = "no attribute changes" if report.readable else "the attributes of this domain cannot be read"
        return f"From one end to the other: {changed or nothing}. Same person: {report.identity:.2f}."

    def _find(self) -> None:
        self.session.run(self._list, "Looking for the channels of this text ...", "channels")

    def _list(self) -> None:
        """In the worker: the channels of the text, the most relevant first."""
        found = directions_of(self.session.models).channels(self.text.value, NEUTRAL)
        self.used.options = [(f"{one.layer} channel {one.number}: relevance {one.relevance:+.2f}", (one.layer, one.number, one.step))
                             for one in found[:MOST]]
        self.session.stage.say(f"{len(found)} channels have at least a fifth of the largest relevance; choose one to move it.")

    def _chosen(self, channel: tuple[str, int, float] | None) -> None:
        if channel is not None:
            layer, number, step = channel
            shift = ChannelShift(layer=layer, number=number, sigmas=10.0 if step > 0 else -10.0)
            self.session.go(lambda: self.session.scene.edited(shift))
