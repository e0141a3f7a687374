"""Muon, an optimiser for matrices (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/).

PyTorch has one since version 2.9, for two-dimensional weights and in bfloat16 only; this one also takes convolutions.
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""The coefficients of the odd polynomial that is applied five times: together they map every singular value in (0, 1] close to 1."""


class Muon(torch.optim.Optimizer):
    """Momentum with orthogonalised steps: all singular values of a matrix's step are about 1.

    So rare directions of a gradient count as much as frequent ones. A convolution [O, I, K, K] is treated as the matrix [O, I·K·K]. `lr`
    is the root mean square of a weight's change in one step, whatever the shape of the matrix.
    """

    def __init__(self, weights, lr: float, momentum: float = 0.95):
        super().__init__(weights, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                state = self.state[weight]
                if not state:
                    state["momentum"] = torch.zeros_like(weight)
                state["momentum"].lerp_(weight.grad, 1 - group["momentum"])
                ahead = weight.grad.lerp(state["momentum"], group["momentum"])  # Nesterov's momentum
                matrix = ahead.flatten(1)
                step = orthogonalized(matrix).view_as(ahead)
                weight.add_(step, alpha=-group["lr"] * max(matrix.shape) ** 0.5)


def reader_optimizers(network: nn.Module, output: nn.Module, s) -> dict[str, torch.optim.Optimizer]:
    """The optimisers of a network that reads something from pictures, for settings with `muon_lr` and `adam_lr`.

    Muon for convolutions and matrices, AdamW for everything else: the last layer `output`, each row of which is a reading of its own,
    depthwise convolutions, which are no matrices, norms and biases.
    """
    own = set(map(id, output.parameters()))
    chosen, others = parted(network, lambda _, p: p.ndim > 1 and p.shape[1] > 1 and id(p) not in own)
    return {"muon": Muon(chosen, lr=s.muon_lr), "adam": torch.optim.AdamW(others, lr=s.adam_lr, weight_decay=0.01)}


def parted(network: nn.Module, by_muon: Callable[[str, Tensor], bool]) -> tuple[list[Tensor], list[Tensor]]:
    """The parameters of a network for Muon, of whose names and values `by_muon` is true, and all others."""
    named = list(network.named_parameters())
    return [p for name, p in named if by_muon(name, p)], [p for name, p in named if not by_muon(name, p)]


def orthogonalized(matrix: Tensor, iterations: int = 5) -> Tensor:
    """Approximately U Vᵀ of the singular value decomposition U S Vᵀ of a matrix: singular values between about 0.7 and 1.2.

    Each iteration is X ← p(XXᵀ) X with a polynomial p. All factors p are polynomials of the first XXᵀ, so these small matrices can be
    multiplied with each other first, and only two products involve the long side of the matrix.

    [M, N] -> [M, N]
    """
    a, b, c = COEFFICIENTS
    x = matrix.T if len(matrix) > matrix.shape[1] else matrix
    x = x / (x.norm() + 1e-7)
    gram, one = x @ x.T, torch.eye(len(x)).to(x)
    product = factor = a * one + b * gram + c * (gram @ gram)
    for _ in range(iterations - 1):
        gram = factor @ gram @ factor
        factor = a * one + b * gram + c * (gram @ gram)
        product = factor @ product
    x = product @ x
    return x.T if len(matrix) > matrix.shape[1] else x
