"""The effects of all style channels at once, to first order: gradients in place of a scan.

With J[n, c] = σ_c · ∂CLIP(G(s_n)) / ∂s_c, the change [D] of CLIP's embedding when channel c of face n rises by one σ, the scan's effect
is to first order

    Δi_c = unit( mean_n unit(J[n, c]) )

Normalising every J[n, c] is essential: the plain gradient of CLIP's similarity with a text favours channels with large effects of any
kind.

All of J would take a backward pass for each of CLIP's D dimensions. But CLIP's embeddings of one generator's faces vary in a few
directions only. To find these, move all styles at random and take the principal directions of the resulting changes of the embedding
(the range finder of Halko, Martinsson and Tropp 2011, section 4). K backward passes along K such directions give all of J that
matters, and from then on a text costs one matrix product.
"""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from tqdm.auto import tqdm

from ...models import Models
from ...speed import fast
from .channel_effects import image_embeddings
from .style_statistics import StyleStatistics

_AT_ONCE = 8  # pictures
_TRIALS = 4  # pictures drawn for each direction that is wanted


def first_order_effects(models: Models, statistics: StyleStatistics, projections: int, seed: int, stop_at: int | None = None,
                        progress: bool = True) -> torch.Tensor:
    """Δi_c [num_channels, D] of all channels, to first order; 0 for those that change nothing.

    projections  K; as many as CLIP has dimensions give J exactly
    """
    directions = embedding_directions(models, statistics, projections, seed, stop_at)
    total, faces = torch.zeros(()), len(statistics.styles)
    with tqdm(total=faces, desc="first order", unit="face", disable=not progress, leave=False) as bar:
        for slope in slopes(models, statistics, directions, stop_at):
            total = total + F.normalize(slope, dim=1).sum(0)                            # [K, C]
            bar.update(len(slope))
    return F.normalize(total.T @ directions, dim=1)


@torch.no_grad()
def embedding_directions(models: Models, statistics: StyleStatistics, count: int, seed: int, stop_at: int | None = None) -> torch.Tensor:
    """The orthogonal directions [count, D] in which CLIP's embeddings of these faces vary most when all styles move at random by σ.

    At most D of them.
    """
    styles, rgb_styles = statistics.styles, statistics.rgb_styles
    rng = torch.Generator().manual_seed(seed)
    here, steps = image_embeddings(models, styles, rgb_styles, stop_at), []
    for _ in range(-(-_TRIALS * min(count, here.shape[1]) // len(styles))):
        moved = styles + torch.randn(styles.shape, generator=rng).to(styles) * statistics.std
        steps.append(image_embeddings(models, moved, rgb_styles, stop_at) - here)
    return torch.linalg.svd(torch.cat(steps)).Vh[:count]


def slopes(models: Models, statistics: StyleStatistics, directions: torch.Tensor, stop_at: int | None = None) -> Iterator[torch.Tensor]:
    """⟨J[n, c], direction⟩ for every face, direction and channel. directions [K, D] -> [n, K, C] for a few faces at a time"""
    for styles, rgb_styles in zip(statistics.styles.split(_AT_ONCE), statistics.rgb_styles.split(_AT_ONCE)):
        styles = styles.clone().requires_grad_()
        with torch.enable_grad():
            with fast(models.device):
                image = models.generator.from_styles(styles, rgb_styles, stop_at=stop_at)
                embedding = models.clip.encode_image(image.float().clamp(-1, 1))
            gradients = [torch.autograd.grad((embedding @ direction).sum(), styles, retain_graph=True)[0] for direction in directions]
        yield torch.stack(gradients, dim=1) * statistics.std
