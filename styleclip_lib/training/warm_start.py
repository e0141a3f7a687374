"""A running start for the generator: before the game against the discriminator, it learns to copy renders.

Adversarial training from nothing takes millions of pictures. In this world the picture that belongs to a latent is
known (`data.factors_of_latents`), so the mapping network is first taught to lay out the factors along straight lines in W,
and the synthesis network to draw them. What stays open (strands of hair, sharp edges) is what the discriminator teaches.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..networks.mapping import MappingNetwork
from ..portraits.attributes import BY_NAME
from ..portraits.factors import NAMES, Factors
from .data import Z_DIM, factors_of_latents


def _is_category(name: str) -> bool:
    return name in BY_NAME and not BY_NAME[name].is_scale


def _widths() -> list[int]:
    return [len(BY_NAME[name].values) if _is_category(name) else 1 for name in NAMES]


def factor_loss(code: Tensor, factors: Factors) -> Tensor:
    """Cross-entropy for every category, squared error for every number. code [N, sum of widths]"""
    total = 0.0
    for name, part in zip(NAMES, code.split(_widths(), dim=1)):
        truth = getattr(factors, name)
        total = total + (F.cross_entropy(part, truth) if _is_category(name) else 3 * F.mse_loss(part[:, 0], truth))
    return total / len(NAMES)


def teach_mapping(mapping: MappingNetwork, steps: int = 3000, batch_size: int = 1024, seed: int = 0, progress: bool = True) -> float:
    """Trains the mapping network until a linear map reads all factors from w. Returns the last loss.

    This is the disentanglement that Karras et al. (2019, section 4.2) measure as linear separability, asked for directly.
    """
    readout = nn.Linear(mapping.w_dim, sum(_widths()))
    rng = torch.Generator().manual_seed(seed)
    # The mapping network's own learning rate is a hundredth of everybody else's; here it learns alone.
    optimizer = torch.optim.Adam([{"params": mapping.parameters(), "lr": 0.25}, {"params": readout.parameters(), "lr": 5e-3}], betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    loss = torch.zeros(())
    for _ in tqdm(range(steps), desc="mapping network", disable=not progress, mininterval=2):
        z = torch.randn(batch_size, Z_DIM, generator=rng)
        w = mapping.w(z)
        loss = factor_loss(readout(w), factors_of_latents(z)) + 0.01 * (w.square().mean() - 1).square()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return loss.item()


def copy_loss(perceptual, images: Tensor, renders: Tensor, weight: float) -> Tensor:
    """How far drawn pictures are from renders: mean absolute difference plus weight times the perceptual distance.

    images, renders [B, 3, H, W] -> a number
    """
    loss = F.l1_loss(images.float(), renders)
    if weight == 0:
        return loss
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        wanted = perceptual.features(renders)
    with torch.autocast("cpu", torch.bfloat16):
        drawn = perceptual.features(images)
    return loss + weight * perceptual.distance(drawn, wanted).mean()
