"""From a source to the face: drawn, inverted, mixed, blended or edited."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import fields, replace
from functools import singledispatchmethod
from pathlib import Path

import torch

from ..descent import OnStep
from ..errors import StyleclipError
from ..interpolation import blend
from ..models import Models
from ..paths import data_folder
from ..photos.loading import Photo, load_face
from .face import Face
from .mapper_file import shipped_mappers
from .prompt import Prompt
from .recipes import Recipe
from .sources import Blended, Edited, File, Inverted, Mixed, Portrait, Seed, Source


def portraits() -> dict[str, Path]:
    """The pictures of the gallery, by name."""
    return {path.stem: path for path in sorted((data_folder() / "images").glob("*.png"))}


class Faces:
    """Makes the faces of sources, and remembers those that took steps.

    A `File` is a path, unless `take_photos` was given a picture of that name.

    files  the only paths that sources and recipes may name besides such pictures, since a recipe may be untrusted; None: any path
    """

    def __init__(self, models: Models, progress: bool = False, files: Collection[str] | None = None):
        self.models, self.progress, self.files = models, progress, files
        self._photos: dict[str, Sequence[Photo]] = {}
        self._inverted: dict[Source, Face] = {}

    def take_photos(self, name: str, photos: Sequence[Photo]) -> None:
        """Registers the detected faces of a picture; inversions of an earlier picture of the same name are forgotten.

        Only the crops are kept: whole photographs of somebody who tries one after the other would fill the memory.
        """
        self._photos[name] = [Photo(photo.crop, photo.crop) for photo in photos]
        self._inverted.clear()

    def of(self, source: Source, on_step: OnStep | None = None, quick: bool = False) -> Face:
        """The face of a source. Its own source records where steps were ended early, by on_step or by Ctrl-C.

        on_step  called in each step of an inversion or a search; returning True ends it with the best result so far
        quick    take no steps: use the encoder's guess for a picture that is not inverted yet, and leave out an edit that needs a search

        Raises StyleclipError for a picture that is missing or has no such face, and for layers or codes of other shapes.
        """
        if source in self._inverted:
            return self._inverted[source]
        face = self._make(source, on_step, quick)
        if not quick and face.source is not None and self._takes_steps(face.source):
            self._inverted[face.source] = face
        return face

    def known(self, source: Source) -> bool:
        """Whether a face is available without further steps."""
        if source in self._inverted:
            return True
        return not self._takes_steps(source) and all(map(self.known, _inside(source)))

    def check(self, source: Source) -> None:
        """Raises StyleclipError for a missing picture, or layers that the generator does not have, without drawing anything."""
        for one in _inside(source):
            self.check(one)
        if isinstance(source, Portrait) and source.name not in portraits():
            raise StyleclipError(f"The gallery has no portrait {source.name!r}, only {', '.join(portraits())}.")
        if isinstance(source, File) and source.name not in self._photos:
            if self.files is not None and source.name not in self.files:
                raise StyleclipError(f"The picture {source.name!r} is not there: upload it first, then load the recipe again.")
            if not os.path.isfile(source.name):
                raise StyleclipError(f"The picture {source.name!r} is not there: upload it first, or work in the folder where it lies.")
        if isinstance(source, Edited):
            self.check_recipe(source.recipe)
        num_ws = self.models.generator.num_ws
        if isinstance(source, Mixed) and not 0 <= source.layers[0] <= source.layers[1] <= num_ws:
            raise StyleclipError(f"The layers {source.layers[0]} to {source.layers[1]} are not there: this generator has 0 to {num_ws}.")

    def check_recipe(self, recipe: Recipe) -> None:
        """Raises StyleclipError for a recipe that names a file of weights outside `files`."""
        named = getattr(recipe, "mapper", "")
        if named and self.files is not None and named not in self.files and named not in shipped_mappers(self.models):
            raise StyleclipError(f"The recipe names the mapper {named!r}, which does not come with the domain: open the studio with that "
                                 "file among its mappers, if you know it.")

    # --- one for each kind of source ---------------------------------------------------------------------------------

    @singledispatchmethod
    def _make(self, source: Source, on_step: OnStep | None, quick: bool) -> Face:
        raise StyleclipError(f"There is no way to make a face of {source}.")

    @_make.register
    def _(self, source: Seed, on_step: OnStep | None, quick: bool) -> Face:
        return Face.of_seed(self.models, source.seed, source.truncation_psi)

    @_make.register
    def _(self, source: Inverted, on_step: OnStep | None, quick: bool) -> Face:
        self.check(source)
        steps_done, ended = 0, False

        def look(step: int, image: torch.Tensor) -> bool:
            nonlocal steps_done, ended
            steps_done = step + 1
            ended = bool(on_step and on_step(step, image)) or steps_done == source.stop_after
            return ended

        steps, tune_steps = (0, 0) if quick else (source.steps, source.tune_steps)
        face = Face.of_photo(self.models, self._photo(source), steps=steps, tune_steps=tune_steps, seed=source.seed, source=source,
                             on_step=look, progress=self.progress)
        early = not quick and (ended or steps_done < source.steps)
        return replace(face, source=replace(source, stop_after=steps_done or None)) if early else face

    def _photo(self, source: Inverted) -> Photo:
        if isinstance(source, Portrait):
            return load_face(self.models, portraits()[source.name], align="never")
        assert isinstance(source, File), "there is no third kind"
        if source.name not in self._photos:
            return load_face(self.models, source.name, face=source.face)
        photos = self._photos[source.name]
        if (source.face or 0) >= len(photos):
            raise StyleclipError(f"The picture {source.name!r} has {len(photos)} faces: there is no number {source.face}.")
        return photos[source.face or 0]

    @_make.register
    def _(self, source: Mixed, on_step: OnStep | None, quick: bool) -> Face:
        self.check(source)
        first, second = (self.of(one, on_step, quick) for one in (source.first, source.second))
        (start, end), a, b = source.layers, first.code, second.code
        mixed = torch.cat([a[:, :start], b[:, start:end], a[:, end:]], dim=1)
        return Face(mixed, self.models.generator, replace(source, first=first.source, second=second.source))

    @_make.register
    def _(self, source: Blended, on_step: OnStep | None, quick: bool) -> Face:
        faces = [self.of(one, on_step, quick) for one in source.faces]
        blended = blend([face.code for face in faces], source.weights)
        return Face(blended, self.models.generator, replace(source, faces=tuple(face.source for face in faces)))

    @_make.register
    def _(self, source: Edited, on_step: OnStep | None, quick: bool) -> Face:
        self.check_recipe(source.recipe)
        start = self.of(source.face, on_step, quick)
        if quick and self._takes_steps(source):
            return start
        edit = source.recipe.apply(self.models, start, self._prompt(source), on_step, progress=self.progress)
        return replace(edit.face, source=replace(source, face=start.source, recipe=source.recipe.as_done(edit.recipe)))

    def _prompt(self, source: Edited) -> Prompt | None:
        return Prompt.of(self.models, source.text, source.neutral) if source.text else None

    def _takes_steps(self, source: Source) -> bool:
        """Whether the last operation on this face takes steps."""
        if isinstance(source, Edited):
            return source.recipe.steps_ahead(self.models, self._prompt(source)) > 0
        return getattr(source, "steps", 0) > 0


def _inside(source: Source) -> Iterator[Source]:
    """The faces from which a face is made."""
    for one in fields(source):
        value = getattr(source, one.name)
        for part in value if isinstance(value, tuple) else (value,):
            if isinstance(part, Source):
                yield part
