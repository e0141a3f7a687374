"""The mapping network: z -> w, the intermediate latent space (Karras et al. 2019, section 2)."""

import torch
from torch import Tensor, nn

from ..errors import StyleclipError
from .layers import Linear


def pixel_norm(x: Tensor) -> Tensor:
    """Scales every row to a root mean square of 1. x [B, N] -> [B, N] (Karras et al. 2018, section 4.2)."""
    return x * torch.rsqrt(x.square().mean(dim=1, keepdim=True) + 1e-8)


class MappingNetwork(nn.Module):
    """z [B, z_dim] -> w [B, w_dim], repeated for every layer -> w_plus [B, num_ws, w_dim].

    `fc0`, `fc1`, ... are the layers; `w_avg` [w_dim] is the EMA of w, towards which truncation moves.
    """

    w_avg: Tensor

    def __init__(self, z_dim: int, w_dim: int, num_ws: int, num_layers: int = 8, lr_multiplier: float = 0.01):
        super().__init__()
        self.z_dim, self.w_dim, self.num_ws, self.num_layers = z_dim, w_dim, num_ws, num_layers
        for i in range(num_layers):
            layer = Linear(z_dim if i == 0 else w_dim, w_dim, lr_multiplier=lr_multiplier, activation=True)
            self.add_module(f"fc{i}", layer)
        self.register_buffer("w_avg", torch.zeros(w_dim))

    def w(self, z: Tensor) -> Tensor:
        """z [B, z_dim] -> w [B, w_dim], without truncation. Raises StyleclipError for another shape."""
        if z.ndim != 2 or z.shape[1] != self.z_dim:
            raise StyleclipError(f"z has shape {list(z.shape)}, but this generator needs [B, {self.z_dim}].")
        x = pixel_norm(z.to(self.w_avg.dtype))
        for i in range(self.num_layers):
            x = getattr(self, f"fc{i}")(x)
        return x

    def forward(self, z: Tensor, truncation_psi: float = 1.0, truncation_cutoff: int | None = None) -> Tensor:
        """z [B, z_dim] -> w_plus [B, num_ws, w_dim].

        Truncation: w' = w_avg + truncation_psi · (w - w_avg), in the first `truncation_cutoff` layers, by default in
        all of them (Karras et al. 2019, appendix B).
        """
        w_plus = self.w(z)[:, None].repeat(1, self.num_ws, 1)
        if truncation_psi == 1:
            return w_plus
        truncated = torch.lerp(self.w_avg, w_plus[:, :truncation_cutoff], truncation_psi)
        return torch.cat([truncated, w_plus[:, truncated.shape[1]:]], dim=1)
