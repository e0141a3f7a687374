"""The studio's tab for taking things home: the code, the picture, the recipe."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import ipywidgets

from ...errors import StyleclipError
from ...images import check_picture_path, save_image
from ..toolkit.controls import button, helped, note, row, text_box, upload
from ..toolkit.uploads import take_uploads
from .state import Scene

if TYPE_CHECKING:
    from .studio import Studio


class SaveTab:
    """The lines of Python that make the scene; its picture and recipe as files; a recipe that is loaded again."""

    def __init__(self, studio: Studio):
        self.studio = studio
        self.code = helped(ipywidgets.Textarea("", layout=ipywidgets.Layout(width="98%", height="150px")), "The code of the picture")
        self.code.add_class("sc-code")
        self.clipboard = ipywidgets.HTML()
        self.name = text_box("file name", "my_edit.png", "The picture's name; the recipe gets the same with .json", wait=False)
        self.recipe = upload("Load a recipe", ".json", "A .json file that was saved here: its scene is shown")
        save = button("Save picture and recipe", self._save, "Write both into the folder of the notebook", icon="save")
        self.box = ipywidgets.VBox([note("These lines make the picture again, in any cell:"), self.code, self.clipboard,
                                    note("The recipe is a small file that says how the picture was made."), self.name,
                                    row(save, self.recipe)])
        self.recipe.observe(lambda _: self._loaded(), names="value")

    def follow(self, scene: Scene) -> None:
        """Has nothing to set."""

    def refresh(self) -> None:
        """Writes the code of the scene that is shown."""
        code = self.studio.code
        self.code.value = code
        self.clipboard.value = (f'<button class="jupyter-button widget-button" data-code="{html.escape(code, quote=True)}" '
                                'title="Put the code into the clipboard" onclick="navigator.clipboard.writeText(this.dataset.code); '
                                "this.textContent = 'Copied'\">To the clipboard</button>")

    def save(self, name: str) -> str:
        """Writes the picture and its recipe, and says where. Raises StyleclipError if that cannot be."""
        if self.studio.shot is None:
            raise StyleclipError("There is no picture to save yet.")
        path = check_picture_path(self.studio.folder / name)
        save_image(self.studio.shot.after, path)
        self.studio.state.save_recipe(path.with_suffix(".json"))
        return f"Saved {path.name} and {path.with_suffix('.json').name}."

    def _save(self) -> None:
        self.studio.stage.attempt(lambda: self.studio.stage.say(self.save(self.name.value.strip())))

    def _loaded(self) -> None:
        files = take_uploads(self.recipe)
        if files:
            self.studio.go(lambda: self.studio.state.read_recipe(files[0][1]))
