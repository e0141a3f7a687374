"""The latent discriminator: does this w come from the mapping network? (Tov et al. 2021, section 4.2; Nitzan et al. 2020)"""

from torch import Tensor, nn


class LatentDiscriminator(nn.Module):
    """w [B, w_dim] -> logits [B, 1], high for a w of the mapping network. Linear layers with leaky ReLUs (0.2) between them."""

    def __init__(self, w_dim: int, num_layers: int = 4):
        super().__init__()
        layers: list[nn.Module] = []
        for _ in range(num_layers - 1):
            layers += [nn.Linear(w_dim, w_dim), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, nn.Linear(w_dim, 1))

    def forward(self, w: Tensor) -> Tensor:
        return self.layers(w)
