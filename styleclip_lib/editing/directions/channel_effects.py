"""The effect of each style channel on CLIP's embedding of the picture (Patashnik et al. 2021, section 6)."""

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
    """Δi_c: the direction in which CLIP's embedding moves when a channel rises, averaged over many pictures, of length one.

    Every picture has the same weight, however far its embedding moves, so that channels with large and small effects are comparable.
    minus, plus [N, D], CLIP's embeddings of N pictures with the channel low and high -> [D]
    """
    steps = F.normalize(plus, dim=-1) - F.normalize(minus, dim=-1)
    return F.normalize(F.normalize(steps, dim=-1).mean(0), dim=-1)


@torch.no_grad()
def scan_channels(models: Models, statistics: StyleStatistics, channels: Sequence[int], sigmas: float,
                  stop_at: int | None = None) -> torch.Tensor:
    """Δi_c for some channels: each is drawn at its mean - 5σ and mean + 5σ (sigmas = 5) in every face of the statistics,
    all other channels being those of the face. -> [len(channels), D]

    channels: their indices in styles, or num_channels plus their indices in rgb_styles.
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
    """CLIP's embeddings [N, D] of the pictures with these styles, a few at a time."""
    embeddings = []
    for some, some_rgb in zip(styles.split(_AT_ONCE), rgb_styles.split(_AT_ONCE)):
        with fast(models.device):
            image = models.generator.from_styles(some, some_rgb, stop_at=stop_at)
            embeddings.append(models.clip.encode_image(image.float().clamp(-1, 1)))
    return torch.cat(embeddings)


def drawing_resolution(models: Models) -> int:
    """The lowest resolution that is at least that of CLIP's input."""
    return models.generator.synthesis.resolution_for(models.clip.image_size)


def drawn_channels(models: Models, stop_at: int) -> list[int]:
    """The channels that affect a picture of this resolution, with the indices of `scan_channels`."""
    generator = models.generator
    convs = zip(generator.style_slices, generator.layer_resolutions)
    rgbs = zip(generator.rgb_style_slices, generator.synthesis.resolutions)
    ends = [max(where.stop for (_, where), resolution in layers if resolution <= stop_at) for layers in (convs, rgbs)]
    return [*range(ends[0]), *range(generator.num_channels, generator.num_channels + ends[1])]
