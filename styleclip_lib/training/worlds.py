"""The procedural worlds on which networks can be trained, with a common interface."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ..portraits.aligned.drawing.parts import parts
from ..portraits.aligned.drawing.render import render as render_aligned
from ..portraits.aligned.landmarks import landmarks as landmarks_aligned
from ..portraits.aligned.world import factors as aligned_factors
from ..portraits.aligned.world import latents as aligned_latents
from ..portraits.aligned.world.attributes import ATTRIBUTES as ALIGNED_ATTRIBUTES
from ..portraits.aligned.world.skew import Shares, skewed
from ..portraits.drawing.landmarks import landmarks as landmarks_free
from ..portraits.drawing.render import render as render_free
from ..portraits.world import factors as free_factors
from ..portraits.world import latents as free_latents
from ..portraits.world.attributes import ATTRIBUTES as FREE_ATTRIBUTES
from ..weights.domain import INDEX, read_index


@dataclass(frozen=True)
class World:
    """A world of portraits.

    name                the prefix of its files on disk
    factor_names        the factors, in the order of the uniform numbers from which they are drawn
    identity_names      the factors that make up a person's identity
    attributes          the table of attributes
    from_uniform        uniform numbers [N, F] -> Factors
    latents_of_uniform  uniform numbers [N, F], seed -> z [N, z_dim]
    factors_of_latents  z [N, z_dim] -> Factors
    render              Factors, size -> float32 [N, 3, size, size] in [-1, 1]
    z_dim               the length of z
    code_of             Factors -> float32 [N, C], everything that the pictures show, categories one-hot; None for a world on which
                        generators are no longer trained
    kinds               a factor's name -> its number of columns in the code if it is a category, 0 for a number (which has one column)
    curved              numbers in [0, 1] whose effect is strongly nonlinear: they choose from a palette, or have a threshold
    landmarks           Factors -> float32 [N, 68, 2], in units of the picture's side
    parts               Factors, size -> float32 [N, 5, size, size], which of `PARTS` each pixel shows; None if unknown
    mirrored            z [N, z_dim] -> the latents of the mirror images; None if unknown
    """

    name: str
    factor_names: tuple[str, ...]
    identity_names: tuple[str, ...]
    attributes: tuple
    from_uniform: Callable
    latents_of_uniform: Callable
    factors_of_latents: Callable
    render: Callable
    z_dim: int
    code_of: Callable | None = None
    kinds: Callable | None = None
    curved: tuple[str, ...] = ()
    landmarks: Callable | None = None
    parts: Callable | None = None
    mirrored: Callable | None = None

    def values(self, name: str) -> tuple[str, ...] | None:
        """The values of a factor that is a category; None for a number."""
        return next((a.values for a in self.attributes if a.name == name and not a.is_scale), None)


FREE = World("portraits", free_factors.NAMES, free_factors.IDENTITY, FREE_ATTRIBUTES, free_factors.from_uniform,
             free_latents.latents_of_uniform, free_latents.factors_of_latents, render_free, free_latents.Z_DIM, landmarks=landmarks_free)
"""Freely framed portraits, for the networks of 128 pixels."""

ALIGNED = World("aligned", aligned_factors.NAMES, aligned_factors.IDENTITY, ALIGNED_ATTRIBUTES, aligned_factors.from_uniform,
                aligned_latents.latents_of_uniform, aligned_latents.factors_of_latents, render_aligned, aligned_latents.Z_DIM,
                aligned_latents.code_of, aligned_latents.kinds,
                ("age", "skin_tone", "freckles", "fringe", "frame_color", "headwear_color", "makeup_color"),
                landmarks_aligned, parts, aligned_latents.mirrored)
"""Portraits with FFHQ's alignment."""


def world_of(img_resolution: int) -> World:
    """The world of a generator with this resolution."""
    return FREE if img_resolution <= 128 else ALIGNED


def world_of_domain(folder: Path) -> World:
    """The world of a domain's generator; ALIGNED if the domain has no generator yet."""
    files = read_index(folder)["files"] if (Path(folder) / INDEX).exists() else {}
    return world_of(files["generator"]["config"]["img_resolution"]) if "generator" in files else ALIGNED


def skewed_world(shares: Shares, name: str) -> World:
    """The aligned world with another population (`portraits.aligned.world.skew`). name: the prefix of its files on disk"""
    return replace(ALIGNED, name=name, from_uniform=partial(_from_skewed, shares), latents_of_uniform=partial(_latents_of_skewed, shares))


def _from_skewed(shares: Shares, u):
    return ALIGNED.from_uniform(skewed(u, shares))


def _latents_of_skewed(shares: Shares, u, seed: int):
    return ALIGNED.latents_of_uniform(skewed(u, shares), seed)
