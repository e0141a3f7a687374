"""The studio's tab for styles: the picture that is shown, restyled to match a sentence."""

from __future__ import annotations

import ipywidgets

from ... import __version__
from ...errors import StyleclipError
from ...images import check_picture_path, save_image, to_pil
from ...paths import write_json
from ...stylization.recipe import StyleRecipe
from ...stylization.result import Stylization
from ...stylization.style_prompt import RIVALS
from ..toolkit.controls import button, choice, columns, helped, note, row, text_box
from ..toolkit.form import Form
from .code import as_code
from .scenes import Scene
from .session import Session, Watch

OWN = "a text of your own"


class StyleTab:
    """Text, settings and a button; the result is shown in place of the face, of which it is none, and can be saved."""

    def __init__(self, session: Session):
        self.session = session
        self.result: Stylization | None = None
        self._scene: Scene | None = None
        texts = list(RIVALS.values())
        self.style = choice("style", [*texts, OWN], "One of the styles that the world of portraits is drawn in, or a text of your own")
        self.text = text_box("text", texts[0], "What the picture should become, in a sentence")
        self.preset = choice("settings", list(StyleRecipe.PRESETS), "Settings that belong together: the domain's, or the authors'")
        self.form = Form(StyleRecipe, lambda: None, left_out=("stop_after",))
        self.apply = button("Restyle", self._apply, "Restyle the picture with these settings", button_style="primary", icon="paint-brush")
        self.name = text_box("file name", "my_style.png", "The picture's name; its settings get the same with .json", wait=False,
                             place={"width": "auto", "flex": "1 1 300px", "max_width": "520px"})
        self.save_it = button("Save", lambda: session.stage.attempt(lambda: session.stage.say(self.save(self.name.value.strip()))),
                              "Write the restyled picture and its settings into the folder of the notebook", icon="save", disabled=True)
        large = ipywidgets.Layout(width="98%", height="110px", display="none")  # until there is some
        self.code = helped(ipywidgets.Textarea("", layout=large), "The code of the restyled picture")
        self.code.add_class("sc-code")
        self.box = ipywidgets.VBox([note("Restyle the picture to match a sentence. This takes about a minute; Stop keeps the best so far."),
                                    columns([self.style, self.text, self.preset, row(self.apply)]), self.form.box,
                                    row(self.name, self.save_it), self.code])
        self.style.observe(lambda change: self._chosen(change["new"]), names="value")
        self.preset.observe(lambda change: self.form.set(StyleRecipe.PRESETS[change["new"]]), names="value")

    def save(self, name: str) -> str:
        """Writes the picture and its settings, and says where. Raises StyleclipError if that cannot be."""
        if self.result is None:
            raise StyleclipError("Nothing is restyled yet: press Restyle first.")
        path = check_picture_path(self.session.folder / name)
        save_image(self.result.image, path)
        content = {"version": __version__, "domain": self.session.models.domain, "text": self.result.text,
                   "style": self.result.recipe.to_dict()}
        write_json(path.with_suffix(".json"), content)
        return f"Saved {path.name} and {path.with_suffix('.json').name}."

    def _chosen(self, style: str) -> None:
        if style != OWN:
            self.text.value = style

    def _apply(self) -> None:
        self.form.forget()
        self.session.stage.attempt(self._restyle)

    def _restyle(self) -> None:
        """Raises StyleclipError for what can be told at once to be wrong."""
        text, recipe, shot = self.text.value.strip(), self.form.value, self.session.shot
        if not text:
            raise StyleclipError("Say what the picture should become, such as: a mosaic")
        if shot is None:
            raise StyleclipError("There is no picture to restyle yet.")
        models = self.session.models
        models.clip.plain(text)
        steps = recipe.steps or models.calibration.style.steps

        def restyle(watch: Watch) -> None:
            result = recipe.apply(models, shot.after, text, watch, progress=False)
            said = f"{result.text}, in {len(result.history['loss'])} steps. Save keeps it; the face is as before."
            self.session.stage.present(to_pil(result.image), said)
            self._take(result, shot.scene)

        self.session.show_steps(restyle, steps)

    def _take(self, result: Stylization, scene: Scene) -> None:
        self.result, self.save_it.disabled, self.code.layout.display = result, False, "flex"
        self.code.value = as_code(self.session.models, scene, result)
