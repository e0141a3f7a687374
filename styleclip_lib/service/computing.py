"""The job function: what a worker does with a task, with the same functions as the command line and the studio."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import singledispatch
from typing import Any

from PIL import Image
from torch import Tensor

from ..editing.alignment import latent_alignment_of
from ..editing.face import Face
from ..editing.prompt import Prompt
from ..editing.recipe import NEUTRAL
from ..editing.recipes import Recipe
from ..editing.saved_edit import SavedEdit
from ..editing.sources import File
from ..errors import StyleclipError
from ..evaluation.report import measure_edit
from ..images import open_picture, to_pil
from ..models import Models
from ..photos.loading import Photo, load_face, load_faces
from .tasks import EditTask, FacesTask, SampleTask, StylizeTask, Task

PICTURE_NAME = "picture"
"""The name of an uploaded picture in a saved edit; the file's own name is not kept."""

CROP = 160
"""Pixels along a side of a face in the list of detected faces."""

MOST_FACES = 12
"""The largest number of faces of one picture in the list."""

MAPPERS_KEPT = 4
"""The number of mappers, trained for clients' texts, that a worker keeps."""

Result = tuple[dict[str, Any], dict[str, bytes]]
"""Facts for JSON, and pictures by name as PNG files."""


class Watch:
    """The progress of a task. tell: called with phase, step, steps, and the picture [1, 3, r, r] of a step or None; True ends the steps."""

    def __init__(self, tell: Callable[[str, int, int, Tensor | None], bool]):
        self._tell, self._phase, self.step, self.steps, self.ended = tell, "", 0, 0, False

    def begin(self, phase: str, at: int | None = None) -> None:
        """Begins another phase; `at` is the number of its first step."""
        self._phase, self.step = phase, self.step if at is None else at
        self._tell(phase, self.step, self.steps, None)

    def on_step(self, step: int, image: Tensor) -> bool:
        """The callback for methods that take steps; True, from the first time on, asks them to stop."""
        self.step += 1
        self.ended = self._tell(self._phase, min(self.step, self.steps), self.steps, image) or self.ended
        return self.ended


@singledispatch
def compute(task: Task, models: Models, picture: bytes, watch: Watch) -> Result:
    """Computes a task. picture: an uploaded file, b"" for tasks without one.

    Raises StyleclipError for a file that is not a picture, a face that is not in it, and settings that this domain does not support.
    """
    raise NotImplementedError(task)


@compute.register
def _(task: SampleTask, models: Models, picture: bytes, watch: Watch) -> Result:
    watch.begin("drawing")
    if task.text is None:
        face = Face.of_seed(models, task.seed, task.truncation_psi)
    else:
        face = latent_alignment_of(models, progress=False).face_of_text(task.text, task.seed, task.truncation_psi)
    return {"text": task.text, "seed": task.seed, "truncation_psi": task.truncation_psi}, {"picture": as_png(face.image)}


@compute.register
def _(task: FacesTask, models: Models, picture: bytes, watch: Watch) -> Result:
    watch.begin("finding faces")
    photos = load_faces(models, picture)
    width, height = photos[0].original.size
    faces = [_listed(number, photo) for number, photo in enumerate(photos[:MOST_FACES])]
    return {"faces": faces, "width": width, "height": height, "notes": _notes(photos[0])}, {}


@compute.register
def _(task: EditTask, models: Models, picture: bytes, watch: Watch) -> Result:
    check_choices(task.recipe, models)
    watch.begin("reading the text")
    prompt = Prompt.of(models, task.text, task.neutral) if task.text.strip() else None
    photo = None
    if task.needs_picture:
        watch.begin("finding the face")
        photo = load_face(models, picture, align=task.align, face=task.face)
    if task.paste_back and (photo is None or photo.quad is None):
        raise StyleclipError("paste_back needs a cropped face, but this picture was taken whole: leave it out, or ask for align=always.")
    inverting, editing = task.steps_before, task.recipe.steps_ahead(models, prompt)
    watch.steps, recipe = inverting + editing, task.recipe
    if not editing:  # otherwise the steps below train what is needed
        watch.begin("preparing")
        recipe = recipe.prepare(models, prompt, progress=False)
    watch.begin("inverting", 0)
    face = _face_before(task, models, photo, watch)
    watch.begin("editing", inverting)
    edit = recipe.apply(models, face, prompt, watch.on_step, progress=False)
    watch.begin("measuring", inverting + editing)
    report = asdict(measure_edit(models, face.image, edit.image, prompt or NEUTRAL, photo=photo))
    saved = SavedEdit(domain=models.domain, face=face.source, text=task.text, neutral=task.neutral, recipe=edit.recipe)
    if task.paste_back:
        pictures = {"picture": _file(photo.paste_back(edit.image)), "before": _file(open_picture(photo.original))}
    else:
        pictures = {"picture": as_png(edit.image), "before": as_png(face.image)}
    return {"report": json.loads(json.dumps(report)), "recipe": saved.to_dict(), "notes": _notes(photo)}, pictures


@compute.register
def _(task: StylizeTask, models: Models, picture: bytes, watch: Watch) -> Result:
    from ..stylization.optimization import reduced_picture, stylize

    settings = task.recipe.resolved(models.calibration.style)
    image, watch.steps = reduced_picture(open_picture(picture), settings.size), settings.steps
    watch.begin("restyling", 0)
    done = stylize(models, image, task.text, recipe=task.recipe, on_step=watch.on_step, progress=False)
    return {"recipe": done.recipe.to_dict(), "text": task.text, "notes": []}, {"picture": as_png(done.image)}


def check_choices(recipe: Recipe, models: Models) -> None:
    """Raises StyleclipError for a field whose value the domain does not offer: on the command line it may name a file, here it may not."""
    for name, options in recipe.choices(models).items():
        known = [option[1] if isinstance(option, tuple) else option for option in options]
        value = getattr(recipe, name)
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None and one not in known:
                raise StyleclipError(f"{name} must be one of {', '.join(map(repr, known))}, not {str(one)!r}.")


def forget_texts(models: Models) -> None:
    """Frees all but the latest of the mappers that were trained for clients' texts."""
    trained = [key for key in models.memo if isinstance(key, tuple) and key[0] == "trained mapper"]
    for key in trained[:-MAPPERS_KEPT]:
        del models.memo[key]


def description(models: Models) -> dict[str, Any]:
    """The domain for clients: the size of its pictures, and for each method the choices that depend on the domain."""
    def values(options: list) -> list:
        return [option[1] if isinstance(option, tuple) else option for option in options]

    choices = {kind.KIND: {name: values(options) for name, options in kind.choices(models).items()} for kind in Recipe.family().values()}
    return {"name": models.domain, "img_resolution": models.generator.img_resolution, "choices": choices,
            "readable": models.attributes is not None}


def as_png(image: Tensor) -> bytes:
    """[1, 3, R, R] in [-1, 1] as a PNG file, with the same pixels as `save_image` writes."""
    return _file(to_pil(image))


def as_jpeg(picture: Image.Image, quality: int = 85) -> bytes:
    """A small JPEG file, for previews."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def _file(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def _face_before(task: EditTask, models: Models, photo: Photo | None, watch: Watch) -> Face:
    """The face before the edit; its source says where an inversion was ended early."""
    if photo is None:
        return Face.of_seed(models, task.face_seed)
    number = task.face if isinstance(task.face, int) else None
    source = File(name=PICTURE_NAME, face=number, steps=task.inversion_steps, tune_steps=task.tune_steps, seed=task.seed)
    face = Face.of_photo(models, photo, steps=source.steps, tune_steps=source.tune_steps, seed=source.seed, source=source,
                         on_step=watch.on_step, progress=False)
    return replace(face, source=replace(source, stop_after=max(1, watch.step))) if watch.ended else face


def _listed(number: int, photo: Photo) -> dict[str, Any]:
    """A detected face, for JSON: its box and its square in the picture's pixels, and a small JPEG of the crop."""
    box = None if photo.box is None else [round(getattr(photo.box, one.name), 1) for one in fields(photo.box)[:4]]
    crop = photo.crop.resize((CROP, CROP), Image.Resampling.LANCZOS)
    return {"number": number, "box": box, "quad": None if photo.quad is None else photo.quad.round(1).tolist(),
            "crop": "data:image/jpeg;base64," + base64.b64encode(as_jpeg(crop)).decode()}


def _notes(photo: Photo | None) -> list[str]:
    if photo is None:
        return []
    animated = ["The first picture of a file with several is used."] if photo.original.info.get("animated") else []
    return [*photo.notes, *animated]

