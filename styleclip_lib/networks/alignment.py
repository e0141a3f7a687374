"""From CLIP's space to the generator's W+: the map f of latent alignment (after Zheng et al. 2022, *Bridging CLIP and StyleGAN*)."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from .layers import Linear


class Alignment(nn.Module):
    """Offsets in CLIP's space -> offsets in W+, Δw_i = f_i(Δv).

    Both are offsets: of a picture from the mean picture, or of a text from its neutral text. Pictures and texts lie in different regions of
    CLIP's space (the modality gap), but the direction from one text to another is close to the direction between the matching pictures.

    The closed form, which is the whole of a network of depth 0, is ridge regression on pairs (v, w) of generated faces:

        Δw = Δv (C_vv + λ m I)⁻¹ C_vw,        m the mean eigenvalue of C_vv

    with one λ for pictures and a larger one for texts: λ is the assumed noise of a vector, and a text says much that no picture shows. With
    depth > 0, fully connected layers (8 in the paper) add a nonlinear part; an extra input tells them whether the offset is of pictures or
    of texts. Each layer of W+ then refines the common Δw by a scale and a shift computed from it (the paper's adaptive style mixing):

        Δw_i = (1 + a_i(Δw)) Δw + b_i(Δw)

    A new network equals the closed form: its last layers start at zero.

    v_avg [D], w_avg [w_dim]    the means from which offsets of pictures are measured
    of_picture, of_text [D, w_dim]   the two closed forms
    effect [w_dim, D]           the reverse map, Δv ≈ Δw · effect: predicts how CLIP's vector will change, without drawing a picture
    v_scale, w_scale            root mean square of an entry of Δv and Δw
    """

    v_avg: Tensor
    w_avg: Tensor
    of_picture: Tensor
    of_text: Tensor
    effect: Tensor
    v_scale: Tensor
    w_scale: Tensor

    def __init__(self, num_ws: int, w_dim: int, clip_dim: int, depth: int = 0, width: int = 512, mixing: int = 64):
        super().__init__()
        self.num_ws, self.w_dim, self.clip_dim, self.depth, self.width, self.mixing_width = num_ws, w_dim, clip_dim, depth, width, mixing
        shapes = {"v_avg": (clip_dim,), "w_avg": (w_dim,), "of_picture": (clip_dim, w_dim), "of_text": (clip_dim, w_dim),
                  "effect": (w_dim, clip_dim)}
        for name, shape in shapes.items():
            self.register_buffer(name, torch.zeros(shape))
        self.register_buffer("v_scale", torch.ones(()))
        self.register_buffer("w_scale", torch.ones(()))
        if depth:
            sizes = [clip_dim + 1, *[width] * (depth - 1)]
            hidden = (Linear(a, b, activation=True) for a, b in pairwise(sizes))
            self.trunk = nn.Sequential(*hidden, _zero(Linear(sizes[-1], w_dim)))
            self.common = Linear(w_dim, mixing, activation=True)
            self.mixing = _zero(Linear(mixing, num_ws * 2 * w_dim))

    def config(self) -> dict[str, int]:
        """The settings that build this network again."""
        return {"num_ws": self.num_ws, "w_dim": self.w_dim, "clip_dim": self.clip_dim, "depth": self.depth, "width": self.width,
                "mixing": self.mixing_width}

    def w(self, offset: Tensor, of_text: bool = False) -> Tensor:
        """The common Δw, before the layers refine it. offset [B, D] -> [B, w_dim]"""
        w = offset @ (self.of_text if of_text else self.of_picture)
        if not self.depth:
            return w
        told = torch.cat([offset / self.v_scale, torch.full_like(offset[:, :1], float(of_text))], dim=1)
        return w + self.w_scale * self.trunk(told)

    def forward(self, offset: Tensor, of_text: bool = False) -> Tensor:
        """offset [B, D] -> offset [B, num_ws, w_dim]. of_text: whether the offset is between texts"""
        w = self.w(offset, of_text)[:, None]
        if not self.depth:
            return w.repeat(1, self.num_ws, 1)
        refined = self.mixing(self.common(w[:, 0] / self.w_scale)).unflatten(1, (self.num_ws, 2, self.w_dim))
        return (1 + refined[:, :, 0]) * w + self.w_scale * refined[:, :, 1]

    def codes(self, embedding: Tensor) -> Tensor:
        """CLIP's vectors of pictures [B, D] -> w_plus [B, num_ws, w_dim]"""
        return self.w_avg + self(embedding - self.v_avg)

    @torch.no_grad()
    def solve(self, embedding: Tensor, w: Tensor, ridge: float, ridge_text: float) -> None:
        """Fits the closed forms and the reverse map to pairs: CLIP's vectors [N, D] and the w [N, w_dim] of the same faces.

        ridge, ridge_text  λ for pictures and for texts, in units of the mean eigenvalue
        """
        v, w = embedding.double(), w.double()
        self.v_avg.copy_(v.mean(0))
        self.w_avg.copy_(w.mean(0))
        v, w = v - v.mean(0), w - w.mean(0)
        self.v_scale.copy_(v.square().mean().sqrt())
        self.w_scale.copy_(w.square().mean().sqrt())
        self.of_picture.copy_(ridge_regression(v, w, ridge))
        self.of_text.copy_(ridge_regression(v, w, ridge_text))
        self.effect.copy_(ridge_regression(w, v, ridge))


def ridge_regression(x: Tensor, y: Tensor, ridge: float) -> Tensor:
    """argmin_A ‖x A - y‖² + λ m N ‖A‖², m the mean eigenvalue of x's covariance. x [N, P], y [N, Q], both centred -> A [P, Q]"""
    covariance = x.T @ x / len(x)
    noise = ridge * covariance.diagonal().mean() * torch.eye(len(covariance), dtype=x.dtype, device=x.device)
    return torch.linalg.solve(covariance + noise, x.T @ y / len(x))


def _zero(layer: Linear) -> Linear:
    nn.init.zeros_(layer.weight)
    return layer
