"""Linear discriminant analysis: directions in which pictures of the same person differ little and different people differ much."""

import torch
from torch import Tensor


def discriminant(features: Tensor, person: Tensor, dimensions: int, damping: float = 0.1) -> tuple[Tensor, Tensor]:
    """Fisher's linear discriminant for any number of people (Rao 1948).

    The directions a that maximise  aᵀ S_b a / aᵀ S_w a, where S_w is the scatter within people and S_b the scatter between people. Along
    each direction the pictures of one person have a standard deviation of 1, and different directions are uncorrelated: differences
    between pictures are measured in units of what is usual for one person.

    features [N, F]; person int64 [N], 0 to P - 1, at least two pictures of each; dimensions at most F and P - 1
    damping: added to the diagonal of S_w, as a share of its mean, so that poorly estimated directions carry little weight
    -> weight [dimensions, F] and bias [dimensions]: features @ weight.T + bias has mean zero, the largest ratio first
    """
    features = features.double()
    mean, pictures = features.mean(0), torch.bincount(person)
    people = len(pictures)
    centers = features.new_zeros(people, features.shape[1]).index_add_(0, person, features) / pictures[:, None]
    within = _scatter(features - centers[person], len(features) - people)
    between = _scatter(centers - mean, people) - within / pictures.double().mean()  # the mean of a few pictures is noisy itself
    within.diagonal().add_(damping * within.diagonal().mean())
    whiten = torch.linalg.inv(torch.linalg.cholesky(within))
    axes = torch.linalg.eigh(whiten @ between @ whiten.T).eigenvectors.flip(1)[:, :dimensions]
    weight = axes.T @ whiten
    return weight.float(), -(weight @ mean).float()


def _scatter(offsets: Tensor, degrees: int) -> Tensor:
    return offsets.T @ offsets / degrees
