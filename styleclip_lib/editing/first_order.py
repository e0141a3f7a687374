"""The effects of all style channels at once, to first order: gradients in place of a scan.

With J[n, c] = σ_c · ∂CLIP(G(s_n)) / ∂s_c, the step that CLIP sees when channel c of face n rises by one σ, the scan's relevance of a
channel for a text direction Δt is to first order

    r_c = ⟨ unit( mean_n unit(J[n, c]) ), Δt ⟩ = mean_n ( ⟨J[n, c], Δt⟩ / ‖J[n, c]‖ ) / ‖ mean_n unit(J[n, c]) ‖

⟨J, Δt⟩ is the gradient of CLIP's similarity with the text: one backward pass gives it for every channel. The two norms do
not depend on the text, so they are found once for a generator. They need not all of J, which would take a backward pass for each
of CLIP's D dimensions: the lengths of vectors survive when they are projected on K random directions (Johnson and
Lindenstrauss 1984).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tqdm.auto import tqdm

from ..models import Models
from .style_statistics import StyleStatistics

_AT_ONCE = 8  # pictures
_TINY = 1e-12


@dataclass
class FirstOrder:
    """What the first-order way keeps of a generator.

    statistics        the faces at which gradients are taken, and σ
    norms [N, C]      ‖J[n, c]‖
    coherence [C]     ‖mean_n unit(J[n, c])‖: 1 if the channel does the same to every face, near 0 if to each something else
    stop_at           the resolution that is drawn
    """

    statistics: StyleStatistics
    norms: torch.Tensor
    coherence: torch.Tensor
    stop_at: int | None = None

    def relevance(self, models: Models, direction: torch.Tensor) -> torch.Tensor:
        """r_c = ⟨Δi_c, Δt⟩ for all channels, to first order. direction Δt [D] -> [C], in about [-1, 1]"""
        along = torch.cat(list(slopes(models, self.statistics, direction[None], self.stop_at)))[:, 0]
        return (along / self.norms.clamp(min=_TINY)).mean(0) / self.coherence.clamp(min=_TINY)

    def tensors(self) -> dict[str, torch.Tensor]:
        """What a file keeps, beside mean and σ."""
        return {"styles": self.statistics.styles, "rgb_styles": self.statistics.rgb_styles, "norms": self.norms,
                "coherence": self.coherence}

    @classmethod
    def from_tensors(cls, tensors: dict[str, torch.Tensor], settings: dict) -> "FirstOrder":
        statistics = StyleStatistics(tensors["mean"], tensors["std"], tensors["styles"], tensors["rgb_styles"])
        return cls(statistics, tensors["norms"], tensors["coherence"], settings["stop_at"])


def first_order_effects(models: Models, statistics: StyleStatistics, projections: int, seed: int, stop_at: int | None = None,
                        progress: bool = True) -> FirstOrder:
    """Estimates the two norms from `projections` random directions, at right angles to each other. As many as CLIP has dimensions
    give them exactly."""
    dimensions = models.clip.model.text_projection.shape[1]
    directions = random_directions(dimensions, min(projections, dimensions), seed).to(models.device)
    shares = []
    with tqdm(total=len(statistics.styles), desc="first order", unit="face", disable=not progress, leave=False) as bar:
        for slope in slopes(models, statistics, directions, stop_at):
            shares.append(slope)
            bar.update(len(slope))
    shares = torch.cat(shares)                                                          # [N, K, C]
    norms = shares.square().sum(1).sqrt()
    coherence = (shares / norms[:, None].clamp(min=_TINY)).mean(0).square().sum(0).sqrt()
    return FirstOrder(statistics, norms, coherence, stop_at)


def random_directions(dimensions: int, count: int, seed: int) -> torch.Tensor:
    """Orthogonal rows [count, dimensions] on which the squared length of a vector is on average the sum of its squared shares."""
    normal = torch.randn(dimensions, dimensions, generator=torch.Generator().manual_seed(seed))
    return torch.linalg.qr(normal).Q[:count] * (dimensions / count) ** 0.5


def slopes(models: Models, statistics: StyleStatistics, directions: torch.Tensor, stop_at: int | None = None) -> Iterator[torch.Tensor]:
    """⟨J[n, c], direction⟩ for every face, direction and channel. directions [K, D] -> [n, K, C] for a few faces at a time"""
    for styles, rgb_styles in zip(statistics.styles.split(_AT_ONCE), statistics.rgb_styles.split(_AT_ONCE)):
        styles = styles.clone().requires_grad_()
        with torch.enable_grad():
            image = models.generator.from_styles(styles, rgb_styles, stop_at=stop_at)
            seen = models.clip.encode_image(image.clamp(-1, 1))
            found = [torch.autograd.grad((seen @ direction).sum(), styles, retain_graph=True)[0] for direction in directions]
        yield torch.stack(found, dim=1) * statistics.std
