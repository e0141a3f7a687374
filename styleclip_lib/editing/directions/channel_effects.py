"""What each style channel does to the picture, in CLIP's words (Patashnik et al. 2021, section 6)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F

from ...models import Models
from ...speed import fast
from .channel_renderer import ChannelRenderer
from .style_statistics import StyleStatistics

_AT_ONCE = 16  # pictures
_FACES = 24  # of which a scan keeps in memory what every layer is given


def mean_effect(minus: torch.Tensor, plus: torch.Tensor) -> torch.Tensor:
    """Δi_c: where CLIP sees a picture go when a channel rises, on average over many pictures, of length one.

    Every picture counts alike, whatever the size of its step; that makes channels that change much of
    anything comparable with those that change little.
    minus, plus [N, D], CLIP's vectors of N pictures with the channel low and high -> [D]
    """
    steps = F.normalize(plus, dim=-1) - F.normalize(minus, dim=-1)
    return F.normalize(F.normalize(steps, dim=-1).mean(0), dim=-1)


@torch.no_grad()
def scan_channels(models: Models, statistics: StyleStatistics, channels: Sequence[int], sigmas: float,
                  stop_at: int | None = None) -> torch.Tensor:
    """Δi_c for some channels: each is drawn at its mean - 5σ and mean + 5σ (sigmas = 5) in every face of the statistics,
    all other channels being those of the face. -> [len(channels), D]

    channels: their places in styles; num_channels and above are the places in rgb_styles, counted on.
    stop_at: draw at this resolution; see `Synthesis.render`.
    """
    mean, std = torch.cat([statistics.mean, statistics.rgb_mean]), torch.cat([statistics.std, statistics.rgb_std])
    embeddings = [([], []) for _ in channels]
    at_once = min(_FACES, models.generator.synthesis.at_once(stop_at))
    for some, some_rgb in zip(statistics.styles.split(at_once), statistics.rgb_styles.split(at_once)):
        with fast(models.device):
            faces = ChannelRenderer(models.generator, some, some_rgb, stop_at)
            for channel, ends in zip(channels, embeddings):
                for sign, end in zip((-1, 1), ends):
                    image = faces.with_channel(channel, mean[channel] + sign * sigmas * std[channel])
                    end.append(models.clip.encode_image(image.float().clamp(-1, 1)))
    return torch.stack([mean_effect(torch.cat(minus), torch.cat(plus)) for minus, plus in embeddings])


@torch.no_grad()
def image_embeddings(models: Models, styles: torch.Tensor, rgb_styles: torch.Tensor, stop_at: int | None = None) -> torch.Tensor:
    """CLIP's vectors [N, D] of the pictures with these styles, a few at once."""
    embeddings = []
    for some, some_rgb in zip(styles.split(_AT_ONCE), rgb_styles.split(_AT_ONCE)):
        with fast(models.device):
            image = models.generator.from_styles(some, some_rgb, stop_at=stop_at)
            embeddings.append(models.clip.encode_image(image.float().clamp(-1, 1)))
    return torch.cat(embeddings)


def drawing_resolution(models: Models) -> int:
    """As large as CLIP looks, and no larger: what it cannot see need not be drawn."""
    resolutions = models.generator.synthesis.resolutions
    return next((r for r in resolutions if r >= models.clip.image_size), resolutions[-1])


def drawn_channels(models: Models, stop_at: int) -> list[int]:
    """The channels that take part in a picture of this resolution, numbered as `scan_channels` does: of both kinds the first ones."""
    generator = models.generator
    convs = zip(generator.style_slices, generator.layer_resolutions)
    rgbs = zip(generator.rgb_style_slices, generator.synthesis.resolutions)
    ends = [max(where.stop for (_, where), resolution in layers if resolution <= stop_at) for layers in (convs, rgbs)]
    return [*range(ends[0]), *range(generator.num_channels, generator.num_channels + ends[1])]
