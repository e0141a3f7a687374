"""A face that can be drawn and edited: its latent code, the generator that draws it, and where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, singledispatch
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..errors import StyleclipError
from ..interpolation import blend
from ..inversion.invert import Inversion, invert, preset_for
from ..inversion.pivotal_tuning import tune_generator, with_noise
from ..models import Models
from ..networks.generator import Generator
from ..paths import data_folder
from ..photos.loading import Photo, load_face
from .sources import Blended, Edited, File, Mixed, Portrait, Seed, Source


@dataclass(frozen=True, eq=False)
class Face:
    """One face.

    w_plus     [1, num_ws, w_dim]
    generator  draws it: the domain's, or a copy with noise maps of its own or tuned to the face
    source     where it comes from, if that is known
    changed_styles  (styles [1, num_channels], rgb_styles [1, num_rgb_channels]) of a face that was edited in StyleSpace; w_plus is then
               the face before
    """

    w_plus: Tensor
    generator: Generator
    source: Source | None = None
    changed_styles: tuple[Tensor, Tensor] | None = None

    @classmethod
    def of_seed(cls, models: Models, seed: int, truncation_psi: float = 0.7) -> Face:
        """A face that the generator invents. A seed means the same face on every machine."""
        source = Seed(seed, truncation_psi)
        return cls(models.sample(source.seed, source.truncation_psi), models.generator, source)

    @classmethod
    def of_inversion(cls, models: Models, inversion: Inversion, source: Source | None = None) -> Face:
        """A face that `invert` has found, drawn with its noise maps if it has some."""
        return cls(inversion.w_plus, with_noise(models, inversion.noises).generator, source)

    @classmethod
    def of_photo(cls, models: Models, photo: Photo, *, preset: str | None = None, steps: int = 100, seed: int = 0, tune_steps: int = 0,
                 source: Source | None = None, progress: bool = True) -> Face:
        """Inverts the face of a photograph, with the preset that suits the domain unless one is given.

        tune_steps  steps of pivotal tuning afterwards, for faces that come out as somebody else; 0: none
        """
        found = invert(models, photo.image, preset=preset or preset_for(models), steps=steps, seed=seed, progress=progress)
        if not tune_steps:
            return cls.of_inversion(models, found, source)
        fitted, found = tune_generator(models, found, photo.image, steps=tune_steps, seed=seed, progress=progress)
        return cls(found.w_plus, fitted.generator, source)

    @classmethod
    def of(cls, models: Models, source: Source, pictures: Mapping[str, Image.Image] | None = None, progress: bool = True) -> Face:
        """The face of a source, drawn or found again.

        pictures  those of one's own, by the name that a `File` source has; without them its name is a path
        Raises StyleclipError for a picture that is not there or has no such face, and for layers or codes that do not fit.
        """
        return drawn_from(source, models, pictures or {}, progress)

    @property
    def code(self) -> Tensor:
        """w_plus, to go on from. Raises StyleclipError for a face that was edited in StyleSpace, since no w_plus has exactly its styles."""
        if self.changed_styles is not None:
            raise StyleclipError("This face was edited in StyleSpace and has no latent code to go on from: edit it with global directions "
                                 "or by an optimisation in the space 'styles', or edit the face as it was before.")
        return self.w_plus

    @property
    def styles(self) -> tuple[Tensor, Tensor]:
        """styles [1, num_channels] and rgb_styles [1, num_rgb_channels]"""
        with torch.no_grad():
            return self.generator.styles(self.w_plus) if self.changed_styles is None else self.changed_styles

    @cached_property
    def image(self) -> Tensor:
        """[1, 3, R, R] in [-1, 1]"""
        return self.draw()

    @torch.no_grad()
    def draw(self, stop_at: int | None = None) -> Tensor:
        """The picture, up to the resolution stop_at if one is given (`Synthesis.render`). [1, 3, r, r]"""
        if self.changed_styles is None:
            return self.generator.synthesis(self.w_plus, stop_at=stop_at)
        return self.generator.from_styles(*self.changed_styles, stop_at=stop_at)

    def on(self, models: Models) -> Models:
        """The models with the generator that draws this face."""
        return models.drawing_with(self.generator)

    @torch.no_grad()
    def toward(self, end: Face, strength: float) -> Face:
        """What lies so far on the path to another face of the same generator: 0 is this face, 1 the other, more exaggerates.

        The path leads through the styles if those of the end were changed, else through w_plus.
        """
        if strength == 1:
            return end
        if end.changed_styles is None:
            return replace(end, w_plus=torch.lerp(self.w_plus, end.w_plus, strength))
        between = (torch.lerp(a, b, strength) for a, b in zip(self.styles, end.changed_styles))
        return replace(end, changed_styles=tuple(between))


@singledispatch
def drawn_from(source: Source, models: Models, pictures: Mapping[str, Image.Image], progress: bool) -> Face:
    """The face of one kind of source."""
    raise StyleclipError(f"Nobody knows how to make a face of {source}.")


@drawn_from.register
def _(source: Seed, models: Models, pictures: Mapping[str, Image.Image], progress: bool) -> Face:
    return Face.of_seed(models, source.seed, source.truncation_psi)


@drawn_from.register
def _(source: Portrait, models: Models, pictures: Mapping[str, Image.Image], progress: bool) -> Face:
    gallery = portraits()
    if source.name not in gallery:
        raise StyleclipError(f"The gallery has no portrait '{source.name}', only {', '.join(gallery)}.")
    return _inverted(models, load_face(models, gallery[source.name], align="never"), source, progress)


@drawn_from.register
def _(source: File, models: Models, pictures: Mapping[str, Image.Image], progress: bool) -> Face:
    picture = pictures.get(source.name, source.name)
    return _inverted(models, load_face(models, picture, face=source.face), source, progress)


@drawn_from.register
def _(source: Mixed, models: Models, pictures: Mapping[str, Image.Image], progress: bool) -> Face:
    first, second = (Face.of(models, one, pictures, progress).code for one in (source.first, source.second))
    start, end = source.layers
    if not 0 <= start <= end <= models.generator.num_ws:
        raise StyleclipError(f"The layers {start} to {end} are not there: this generator has 0 to {models.generator.num_ws}.")
    return Face(torch.cat([first[:, :start], second[:, start:end], first[:, end:]], dim=1), models.generator, source)


@drawn_from.register
def _(source: Blended, models: Models, pictures: Mapping[str, Image.Image], progress: bool) -> Face:
    codes = [Face.of(models, one, pictures, progress).code for one in source.faces]
    return Face(blend(codes, source.weights), models.generator, source)


@drawn_from.register
def _(source: Edited, models: Models, pictures: Mapping[str, Image.Image], progress: bool) -> Face:
    from .prompt import Prompt

    prompt = Prompt.of(models, source.text, source.neutral) if source.text else None
    edit = source.recipe.apply(models, Face.of(models, source.face, pictures, progress), prompt, progress=progress)
    return replace(edit.face, source=source)


def portraits() -> dict[str, Path]:
    """The pictures of the gallery, by name."""
    return {path.stem: path for path in sorted((data_folder() / "images").glob("*.png"))}


def _inverted(models: Models, photo: Photo, source: Portrait | File, progress: bool) -> Face:
    return Face.of_photo(models, photo, steps=source.steps, tune_steps=source.tune_steps, seed=source.seed, source=source,
                         progress=progress)
