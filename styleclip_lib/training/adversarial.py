"""The losses and regularisers of StyleGAN2's training (Karras et al. 2019, 2020)."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from ..speed import fast


def generator_loss(fake_logits: Tensor) -> Tensor:
    """Non-saturating logistic loss, E[log(1 + exp(-D(G(z))))] (Goodfellow et al. 2014)."""
    return F.softplus(-fake_logits.float()).mean()


def discriminator_loss(real_logits: Tensor, fake_logits: Tensor) -> Tensor:
    """E[log(1 + exp(-D(x)))] + E[log(1 + exp(D(G(z))))]."""
    return F.softplus(-real_logits.float()).mean() + F.softplus(fake_logits.float()).mean()


def r1_penalty(discriminator, real: Tensor) -> Tensor:
    """E[|grad_x D(x)|^2] on real pictures, or latents; the loss is gamma/2 times this (Mescheder et al. 2018). real [B, ...]"""
    real = real.detach().requires_grad_()
    with fast(real.device):
        logits = discriminator(real)
    (gradient,) = torch.autograd.grad(logits.float().sum(), real, create_graph=True)
    return gradient.float().square().flatten(1).sum(1).mean()


class PathLength:
    """Path length regularisation (Karras et al. 2020, section 3.2, eq. 4).

    A step of fixed size in W should change the picture by a fixed amount: E[(|J_w^T y| - a)^2], where y is a picture of Gaussian noise
    and a is the EMA of the lengths.
    """

    def __init__(self, decay: float = 0.01, from_first: bool = False):
        """from_first: whether the EMA starts at the first lengths, as suits a trained generator, instead of 0."""
        self.mean, self.decay, self.from_first = 0.0, decay, from_first

    def __call__(self, images: Tensor, w_plus: Tensor, rng: torch.Generator) -> Tensor:
        """images [B, 3, H, W] computed from w_plus [B, num_ws, w_dim]; rng draws the noise, on the CPU -> the penalty"""
        noise = torch.randn(images.shape, generator=rng).to(images) / math.sqrt(images.shape[2] * images.shape[3])
        (gradient,) = torch.autograd.grad((images.float() * noise).sum(), w_plus, create_graph=True)
        lengths = gradient.float().square().sum(2).mean(1).sqrt()
        if self.from_first and self.mean == 0:
            self.mean = lengths.detach().mean().item()
        self.mean += self.decay * (lengths.detach().mean().item() - self.mean)
        return (lengths - self.mean).square().mean()

    def state_dict(self) -> dict:
        return {"mean": self.mean}

    def load_state_dict(self, state: dict) -> None:
        self.mean = state["mean"]


def mix_styles(mapping, z: Tensor, probability: float, rng: torch.Generator) -> Tensor:
    """Mixing regularisation: some pictures take all layers from a random one on from another latent (Karras et al. 2019, section 3.1).

    z [B, z_dim] -> w_plus [B, num_ws, w_dim]
    """
    w_plus = mapping(z)
    other = mapping(torch.randn(z.shape, generator=rng).to(z))
    cut = torch.randint(1, mapping.num_ws, (len(z), 1), generator=rng)
    cut[torch.rand(len(z), generator=rng) >= probability] = mapping.num_ws
    from_other = torch.arange(mapping.num_ws)[None] >= cut
    return torch.where(from_other[:, :, None].to(z.device), other, w_plus)


@torch.no_grad()
def update_average(average: torch.nn.Module, network: torch.nn.Module, decay: float) -> None:
    """Updates the EMA copy of a network: its parameters move towards the network's, its buffers become equal."""
    for a, b in zip(average.parameters(), network.parameters()):
        a.lerp_(b, 1 - decay)
    for a, b in zip(average.buffers(), network.buffers()):
        a.copy_(b)
