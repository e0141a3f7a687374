"""The studio's tab for texts: the same wish by each of the methods, whose controls are made of their recipes."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets

from ...editing.recipes import Recipe
from ...errors import StyleclipError
from ..toolkit.controls import button, note, row, switch, text_box
from ..toolkit.form import Form, Rows
from .scenes import Scene
from .session import Session

TEXTS = ("a smiling face", "a face with glasses", "a face with blue hair")
ASK = "Say what the face should become, such as: a smiling face"
PRESS = "Press Apply to see it: this takes some seconds."


class TextTab:
    """A page for each method, one of which is seen; the text is the same in all of them."""

    def __init__(self, session: Session):
        self.session = session
        self.text = text_box("text", TEXTS[0], "What the face should become, in a sentence")
        kinds = [kind for kind in reversed(Recipe.family().values()) if kind.NEEDS_TEXT]  # the quickest first
        self.pages = {kind.TITLE: Page(session, kind, self.text) for kind in kinds}
        self.method = switch(list(self.pages), "The method that edits the face")
        self.page = ipywidgets.VBox([self.pages[self.method.value].box])
        clear = button("No edit", lambda: session.go(lambda: session.scene.edited(None)), "The face as it is", icon="times")
        self.box = ipywidgets.VBox([note("Say what the face should become, and how much of it."), row(self.method, clear), self.page])
        self.method.observe(lambda change: setattr(self.page, "children", [self.pages[change["new"]].box]), names="value")
        self.text.observe(lambda _: self.pages[self.method.value].retyped(), names="value")
        session.on_follow(self._follow)

    def _follow(self, scene: Scene) -> None:
        """Turns to the page of the scene's recipe, and lets every page follow it."""
        if scene.text:
            self.text.value = scene.text
        for title, page in self.pages.items():
            page.follow(scene)
            if isinstance(scene.recipe, page.kind):
                self.method.value = title


class Page:
    """The controls of one method. What is quick is shown while they move, all else when Apply is pressed."""

    def __init__(self, session: Session, kind: type[Recipe], text: ipywidgets.Text):
        self.session, self.kind, self.text = session, kind, text
        self.choices = kind.choices(session.models, session.mappers)
        self.form = Form(kind, self._moved, self.choices, ("stop_after",), TEXTS)
        self.rows = next((part for part in self.form.parts.values() if isinstance(part, Rows)), None)
        self.apply = button("Apply", self._apply, "Edit the face with these settings", button_style="primary", icon="play")
        self.find = button("Find the strength", self._find, "As strong as CLIP gains more than the person loses", icon="magic")
        self.box = ipywidgets.VBox([row(self.apply, self.find), *([] if self.rows else [text]), self.form.box])

    def follow(self, scene: Scene) -> None:
        """Sets the controls to the scene's recipe; rows show that there is no other one."""
        self.form.set(scene.recipe)
        if self.rows is not None and not isinstance(scene.recipe, self.kind):
            self.form.set(replace(self.form.value, **{name: () for name, part in self.form.parts.items() if part is self.rows}))

    def _scene(self) -> Scene:
        """What the controls ask for. Raises StyleclipError where that makes no sense."""
        recipe = self.form.value
        if self.rows is not None:
            return self.session.scene.edited(recipe if self.rows.value else None)
        return self.session.scene.edited(recipe, self.text.value.strip())

    def retyped(self) -> None:
        """Somebody wrote another text: a choice that brings its own one does not hold any more."""
        if self.rows is None and not self.session.following:
            self.session.stage.attempt(self._ask_anew)

    def _ask_anew(self) -> None:
        recipe = self.form.value
        if recipe.own_text(self.session.models) not in ("", self.text.value.strip()):
            self.form.set(replace(recipe, **{name: getattr(self.kind(), name) for name in self.choices}))
        self._show_if_quick()

    def _moved(self) -> None:
        """Shows what the controls say, if that is quick; the text is that of the choice, if it brings one."""
        if not self.session.following:
            self.session.stage.attempt(self._take_its_text)

    def _take_its_text(self) -> None:
        self.text.value = self.form.value.own_text(self.session.models) or self.text.value
        self._show_if_quick()

    def _show_if_quick(self) -> None:
        scene = self._scene()
        if self.session.renderer.takes_long(scene):
            self.session.stage.say(PRESS)
        else:
            self.session.show(scene)

    def _apply(self) -> None:
        self.form.forget()
        self.session.stage.attempt(lambda: self.session.show(self._scene()))

    def _find(self) -> None:
        self.form.forget()
        self.session.stage.attempt(self._find_strength)

    def _find_strength(self) -> None:
        if self.rows is None:
            scene = self._scene()
            self.session.show(replace(scene, recipe=replace(scene.recipe, strength="auto")))
            return
        wanted = [text.value.strip() for text, number in self.rows.rows if text.value.strip() and number.value]
        texts = wanted or [text.value.strip() for text, _ in self.rows.rows if text.value.strip()][:1]
        if not texts:
            raise StyleclipError(ASK)
        scene = self.session.scene
        self.session.search(lambda is_wanted: self.session.renderer.found_strengths(scene, self.kind, texts, is_wanted),
                            "Looking for the strengths, some seconds ...")
