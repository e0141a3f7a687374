"""The effects of all style channels at once, by regression on invented faces: one picture a face, and no channel has to be tried.

A face has styles s [C] and CLIP's unit vector v [D] of its picture. With z = (s - mean) / σ and v measured from its own mean, N faces give
the linear map from embeddings to styles, by ridge regression (`ridge_regression`):

    R = (zᵀ v / N) (vᵀ v / N + λ m I)⁻¹   [C, D],        m the mean eigenvalue of vᵀ v / N

A channel's effect is its row R_c, and the relevance of a text is r = R Δt: how far, in σ, each channel of the faces that CLIP describes
so differs from the mean. Wu et al. 2021 (section 5) find channels by this difference for some example pictures; here a text takes their
place.

Rows keep their relative lengths. The length says how much of a channel the embedding explains: brought to length one, channels that have
nothing to do with the picture would count as much as those that make it.
"""

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ...errors import StyleclipError
from ...finite import require_finite
from ...models import Models
from ...networks.alignment import ridge_regression
from .channel_effects import image_embeddings
from .style_statistics import StyleStatistics

_AT_ONCE = 16  # pictures
_LEAST = 1e-4
"""The smallest σ of a channel that varies, as a share of its layer's largest: what is below comes from rounding."""


def regressed_effects(models: Models, statistics: StyleStatistics, ridge: float, stop_at: int | None = None,
                      progress: bool = True) -> Tensor:
    """The effects [num_channels + num_rgb_channels, D] of all channels, from the faces of the statistics; 0 for those that do not vary.

    ridge: λ;  stop_at: draw at this resolution; see `Synthesis.render`. Channels of the layers above it have effects, too: how they vary
    with what the picture shows needs no picture of them.

    Raises StyleclipError if CLIP's embeddings are not finite, or the same for all faces.
    """
    generator, embeddings = models.generator, []
    with tqdm(total=len(statistics.styles), desc="faces for the regression", unit="face", disable=not progress, leave=False) as bar:
        for some in zip(statistics.styles.split(_AT_ONCE), statistics.rgb_styles.split(_AT_ONCE)):
            embeddings.append(image_embeddings(models, *some, stop_at))
            bar.update(len(embeddings[-1]))
    z = torch.cat([
        standardised(statistics.styles, statistics.mean, statistics.std, generator.style_slices),
        standardised(statistics.rgb_styles, statistics.rgb_mean, statistics.rgb_std, generator.rgb_style_slices)], dim=1)
    return regression(torch.cat(embeddings), z, ridge)


def standardised(styles: Tensor, mean: Tensor, std: Tensor, layers: list[tuple[str, slice]]) -> Tensor:
    """z = (s - mean) / σ; 0 for channels that do not vary. styles [N, C], mean, std [C] -> [N, C]"""
    largest = torch.cat([std[where].max().expand(where.stop - where.start) for _, where in layers])
    return torch.where(std > _LEAST * largest, (styles - mean) / std, 0)


def regression(embeddings: Tensor, z: Tensor, ridge: float) -> Tensor:
    """R, divided by the length of its longest row, since files hold effects of length one at most; a factor that all rows share does not
    change an edit.

    embeddings [N, D], z [N, C] -> [C, D]. Raises StyleclipError for embeddings that are not finite, or all the same.
    """
    require_finite("What CLIP computes of invented faces", embeddings)
    v = embeddings.cpu().double()  # not all devices have double precision
    v = v - v.mean(0)
    if not v.any():
        raise StyleclipError(f"CLIP sees no difference among the {len(v)} faces that the generator invented, so no directions can be "
                             "computed from them; styleclip sample draws some to look at.")
    effects = ridge_regression(v, z.cpu().double(), ridge).T
    return (effects / effects.norm(dim=1).max().clamp(min=1e-12)).to(z)
