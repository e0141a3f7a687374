"""Edits as JSON files: the face, the text and the recipe. Files of former versions are read, too."""

from __future__ import annotations

import json
import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import __version__
from ..errors import StyleclipError
from ..paths import write_json
from ..settings import Settings, setting
from .recipe import TEXT_LENGTH
from .recipes import FORMER_NAMES, Recipe
from .sources import Source

LARGEST = 1_000_000
"""Bytes of a saved edit; a larger file is not one."""


@dataclass(frozen=True, kw_only=True)
class SavedEdit(Settings):
    """Everything that makes an edit again: `recipe.apply(models, Face.of(models, face), Prompt.of(models, text, neutral))`.

    face    where the face comes from; None if unknown
    recipe  None for a face that was not edited
    """

    version: str = setting(__version__, high=100)
    domain: str = setting("portraits", high=TEXT_LENGTH)
    face: Source | None = setting(None)
    text: str = setting("", high=TEXT_LENGTH)
    neutral: str | None = setting(None, low=1, high=TEXT_LENGTH)
    recipe: Recipe | None = setting(None)

    @classmethod
    def from_json(cls, content: str | bytes) -> SavedEdit:
        """Reads a file's content: of this version, a studio file or a report of a former one, or a recipe alone.

        Raises StyleclipError, in one sentence, for anything else.
        """
        if len(content) > LARGEST:
            raise StyleclipError(f"This is no saved edit: it has {len(content):,} bytes, and one has less than {LARGEST:,}.")
        try:
            read = json.loads(content)
            return cls.from_dict(_today(read) if isinstance(read, dict) else read)
        except (ValueError, RecursionError):
            raise StyleclipError("This is no saved edit: it is not JSON; choose a .json file that the studio or styleclip edit --report "
                                 "has written.") from None

    def save(self, path: str | Path, **more: Any) -> Path:
        """Writes the edit as JSON, whole or not at all. more: further entries of the file, which are ignored when it is read.

        Raises StyleclipError if the file cannot be written.
        """
        write_json(path, {**self.to_dict(), **more})
        return Path(path)


def _today(content: dict) -> dict:
    """The content of a file as this version writes it, whichever version wrote it."""
    content = {name: value for name, value in content.items() if name != "measured"}
    if "method" in content:  # a recipe alone
        content = {"recipe": content}
    recipe = content.get("recipe")
    if "edit" in content:  # a file of the former studio
        text, neutral, recipe = _studio_edit(content.pop("edit"))
        return {**content, "face": _face(content.get("face")), "text": text, "neutral": neutral, "recipe": recipe}
    if isinstance(recipe, dict) and ("version" in recipe or "text" in recipe):  # a report of the former command line
        return _former_report(recipe)
    return content


_NOT_SETTINGS = ("domain", "text", "neutral", "version", "asked", "fast", "tuning", "directions")


def _former_report(recipe: dict) -> dict:
    """The flat dictionary in which a method of a former version described its edit."""
    around = {name: recipe[name] for name in ("domain", "version", "text", "neutral") if name in recipe}
    own = {FORMER_NAMES.get(name, name): value for name, value in recipe.items() if name not in _NOT_SETTINGS}
    if own.get("method") == "directions":
        changes = own.pop("changes", None) or [{name: recipe.get(name) for name in ("text", "neutral", "alpha", "beta", "rgb")}]
        own = {"method": "directions", "ridge": own.get("ridge"), "changes": [_change(one) for one in _list(changes, "changes")]}
        around.setdefault("text", recipe.get("asked", ""))
    elif own.get("method") == "mapper":  # it held the settings of the training
        own = {"method": "mapper", "strength": own.get("strength", 1.0), "levels": own.get("acting"), "seed": own.get("seed", 0)}
    return {**around, "recipe": own}


def _studio_edit(edit: object) -> tuple[str, str | None, dict | None]:
    """Text, neutral text and recipe of an edit as the former studio saved it."""
    if edit is None:
        return "", None, None
    if not isinstance(edit, dict):
        raise StyleclipError(f"edit must be the names and values of an edit, not {reprlib.repr(edit)}.")
    own = dict(edit)
    text = own.pop("text", "")
    if own.get("method") == "directions":
        changes = [_change(one) for one in _list(own.get("changes"), "changes")]
        return ", ".join(str(one.get("target")) for one in changes), None, {"method": "directions", "changes": changes}
    if "acting" in own:
        own["levels"] = own.pop("acting")
    if "ended" in own:
        own["stop_after"] = own.pop("ended")
    if own.get("method") == "optimization":
        own.setdefault("space", "w")  # the only one that the former studio had
    return text, None, own


def _change(one: object) -> dict:
    """A change, whose target was called text."""
    if not isinstance(one, dict):
        raise StyleclipError(f"Each of changes must be names and values, not {reprlib.repr(one)}.")
    renamed = {"target" if name == "text" else name: value for name, value in one.items()}
    return {"rgb": False, **{name: value for name, value in renamed.items() if value is not None or name == "beta"}}


def _face(face: object) -> object:
    """Where a face comes from, as the former studio wrote it: by the key that it has."""
    if not isinstance(face, dict) or "source" in face:
        return face
    own = dict(face)
    steps = {"steps": 60}  # of every inversion in the former studio
    if "portrait" in own:
        return {"source": "portrait", "name": own.pop("portrait"), **steps, **own}
    if "file" in own:
        return {"source": "file", "name": own.pop("file"), **steps, **own}
    if "mixed" in own:
        first, second = [_face(one) for one in _list(own.pop("mixed"), "mixed", 2)]
        return {"source": "mixed", "first": first, "second": second, **own}
    if "blended" in own:
        own.pop("place", None)  # of the pad's point, which the weights tell, too
        return {"source": "blended", "faces": [_face(one) for one in _list(own.pop("blended"), "blended")], **own}
    if "edited" in own:
        text, neutral, recipe = _studio_edit(own.pop("edit", None))
        return {"source": "edited", "face": _face(own.pop("edited")), "text": text, "neutral": neutral, "recipe": recipe, **own}
    return {"source": "seed", **own}


def _list(value: object, name: str, length: int | None = None) -> list:
    if not isinstance(value, list) or (length is not None and len(value) != length):
        raise StyleclipError(f"{name} must be a list{f' of {length}' if length else ''}, not {reprlib.repr(value)}.")
    return value
