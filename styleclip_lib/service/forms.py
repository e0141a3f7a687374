"""From a request's form to a task. What is uploaded stays in memory."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_args, get_type_hints

from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from ..editing.recipes import Optimization, Recipe
from ..editing.saved_edit import SavedEdit
from ..errors import StyleclipError
from ..stylization.recipe import StyleRecipe
from .tasks import EditTask, StylizeTask, Task

MOST_FIELDS = 64
LONGEST_FIELD = 1_000_000
"""Bytes of one field that is no picture; a recipe is the longest."""


class MemoryParser(MultiPartParser):
    """Starlette's parser, which would write uploads of more than a megabyte to disk, and does not here."""

    spool_max_size = 1 << 40


class FormError(StyleclipError):
    """What was sent is no form that can be read."""


async def read_form(request: Request) -> tuple[dict[str, str], bytes]:
    """The fields of a multipart form, and the picture that came in the field image; b"" if none did.

    Raises FormError for what is no form, StyleclipError for a field that stands there twice, or files elsewhere.
    """
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "multipart/form-data":
        raise FormError("Send a form as multipart/form-data, as curl does with -F.")
    parser = MemoryParser(request.headers, request.stream(), max_files=4, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise FormError(f"The form cannot be read: {error.message}") from None
    except (KeyError, ValueError, UnicodeError):
        raise FormError("The form cannot be read: send it as multipart/form-data with a boundary, as curl does with -F.") from None
    try:
        return await _parts(form)
    finally:
        await form.close()


async def _parts(form: FormData) -> tuple[dict[str, str], bytes]:
    words: dict[str, str] = {}
    picture = b""
    for name, value in form.multi_items():
        if name in words or (name == "image" and picture):
            raise StyleclipError(f"The field {name!r} occurs twice: send it once.")
        if name == "image":
            picture = await value.read() if isinstance(value, UploadFile) else value.encode()
            if not picture:
                raise StyleclipError("The field image is empty: send a picture in it.")
        elif isinstance(value, UploadFile):
            content = await value.read()
            if name != "recipe" or len(content) > LONGEST_FIELD:
                raise StyleclipError(f"A file came in the field {name!r}: a picture goes into the field image.")
            words[name] = content.decode("utf-8", "replace")
        else:
            words[name] = value
    return words, picture


def read_task(kind: type[Task], words: dict[str, str], picture: bytes) -> Task:
    """The task that a form asks for. Raises StyleclipError, in one sentence, for what makes no sense."""
    task = READERS.get(kind, lambda words: kind.from_dict(_read(kind, words)))(words)
    if task.needs_picture and not picture:
        raise StyleclipError("Send a picture in the field image" + (", or ask for an invented face with face_seed." if kind is EditTask
                                                                   else "."))
    if picture and not task.needs_picture:
        raise StyleclipError("Send either a picture in the field image or face_seed, not both." if kind is EditTask else
                             "Leave out the field image: this takes no picture.")
    return task


def read_edit(words: dict[str, str]) -> EditTask:
    """An edit: the task's own fields, a recipe as JSON, and settings of its method one by one, which count more than the recipe's."""
    own = {one.name for one in fields(EditTask)} - {"recipe"}
    given = {name: value for name, value in words.items() if name not in own and name not in ("recipe", "method")}
    saved = SavedEdit.from_json(words["recipe"]) if words.get("recipe") else SavedEdit()
    recipe = _recipe(words.get("method"), saved.recipe)
    if "seed" in words and "seed" in {one.name for one in fields(recipe)}:
        given["seed"] = words["seed"]
    if words.get("text") and getattr(recipe, "changes", ()) and "changes" not in given:
        given["changes"] = "[]"  # they were those of the recipe's text
    recipe = type(recipe).from_dict({**recipe.to_dict(), **_read(type(recipe), given)})
    task = _read(EditTask, {name: value for name, value in words.items() if name in own})
    return EditTask(**{"text": saved.text, "neutral": saved.neutral, **task, "recipe": recipe})


def read_stylization(words: dict[str, str]) -> StylizeTask:
    """A style, and settings of the style transfer one by one. Raises StyleclipError where the style is missing."""
    settings = {name: value for name, value in words.items() if name != "text"}
    return StylizeTask.from_dict({**{name: value for name, value in words.items() if name == "text"},
                                  "recipe": _read(StyleRecipe, settings)})


READERS: dict[type[Task], Callable[[dict[str, str]], Task]] = {EditTask: read_edit, StylizeTask: read_stylization}
"""Of the tasks that have a recipe; the fields of all others are those of the form."""


def _recipe(method: str | None, saved: Recipe | None) -> Recipe:
    """What the settings change: the recipe that was sent, or the defaults of the method."""
    if method is None:
        return saved or Optimization()
    if saved is not None and method == saved.KIND:
        return saved
    return Recipe.from_dict({"method": method})


def _read(kind: type, words: dict[str, str]) -> dict[str, Any]:
    """Values of a form as JSON has them: numbers, true, null, lists; what a field takes as a text, and what is no JSON, stays text."""
    hints = get_type_hints(kind)
    return {name: _value(value, hints.get(name)) for name, value in words.items()}


def _value(word: str, hint: Any) -> Any:
    if hint is str or (str in get_args(hint) and word != "null"):
        return word
    try:
        return json.loads(word, parse_constant=lambda name: name)
    except (ValueError, RecursionError):
        return word
