"""A face that can be drawn and edited: its latent code, the generator that draws it, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from ..descent import OnStep
from ..errors import StyleclipError
from ..inversion.invert import Inversion, invert, preset_for
from ..inversion.pivotal_tuning import tune_generator, with_noise
from ..models import Models
from ..networks.generator import Generator
from ..photos.loading import Photo
from .sources import Seed, Source


@dataclass(frozen=True, eq=False)
class Face:
    """One face.

    w_plus     [1, num_ws, w_dim]
    generator  draws it: the domain's, or a copy with its own noise maps or tuned to the face
    source     where it comes from, if known
    changed_styles  (styles [1, num_channels], rgb_styles [1, num_rgb_channels]) of a face that was edited in StyleSpace; w_plus is then
               the face before the edit
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
        """The face of an inversion, drawn with its noise maps if it has any."""
        return cls(inversion.w_plus, with_noise(models, inversion.noises).generator, source)

    @classmethod
    def of_photo(cls, models: Models, photo: Photo, *, preset: str | None = None, steps: int = 100, seed: int = 0, tune_steps: int = 0,
                 source: Source | None = None, on_step: OnStep | None = None, progress: bool = True) -> Face:
        """Inverts the face of a photograph, with the domain's preset unless one is given.

        tune_steps  steps of pivotal tuning afterwards, for faces that come out as somebody else; 0: none. Ctrl-C ends both searches
        on_step     sees each step of the inversion, and may end it
        """
        inversion = invert(models, photo.image, preset=preset or preset_for(models), steps=steps, seed=seed, on_step=on_step,
                           progress=progress)
        if not tune_steps or inversion.interrupted:
            return cls.of_inversion(models, inversion, source)
        fitted, inversion = tune_generator(models, inversion, photo.image, steps=tune_steps, seed=seed, progress=progress)
        return cls(inversion.w_plus, fitted.generator, source)

    @classmethod
    def of(cls, models: Models, source: Source, progress: bool = True) -> Face:
        """The face of a source, drawn or inverted.

        Raises StyleclipError for a picture that is missing or has no such face, and for layers or codes of other shapes.
        """
        from .faces import Faces

        return Faces(models, progress).of(source)

    @property
    def code(self) -> Tensor:
        """The latent code. Raises StyleclipError for a face that was edited in StyleSpace, since no w_plus has exactly its styles."""
        if self.changed_styles is not None:
            raise StyleclipError("This face was edited in StyleSpace and has no latent code: edit it with global directions or by an "
                                 "optimisation in the space 'styles', or edit the face as it was before.")
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
        """A point on the path to another face of the same generator: 0 is this face, 1 the other, more exaggerates.

        The path runs through the styles if those of the end were changed, otherwise through w_plus.
        """
        if strength == 1:
            return end
        if end.changed_styles is None:
            return replace(end, w_plus=torch.lerp(self.w_plus, end.w_plus, strength))
        between = (torch.lerp(a, b, strength) for a, b in zip(self.styles, end.changed_styles))
        return replace(end, changed_styles=tuple(between))
