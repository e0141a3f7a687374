"""The losses of CLIP's training, and the area under the ROC curve."""

import torch
import torch.nn.functional as F
from torch import Tensor


def contrastive_loss(logits: Tensor, true: Tensor, false: Tensor) -> Tensor:
    """CLIP's loss with all positives known (Radford et al. 2021, figure 3; InfoNCE: van den Oord et al. 2018, eq. 4).

    For every true pair p of a row:  log(exp(l_p) + Σ_false exp(l_f)) - l_p,  averaged over the row's true pairs, then over rows; and
    the same for columns. Pairs that are neither true nor false do not count.

    logits, true, false [C, N] -> a number
    """
    def one_way(logits, true, false):
        negatives = logits.masked_fill(~false, -1e4).logsumexp(1, keepdim=True)
        loss = F.softplus(negatives - logits)
        count = true.sum(1)
        return ((loss * true).sum(1) / count.clamp(min=1))[count > 0].mean()

    return (one_way(logits, true, false) + one_way(logits.T, true.T, false.T)) / 2


def straightness_loss(start: Tensor, end: Tensor, between: Tensor, share: Tensor) -> Tensor:
    """How far the vectors of pictures on a path deviate from the straight line: the mean of 1 - cos(b, (1 - s) a + s e).

    start a, end e, between b: unit vectors [N, D]; share s [N]: how far along the path each picture is -> a number
    """
    belongs = torch.lerp(start, end, share[:, None]).detach()
    return (1 - F.cosine_similarity(between, belongs, dim=1)).mean()


def area_under_curve(positive: Tensor, negative: Tensor) -> float:
    """The area under the ROC curve: how often a positive scores higher than a negative, ties counting half. Scores [P], [N] -> [0, 1]"""
    difference = positive[:, None] - negative[None, :]
    return ((difference > 0).float() + 0.5 * (difference == 0).float()).mean().item()
