"""What people come for: a line to say what the face should become, a button, and how much of it."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets

from ...editing.recipes import Recipe
from ...errors import StyleclipError
from ..toolkit.controls import button, text_box
from ..toolkit.form import Form
from .method import MethodTab
from .scenes import Scene
from .session import Session

SUGGESTIONS = ("a smiling face", "a face with glasses", "a face with blue hair", "an old face", "a woman with red hair")
ASK = "Say what the face should become, such as: a smiling face"


class Wish:
    """The text, suggestions for it, the button that edits, and the strength of the edit that is shown.

    method  knows by which method, and with which settings
    """

    def __init__(self, session: Session, method: MethodTab):
        self.session, self.method = session, method
        self.text = text_box("", SUGGESTIONS[0], "What the face should become, in a sentence; Enter edits", wait=False, room="0px",
                             place={"flex": "1 1 240px", "width": "auto"}, placeholder="What should the face become?")
        self.edit = button("Edit", self._edit, "Edit the face as the text says", button_style="primary")
        self.chips = [button(text, lambda text=text: self._suggest(text), f"Edit: {text}") for text in SUGGESTIONS]
        self.form = Form(Recipe, self._stronger)
        self.strength = self.form.parts["strength"].control
        self.strength.layout.max_width, self.strength.style.description_width = "none", "60px"
        line, chips = ipywidgets.Box([self.text, self.edit]), ipywidgets.Box(self.chips)
        line.add_class("sc-line")
        chips.add_class("sc-chips")
        self.box = ipywidgets.VBox([line, chips, self.form.box])
        self.text.observe(lambda change: setattr(session, "wish", change["new"].strip()), names="value")
        self.text.on_msg(lambda _, content, buffers: self._edit() if content.get("event") == "submit" else None)
        session.wish = self.text.value
        session.on_follow(self._follow)
        session.on_rest(lambda shot: self._rest(shot.scene))

    def _follow(self, scene: Scene) -> None:
        """Says what the scene says."""
        if scene.recipe is not None:
            self.text.value = scene.text or scene.recipe.asked_for() or self.text.value
        self._rest(scene)

    def _rest(self, scene: Scene) -> None:
        """The strength is that of the scene; without an edit there is none."""
        self.strength.disabled = scene.recipe is None
        if scene.recipe is not None:
            self.form.set(Recipe(strength=scene.recipe.strength))

    def _suggest(self, text: str) -> None:
        self.text.value = text
        self._edit()

    def _edit(self) -> None:
        self.session.stage.attempt(lambda: self.session.show(self._scene()))

    def _scene(self) -> Scene:
        """What the line asks for. Raises StyleclipError where it says nothing."""
        if not self.session.wish:
            raise StyleclipError(ASK)
        return self.method.scene()

    def _stronger(self) -> None:
        """The edit that is shown, at another strength; one that is still being searched for has none."""
        scene, shot = self.session.scene, self.session.shot
        if scene.recipe is None or self.session.renderer.takes_long(scene):
            scene = shot.scene
        if scene.recipe is not None and not self.session.following:
            self.session.show(replace(scene, recipe=replace(scene.recipe, strength=self.form.value.strength)))
