"""The studio's tabs for what is kept: the scenes before, favourites, and what is taken home: code, picture, recipe."""

from __future__ import annotations

import html

import ipywidgets

from ...errors import StyleclipError
from ...images import check_picture_path, save_image
from ..toolkit.controls import button, columns, helped, note, row, text_box, upload
from ..toolkit.uploads import take_uploads
from .code import as_code
from .scenes import Scene
from .session import Session


class HistoryTab:
    """Two lists of scenes; choosing one shows it."""

    def __init__(self, session: Session):
        self.session, self._refreshing = session, False
        self.scenes, self.favourites = (helped(ipywidgets.Select(options=[], layout=ipywidgets.Layout(width="98%", height="120px")), text)
                                        for text in ("Choose a scene to go back to it", "Choose a favourite to show it"))
        like = button("Favourite", session.like, "Keep this scene in the list of favourites", icon="star")
        self.box = columns([ipywidgets.VBox([note("Every scene that you paused at, the newest last."), self.scenes]),
                            ipywidgets.VBox([note("Favourites. Mix and Blend offer them, too."), self.favourites, row(like)])])
        self.scenes.observe(lambda change: self._chosen(change["new"]), names="value")
        self.favourites.observe(lambda change: self._liked(change["new"]), names="value")
        session.on_rest(lambda _: self._refresh())

    def _refresh(self) -> None:
        """Lists what there is by now."""
        self._refreshing = True
        try:
            history = self.session.history
            self.scenes.options = [(f"{number + 1}  {scene}", number) for number, scene in enumerate(history.scenes)]
            self.scenes.value = history.at
            self.favourites.options = [(str(scene), number) for number, scene in enumerate(history.favourites)]
            self.favourites.value = None
        finally:
            self._refreshing = False

    def _chosen(self, number: int | None) -> None:
        if number is not None and not self._refreshing and number != self.session.history.at:
            self.session.go(lambda: self.session.history.go_to(number))

    def _liked(self, number: int | None) -> None:
        if number is not None and not self._refreshing:
            self.session.go(lambda: self.session.history.favourites[number])


class SaveTab:
    """The lines of Python that make the scene; its picture and recipe as files; a recipe that is loaded again."""

    def __init__(self, session: Session):
        self.session = session
        self.code = helped(ipywidgets.Textarea("", layout=ipywidgets.Layout(width="98%", height="170px")), "The code of the picture")
        self.code.add_class("sc-code")
        self.clipboard = ipywidgets.HTML()
        self.name = text_box("file name", "my_edit.png", "The picture's name; the recipe gets the same with .json", wait=False,
                             room="70px", place={"width": "auto", "flex": "1 1 240px", "max_width": "400px"})
        self.recipe = upload("Load a recipe", ".json", "A .json file that was saved here: its scene is shown")
        save = button("Save picture and recipe", self._save, "Write both into the folder of the notebook", icon="save")
        self.box = ipywidgets.VBox([note("These lines make the picture again, in any cell:"), self.code, self.clipboard,
                                    note("The recipe is a small file that says how the picture was made."),
                                    row(self.name, save, self.recipe)])
        self.recipe.observe(lambda _: self._loaded(), names="value")
        session.on_rest(lambda _: self._refresh())

    def _refresh(self) -> None:
        """Writes the code of the scene that is shown."""
        self.code.value = as_code(self.session.models, self.session.history.scene)
        self.clipboard.value = (
            f'<button class="jupyter-button widget-button" data-code="{html.escape(self.code.value, quote=True)}" '
            'title="Put the code into the clipboard" onclick="navigator.clipboard.writeText(this.dataset.code); '
            "this.textContent = 'Copied'\">To the clipboard</button>")

    def save(self, name: str) -> str:
        """Writes the picture and its recipe, and says where. Raises StyleclipError if that cannot be."""
        if self.session.shot is None:
            raise StyleclipError("There is no picture to save yet.")
        path = check_picture_path(self.session.folder / name)
        save_image(self.session.shot.after, path)
        self.session.history.scene.save(path.with_suffix(".json"))
        return f"Saved {path.name} and {path.with_suffix('.json').name}."

    def _save(self) -> None:
        self.session.stage.attempt(lambda: self.session.stage.say(self.save(self.name.value.strip())))

    def _loaded(self) -> None:
        files = take_uploads(self.recipe)
        if files:
            self.session.go(lambda: Scene.read(files[0][1], self.session.models.domain))
