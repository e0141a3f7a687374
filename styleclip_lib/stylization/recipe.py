"""The settings of style transfer: one frozen dataclass, JSON both ways."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, ClassVar

from ..calibration import StyleCalibration
from ..editing.recipe import MOST_STEPS, SEEDS, TEXT_LENGTH
from ..errors import StyleclipError
from ..settings import Settings, setting

if TYPE_CHECKING:
    from torch import Tensor

    from ..descent import OnStep
    from ..models import Models
    from .result import Stylization

SOURCE = "a photo"
"""The default source text: what a picture is before it is restyled."""


@dataclass(frozen=True, kw_only=True)
class StyleRecipe(Settings):
    """The settings of style transfer (Kwon & Ye 2022). None takes the domain's default (`Calibration.style`); the recipe of the returned
    `Stylization` has the value that was used.

    λ_dir L_dir + λ_patch L_patch + λ_contrast L_contrast + λ_c L_c + λ_tv L_tv -> min              (eq. 6, and L_contrast)

    `PRESETS["paper"]`, also `StyleRecipe.PAPER`, has the authors' settings, without L_contrast.
    """

    PRESETS: ClassVar[dict[str, StyleRecipe]] = {}
    DEFAULT: ClassVar[StyleRecipe]
    PAPER: ClassVar[StyleRecipe]
    source: str = setting(SOURCE, "the source text: what the picture is before it is restyled", high=TEXT_LENGTH,
                          label="source text")
    region: str = setting("", "restyle only the region of this text, such as 'hair'; by default the whole picture", high=TEXT_LENGTH)
    steps: int | None = setting(None, "number of optimisation steps; by default the domain's", low=1, high=MOST_STEPS)
    lr: float | None = setting(None, "initial learning rate; by default the domain's", low=0, high=10, label="learning rate")
    halve_every: int = setting(100, "number of steps after which the learning rate is halved", low=1, high=MOST_STEPS)
    residual: bool | None = setting(None, "whether the network starts from the picture itself; by default the domain's (no in the paper)")
    lambda_direction: float | None = setting(None, "weight of the directional loss of the whole picture; by default the domain's", low=0,
                                             high=1e6, label="direction")
    lambda_patch: float | None = setting(None, "weight of the directional loss of patches; by default the domain's", low=0, high=1e6,
                                         label="patches' direction")
    lambda_contrast: float | None = setting(
        None, "weight of -log p, p being CLIP's probability of this style among all; by default the domain's (0 in the paper)", low=0,
        high=1e6, label="contrast")
    lambda_content: float | None = setting(None, "weight of the content loss, which preserves the content; by default the domain's",
                                           low=0, high=1e6, label="content")
    lambda_tv: float | None = setting(None, "weight of the total variation; by default the domain's", low=0, high=1e6, label="smoothness")
    threshold: float | None = setting(None, "tau: patches with a lower loss count as zero; by default the domain's", low=0, high=2)
    cap: float | None = setting(None, "probability of the style above which the contrast loss stops falling; by default the domain's",
                                low=0.01, high=1)
    patches: int | None = setting(None, "number of patches in each step; by default the domain's", low=1, high=1024)
    patch_share: float | None = setting(None, "a patch's side, as a share of the picture's shorter side; by default the domain's", low=0.02,
                                        high=1, label="patch size")
    distortion: float = setting(0.5, "how far a patch's corners move inwards, as a share of half its side", low=0, high=0.9)
    views: int | None = setting(None, "random views of the whole picture in each step; by default the domain's (paper: 1)", low=1,
                                high=64)
    templates: bool = setting(False, "whether to average each text over CLIP's 79 prompt templates, as in the paper")
    size: int | None = setting(None, "pixels of the longer side to which larger pictures are reduced; by default the domain's", low=32,
                               high=4096)
    stop_after: int | None = setting(None, "stop after this many steps, with the learning rate schedule of all", low=1, high=MOST_STEPS)
    seed: int = setting(0, "the same seed gives the same result", low=0, high=SEEDS)

    def apply(self, models: Models, image: Tensor, text: str, on_step: OnStep | None = None, *, mask: Tensor | None = None,
              frames: int = 0, progress: bool = True) -> Stylization:
        """Restyles a picture; see `stylize`."""
        from .optimization import stylized

        return stylized(models, image, text, self, on_step, mask, frames, progress)

    def resolved(self, style: StyleCalibration) -> StyleCalibration:
        """The domain's settings, overridden by those of the recipe. Raises StyleclipError if no loss has a weight."""
        own = {name: getattr(self, name) for name in _SHARED if getattr(self, name) is not None}
        resolved = replace(style, **own)
        if not any(getattr(resolved, f"lambda_{name}") for name in LOSSES):
            weights = ", ".join(f"lambda_{name}" for name in LOSSES)
            raise StyleclipError(f"All weights are 0: give at least one of {weights}.")
        return resolved

    def filled_in(self, style: StyleCalibration) -> StyleRecipe:
        """The recipe with the domain's settings in place of None."""
        resolved = self.resolved(style)
        return replace(self, **{name: getattr(resolved, name) for name in _SHARED})


LOSSES = ("direction", "patch", "contrast", "content", "tv")
"""The losses that a recipe has weights for: lambda_direction, ..."""

_SHARED = {one.name for one in fields(StyleCalibration)} & {one.name for one in fields(StyleRecipe)}

StyleRecipe.DEFAULT = StyleRecipe()
StyleRecipe.PAPER = StyleRecipe(source="a Photo", templates=True, steps=201, lr=5e-4, residual=False, lambda_direction=500.0,
                                lambda_patch=9000.0, lambda_contrast=0.0, lambda_content=150.0, lambda_tv=2e-3, threshold=0.7, cap=1.0,
                                patches=64, patch_share=0.25, views=1, size=512)
StyleRecipe.PRESETS = {"default": StyleRecipe.DEFAULT, "paper": StyleRecipe.PAPER}
