"""Muon, an optimiser for weights that are matrices (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/).

PyTorch has one from version 2.9 on, for two-dimensional weights and in bfloat16 only; this one takes convolutions too.
"""

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial that is applied five times over: it sends every singular value in (0, 1] to somewhere near 1."""


class Muon(torch.optim.Optimizer):
    """Momentum whose step is orthogonal: all singular values of a matrix's step are about 1.

    So the rare directions of a gradient count as much as the frequent ones. A convolution [O, I, K, K] counts as the matrix
    [O, I·K·K]. `lr` is the root mean square of a weight's change in one step, whatever the matrix's shape.
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


def orthogonalized(matrix: Tensor, iterations: int = 5) -> Tensor:
    """U Vᵀ of the singular value decomposition U S Vᵀ of a matrix, roughly: singular values between about 0.7 and 1.2.

    Each iteration is X ← p(XXᵀ) X with a polynomial p. The factors p are polynomials of the first XXᵀ, so they can be multiplied with
    each other first, small as they are, and the long side of the matrix is gone through only twice.

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
