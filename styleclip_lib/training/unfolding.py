"""The training of the mapping network: it learns the w assigned to every latent's portrait, which disentangles the factors in W."""

import torch
import torch.nn.functional as F
from torch import Tensor

from ..networks.layers import SQRT2
from ..networks.mapping import MappingNetwork
from .embedding import OFFSET, Embedding
from .loop import Run, learning_rate, set_rate, settings_of
from .muon import Muon

KEPT = ("w_dim", "num_mapping_layers", "mapping_steps", "mapping_batch", "mapping_lr", "seed")
"""The settings that must stay the same when a run resumes."""


def teach_mapping(mapping: MappingNetwork, embedding: Embedding, s) -> float:
    """Teaches a mapping network w = mapping(z) to be the w of z's portrait. s = `generator.Settings`. Returns the seconds it took."""
    with torch.no_grad():
        getattr(mapping, f"fc{mapping.num_layers - 1}").bias.fill_(OFFSET / (SQRT2 * mapping.fc0.lr_multiplier))
    optimizers = mapping_optimizers(mapping, s)
    with Run(s.run / "mapping", settings=settings_of(s, *KEPT), mapping=mapping, **optimizers) as run:
        for step in run.steps(s.mapping_steps):
            z, w = mapping_batch(embedding, s.mapping_batch, run.generator(s.seed + 2))
            for optimizer in optimizers.values():
                set_rate(optimizer, s.mapping_lr / mapping.fc0.lr_multiplier * learning_rate(step, s.mapping_steps))
            loss = F.mse_loss(mapping.w(z.to(run.device)), w.to(run.device))
            run.update(loss, *optimizers.values())
            run.log(loss=loss)
    set_mean_w(mapping)
    return run.seconds


def mapping_optimizers(mapping: MappingNetwork, s) -> dict[str, torch.optim.Optimizer]:
    """Muon for the matrices, Adam for the biases. Both are 1 / lr_multiplier times as large as what they do, and so are the rates."""
    rate = s.mapping_lr / mapping.fc0.lr_multiplier
    matrices = [parameter for name, parameter in mapping.named_parameters() if name.endswith("weight")]
    biases = [parameter for name, parameter in mapping.named_parameters() if name.endswith("bias")]
    return {"muon": Muon(matrices, rate), "adam": torch.optim.Adam(biases, rate, betas=(0.9, 0.99))}


def mapping_batch(embedding: Embedding, size: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Random latents z [size, z_dim], and the w of their portraits [size, w_dim]."""
    z = torch.randn(size, embedding.world.z_dim, generator=rng)
    return z, embedding.w(embedding.world.factors_of_latents(z))


@torch.no_grad()
def set_mean_w(mapping: MappingNetwork, count: int = 20_000) -> None:
    """Sets the mean w of the truncation trick to the mean over `count` random z, instead of an EMA."""
    z = torch.randn(count, mapping.z_dim, generator=torch.Generator().manual_seed(11)).to(mapping.w_avg.device)
    mapping.w_avg.copy_(mapping.w(z).mean(0))
