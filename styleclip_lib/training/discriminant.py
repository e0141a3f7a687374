"""What tells people apart, linearly: directions in which pictures of one person differ little and people differ much."""

import torch
from torch import Tensor


def discriminant(features: Tensor, person: Tensor, dimensions: int, damping: float = 0.1) -> tuple[Tensor, Tensor]:
    """Fisher's linear discriminant, for any number of people (Rao 1948).

    The directions a that maximise  aᵀ S_b a / aᵀ S_w a, with S_w the scatter of one person's pictures and S_b that of people. Along
    each, one person's pictures have a standard deviation of 1, and different directions are uncorrelated: what is left of a
    difference between two pictures is measured in what is usual between pictures of one person.

    features [N, F]; person int64 [N], 0 to P - 1, of each at least two pictures; at most F and P - 1 dimensions
    damping: added to the diagonal of S_w, as a share of its mean: directions of which little is known get no say
    -> weight [dimensions, F] and bias [dimensions]: features @ weight.T + bias, the largest ratio first, zero on average
    """
    features = features.double()
    mean, pictures = features.mean(0), torch.bincount(person)
    people = len(pictures)
    centers = features.new_zeros(people, features.shape[1]).index_add_(0, person, features) / pictures[:, None]
    within = _scatter(features - centers[person], len(features) - people)
    between = _scatter(centers - mean, people) - within / pictures.double().mean()  # a center of few pictures is not the person
    within.diagonal().add_(damping * within.diagonal().mean())
    whiten = torch.linalg.inv(torch.linalg.cholesky(within))
    axes = torch.linalg.eigh(whiten @ between @ whiten.T).eigenvectors.flip(1)[:, :dimensions]
    weight = axes.T @ whiten
    return weight.float(), -(weight @ mean).float()


def _scatter(offsets: Tensor, degrees: int) -> Tensor:
    return offsets.T @ offsets / degrees
