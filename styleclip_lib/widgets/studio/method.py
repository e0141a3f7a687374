"""The studio's tab for methods: by which one a wish is carried out, with controls made of the methods' recipes."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets

from ...editing.recipes import Recipe
from ...evaluation.recipes import RECIPES
from ..toolkit.controls import button, note, row, switch
from ..toolkit.form import Form, Rows
from .scenes import Scene
from .session import Session

TEXTS = ("a smiling face", "a face with glasses", "a face with blue hair")
PRESS = "Press Edit to see it."


class MethodTab:
    """A page for each method, one of which is seen and carries out the wish."""

    def __init__(self, session: Session):
        self.session = session
        kinds = [kind for kind in reversed(Recipe.family().values()) if kind.NEEDS_TEXT]  # the quickest first
        self.pages = {kind.TITLE: Page(session, kind) for kind in kinds}
        self.method = switch(list(self.pages), "The method that edits the face")
        self.page = ipywidgets.VBox([self.pages[self.method.value].box])
        clear = button("No edit", lambda: session.go(lambda: session.scene.edited(None)), "The face as it is", icon="times")
        self.box = ipywidgets.VBox([note("The method that Edit uses, and its settings."), row(self.method, clear),
                                    self.page])
        self.method.observe(lambda change: setattr(self.page, "children", [self.pages[change["new"]].box]), names="value")
        session.on_follow(self._follow)

    def scene(self) -> Scene:
        """The wish, by the method that is chosen. Raises StyleclipError where its settings make no sense."""
        return self.pages[self.method.value].scene()

    def _follow(self, scene: Scene) -> None:
        """Turns to the page of the scene's recipe, and lets every page follow it."""
        for title, page in self.pages.items():
            page.follow(scene)
            if isinstance(scene.recipe, page.kind):
                self.method.value = title


class Page:
    """The settings of one method. A setting that is moved changes the edit that is shown, if that is quick; else Edit does it.

    How strong a new edit is, is what `styleclip evaluate` publishes: of some methods that of the recipe, of others what suits the face.
    """

    def __init__(self, session: Session, kind: type[Recipe]):
        self.session, self.kind = session, kind
        self.choices = kind.choices(session.models, session.mappers)
        self.form = Form(kind, self._moved, self.choices, ("strength", "stop_after"), TEXTS)
        self.rows, self._no_rows = None, {}
        for name, part in self.form.parts.items():
            if isinstance(part, Rows):
                self.rows, self._no_rows = part, {name: ()}
        self.find = button("Find the strength", lambda: session.stage.attempt(lambda: session.show(self.scene("auto"))),
                           "Find the strength up to which CLIP gains more than the identity loses", icon="magic")
        finds_anyway = RECIPES[kind.KIND].strength == "auto"
        self.box = ipywidgets.VBox([self.form.box, *([] if finds_anyway else [row(self.find)])])

    def follow(self, scene: Scene) -> None:
        """Sets the controls to the scene's recipe; rows show that there is no other one."""
        self.form.set(scene.recipe)
        if self.rows is not None and not isinstance(scene.recipe, self.kind):
            self.form.set(replace(self.form.value, **self._no_rows))

    def scene(self, strength: float | str | None = None) -> Scene:
        """The wish, by this method. strength = None: as the method is published. Raises StyleclipError where that makes no sense."""
        self.form.forget()
        text, recipe = self.session.wish, replace(self.form.value, strength=strength or RECIPES[self.kind.KIND].strength, **self._no_rows)
        if recipe.own_text(self.session.models) not in ("", text):  # a choice that brings a text of its own is not for this one
            recipe = replace(recipe, **{name: getattr(self.kind(), name) for name in self.choices})
            self.form.set(recipe)
        return self.session.scene.edited(recipe, text)

    def _moved(self) -> None:
        if not self.session.following:
            self.session.stage.attempt(self._show_if_quick)

    def _show_if_quick(self) -> None:
        scene = self._changed()
        if scene is None or self.session.renderer.takes_long(scene):
            self.session.stage.say(PRESS)
        elif scene.text == self.session.scene.text:
            self.session.show(scene)
        else:  # the line for the wish has to follow
            self.session.go(lambda: scene)

    def _changed(self) -> Scene | None:
        """The scene with these settings; None if they do not say what is wished for, and another method made the edit that is shown."""
        scene = self.session.scene
        same = isinstance(scene.recipe, self.kind)
        recipe = replace(self.form.value, strength=scene.recipe.strength if same and scene.recipe.strength != "auto" else 1.0)
        if self.rows is not None:
            return scene.edited(recipe if self.rows.value else None)
        text = recipe.own_text(self.session.models)
        if text:
            return scene.edited(recipe, text)
        return replace(scene, recipe=recipe) if same else None
