"""The settings of a domain that depend on its networks rather than on a method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from .settings import Settings, setting

Start = Literal["face", "alignment"]
"""Where a search for an edit begins: at the face, or at its edit by latent alignment."""


@dataclass(frozen=True, kw_only=True)
class StyleCalibration(Settings):
    """The defaults of style transfer in a domain (used where `StyleRecipe` has None); without a calibration, CLIPstyler's values.

    note               where the numbers come from
    steps, lr          of the optimisation
    residual           whether the untrained network returns the picture itself
    lambda_direction, lambda_patch, lambda_contrast, lambda_content, lambda_tv  weights of the losses (`stylization.losses`)
    threshold          τ: patches whose 1 - cos is below it count as zero
    cap                CLIP's probability of the text above which the contrast loss stops
    patches, patch_share  the number of patches in each step, and their side as a share of the picture's shorter side
    views              the number of random views of the whole picture
    size               pixels of the longer side to which larger pictures are reduced
    lambda_temporal    weight of the temporal loss of a network for videos
    region_windows     sides of the windows through which CLIP looks for a region, as shares of the picture's shorter side
    region_threshold   share of the relevance's range above which a pixel belongs to a region;  region_least: the smallest relevance
                       that its best place may have; below it the region is not in the picture
    """

    note: str = setting("CLIPstyler's values: nothing was measured with these networks.", high=1000)
    steps: int = setting(201, low=1, high=100_000)
    lr: float = setting(5e-4, low=0, high=10)
    residual: bool = setting(False)
    lambda_direction: float = setting(500.0, low=0, high=1e6)
    lambda_patch: float = setting(9000.0, low=0, high=1e6)
    lambda_contrast: float = setting(0.0, low=0, high=1e6)
    lambda_content: float = setting(150.0, low=0, high=1e6)
    lambda_tv: float = setting(2e-3, low=0, high=1e6)
    threshold: float = setting(0.7, low=0, high=2)
    cap: float = setting(1.0, low=0.01, high=1)
    patches: int = setting(64, low=1, high=1024)
    patch_share: float = setting(0.25, low=0.02, high=1)
    views: int = setting(1, low=1, high=64)
    size: int = setting(512, low=32, high=4096)
    lambda_temporal: float = setting(1e4, low=0, high=1e6)
    region_windows: tuple[float, ...] = setting((1 / 3, 1 / 4, 1 / 6), low=0.02, high=1)
    region_threshold: float = setting(0.6, low=0, high=1)
    region_least: float = setting(0.2, low=0, high=1)


@dataclass(frozen=True, kw_only=True)
class Calibration(Settings):
    """The entry "calibration" of `domain.json`. The defaults are the papers' values, for networks that have not been calibrated.

    early_exit         early-exit threshold of every method: a face whose cosine with the text reaches it is left unchanged; 1: never
                       (`Prompt.is_true_of`; `python tools/measure_early_exit.py` measures it)

    Of latent optimisation and the latent mapper (None in `Optimization` means these):
    clip_cap           similarity cap: a higher cosine brings no further gain; 1: no cap
    lambda_off_direction  weight of the off-direction penalty
    auxiliary_latents  number of invented faces on which the offset is also tried in each step of an optimisation
    start              where they begin: at the "face", or at its edit by latent "alignment" (`editing.alignment`), for a generator that
                       draws a category, such as a hat, as a step: no gradient leads to its boundary from afar; the alignment crosses it
    step_w, step_w_plus, step_styles  learning rate and lambda_l2 of an optimisation in each space, in its units

    Of the automatic strength (`strength.weighed_strength`), in CLIP z-scores:
    cap_z              the search stops at this z-score;  cap_z_directions: the same for global directions
    identity_price     the gain in z-score that must offset a loss of 1 in the cosine of identity
    hopeless_z         the search ends when the score is this far below the best so far

    Of global directions:
    ridge              0: the relevance of each channel by itself; above 0: jointly solved (ridge regression)
    beta_share         the default threshold beta as a share of the largest relevance;  beta_share_rgb: the same if the channels of the
                       toRGB layers change too

    inversion          the preset of `invert` for the domain's pictures

    style              the defaults of style transfer (`StyleCalibration`)
    """

    note: str = setting("Nothing was measured with these networks: the values are those of the papers, or of the domain of portraits.",
                        high=1000)
    early_exit: float = setting(1.0, low=-1, high=1)
    clip_cap: float = setting(1.0, low=-1, high=1)
    lambda_off_direction: float = setting(0.0, low=0, high=1e6)
    auxiliary_latents: int = setting(0, low=0, high=64)
    start: Start = setting("face")
    step_w: tuple[float, float] = setting((0.1, 0.0005), low=0, high=100)
    step_w_plus: tuple[float, float] = setting((0.1, 0.008), low=0, high=100)
    step_styles: tuple[float, float] = setting((0.2, 0.0002), low=0, high=100)
    cap_z: float = setting(3.0, low=-100, high=100)
    cap_z_directions: float = setting(4.0, low=-100, high=100)
    identity_price: float = setting(2.0, low=0, high=1e6)
    hopeless_z: float = setting(0.7, low=0, high=100)
    ridge: float = setting(0.0, low=0, high=1e6)
    beta_share: float = setting(0.2, low=0, high=1)
    beta_share_rgb: float = setting(0.6, low=0, high=1)
    inversion: Literal["default", "photograph"] = setting("default")
    style: StyleCalibration = setting(StyleCalibration())

    def step(self, space: str) -> tuple[float, float]:
        """Learning rate and lambda_l2 of an optimisation in "w", "w+" or "styles"."""
        return {"w": self.step_w, "w+": self.step_w_plus, "styles": self.step_styles}[space]
