"""Latent alignment: a map from CLIP's space to W+ turns a picture or a text into a face, and a text into an edit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from .. import __version__
from ..finite import require_finite
from ..inversion import alignment as files
from ..inversion.alignment import FACES, RIDGE, RIDGE_TEXT, alignment_of, closed_form, code_of, kept_closed_form
from ..models import Models
from ..networks.alignment import Alignment
from ..paths import user_path
from .face import Face
from .prompt import Prompt, understood
from .recipes import AlignmentEdit
from .result import Edit
from .strength import z_scores


class LatentAlignment:
    """The map f from CLIP's space to W+, and the domain whose networks it joins (after Zheng et al. 2022).

        picture -> face      w_plus = w̄ + f(v - v̄),              v = CLIP(x)
        text -> face         a face's edit; of the mean face, or of one that a seed invents
        face + text -> edit  w_plus + f(C · (t - t_0))

    The modality gap: CLIP's embeddings of texts lie apart from those of pictures. So the input of f is never a text's embedding itself but
    its difference from the neutral text's (centring), as it is the difference from the mean for pictures.

    network  the `Alignment`;  recipe: the plain dictionary that computes it again
    """

    def __init__(self, models: Models, network: Alignment, recipe: dict):
        self.models, self.network, self.recipe = models, network, recipe

    @classmethod
    def compute(cls, models: Models, *, faces: int = FACES, ridge: float = RIDGE, ridge_text: float = RIDGE_TEXT, seed: int = 0,
                progress: bool = True) -> LatentAlignment:
        """The closed form (`networks.alignment.Alignment`), from `faces` invented faces. Raises StyleclipError for fewer than 2."""
        recipe = {"domain": models.domain, "method": "closed form", "faces": faces, "ridge": ridge, "ridge_text": ridge_text, "seed": seed,
                  "version": __version__}
        network = closed_form(models, faces, ridge=ridge, ridge_text=ridge_text, seed=seed, progress=progress)
        return cls(models, network, recipe)

    @classmethod
    def load(cls, models: Models, path: str | Path) -> LatentAlignment:
        """A saved alignment. Raises StyleclipError for another kind of file, or one of another generator or CLIP."""
        return cls(models, files.read(path, models), files.read_facts(user_path(path)).recipe)

    @classmethod
    def available(cls, models: Models, progress: bool = True) -> LatentAlignment:
        """The one that the domain ships, or the closed form, computed now; remembered. Raises StyleclipError as `load` does."""
        return cls(models, alignment_of(models, progress), {})

    def save(self, path: str | Path) -> None:
        """Writes the map, the fingerprints of generator and CLIP, and its recipe. Raises StyleclipError if the file cannot be written."""
        files.write(path, self.network, self.models, self.recipe)

    # --- faces -------------------------------------------------------------------------------------------------------

    def face_of_picture(self, image: Tensor) -> Face:
        """The face of a picture, in one pass. image [1, 3, H, W] in [-1, 1]"""
        return Face(code_of(self.models, image, self.network), self.models.generator)

    def face_of_text(self, text: str | Prompt, seed: int | None = None, truncation_psi: float = 0.7) -> Face:
        """A face that matches a text: the mean face, edited, or the face of a seed, so that everything else varies.

        Raises StyleclipError for a text that the domain's CLIP cannot read.
        """
        start = Face.of_seed(self.models, seed or 0, 0.0 if seed is None else truncation_psi)
        return self.apply(start, understood(self.models, text)).face

    # --- edits -------------------------------------------------------------------------------------------------------

    def edit(self, w_plus: Tensor, text: str | Prompt, c: float | None = None, strength: float = 1.0) -> Edit:
        """The edit of a face w_plus [1, num_ws, w_dim]. c: the constant C; None: see `predicted_c`. Raises StyleclipError for the text."""
        face = Face(w_plus.detach().to(self.models.device), self.models.generator)
        return self.apply(face, understood(self.models, text), AlignmentEdit(c=c)).at(strength)

    @torch.no_grad()
    def apply(self, face: Face, prompt: Prompt, recipe: AlignmentEdit | None = None) -> Edit:
        """The edit of a face at strength 1. Of the recipe only `c` is used; see `AlignmentEdit`."""
        recipe = recipe or AlignmentEdit()
        end = replace(face, w_plus=face.code + self.offset(face, prompt, recipe.c), source=None)
        return Edit(face, end, replace(recipe, strength=1.0), prompt)

    @torch.no_grad()
    def offset(self, face: Face, prompt: Prompt, c: float | None = None) -> Tensor:
        """The offset of a face's edit, [1, num_ws, w_dim], also of a face that was edited in StyleSpace. c: see `edit`"""
        if c is None:
            return self.mean_offset(self.models.clip.encode_image(face.image.clamp(-1, 1)), prompt)
        return self._bounded((prompt,), torch.full((1,), c, device=self.models.device))

    @torch.no_grad()
    def mean_offset(self, embedding: Tensor, prompt: Prompt) -> Tensor:
        """One offset for several faces, [1, num_ws, w_dim]: that of the mean of their predicted constants C.

        embedding  CLIP's embeddings of the faces [B, D]
        """
        texts = prompt.parts or (prompt,)
        c = torch.stack([self.predicted_c(one, texts) for one in embedding.split(1)])
        return self._bounded(texts, c.mean(0))

    @torch.no_grad()
    def predicted_c(self, embedding: Tensor, texts: tuple[Prompt, ...]) -> Tensor:
        """The constant C of each text with which, by the closed form, its CLIP z-score reaches the domain's `cap_z`. -> [N]

        A step of C along text j is expected to raise the z-score of text i by M_ij C, with  M_ij = t_i · (f(Δt_j) · effect) / σ_i.
        So M C = cap_z - z is solved for the texts whose z-score is lower than that; the others get 0.

        embedding  CLIP's embedding of the face [1, D]
        """
        vectors = torch.cat([text.vector for text in texts])
        std = (self.models.reference_faces().embedding @ vectors.T).std(0)
        missing = self.models.calibration.cap_z - z_scores(self.models, embedding, vectors)
        gains = (vectors @ (self.network(centred(texts), of_text=True).mean(1) @ self.network.effect).T) / std[:, None]
        require_finite("What the alignment predicts of the text", missing, gains)
        c, unmet = torch.zeros_like(missing), (missing > 0).nonzero()[:, 0]
        if len(unmet):
            solved = torch.linalg.lstsq(gains[unmet][:, unmet], missing[unmet, None]).solution[:, 0]
            c[unmet] = solved.clamp(min=0)
        return c

    @property
    def longest(self) -> float:
        """The mean length of an offset between two invented faces, which is the longest edit."""
        return float(self.network.w_scale) * (2 * self.network.w_dim) ** 0.5

    def _bounded(self, texts: tuple[Prompt, ...], c: Tensor) -> Tensor:
        """f(C · Δt), [1, num_ws, w_dim], with a constant for each text, c [N]; shortened to `longest` on average over the layers."""
        offset = self.network(c[None] @ centred(texts), of_text=True)
        return offset * (self.longest / offset.norm(dim=2).mean().clamp(min=1e-8)).clamp(max=1)


def centred(texts: tuple[Prompt, ...]) -> Tensor:
    """Δt: from the neutral text to each text, in CLIP's space. -> [N, D]"""
    return torch.cat([text.vector - text.neutral_vector for text in texts])


def latent_alignment_of(models: Models, recipe: AlignmentEdit | None = None, progress: bool = True) -> LatentAlignment:
    """The domain's alignment, or the closed form if the recipe asks for it; loaded or computed once and remembered.

    Raises StyleclipError if the domain's belongs to other networks.
    """
    if recipe is None or not recipe.closed_form:
        return LatentAlignment.available(models, progress)
    if "closed form" not in models.memo:
        network = alignment_of(models, progress)
        models.memo["closed form"] = network if network.depth == 0 else kept_closed_form(models, progress)
    return LatentAlignment(models, models.memo["closed form"], {})
