"""What an error of w changes in the picture, on average over faces."""

import torch
from torch import Tensor
from tqdm.auto import tqdm

from ..networks.generator import Generator

AT_ONCE = 20


def sensitivity(generator: Generator, size: int, seed: int, faces: int = 400, projections: int = 4, progress: bool = True) -> Tensor:
    """M = E[JᵀJ], J the Jacobian of the picture with respect to w, scaled to the mean eigenvalue 1. -> [w_dim, w_dim]

    A small error e of w changes the pixels by J e, so their squared error is eᵀ JᵀJ e. For noise u with unit variance,
    E[(Jᵀu)(Jᵀu)ᵀ] = JᵀJ, and Jᵀu takes one backward pass.

    size   pixels of the pictures;  faces, projections  number of invented faces, and of noises for each
    """
    rng, products = torch.Generator().manual_seed(seed), []
    stop_at, device = generator.synthesis.resolution_for(size), generator.mapping.w_avg.device
    for _ in tqdm(range(0, faces, AT_ONCE), "what w changes", disable=not progress):
        with torch.no_grad():
            w = generator.mapping.w(torch.randn(AT_ONCE, generator.z_dim, generator=rng).to(device))
        w.requires_grad_()
        picture = generator.synthesis(w[:, None].expand(-1, generator.num_ws, -1), stop_at=stop_at)
        for _ in range(projections):
            noise = torch.randn(picture.shape, generator=rng).to(device)
            products += torch.autograd.grad(picture, w, noise, retain_graph=True)
    products = torch.cat(products)
    gram = products.T @ products
    return gram / gram.diagonal().mean()


def weighted_error(error: Tensor, weights: Tensor) -> Tensor:
    """Half the mean square of errors of w [N, w_dim], half what they change in the picture: eᵀ(I + M)e / 2. weights: M [w_dim, w_dim]"""
    return (error.square() + (error @ weights) * error).mean() / 2
