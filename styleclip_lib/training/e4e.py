"""What e4e adds to an encoder's training so that the inverted faces remain editable (Tov et al. 2021, section 4).

An encoder may reconstruct a picture well with a W+ code that no mapping network would ever produce, and edits fail there. So the layers'
offsets from the first w are added one by one and are penalised, and a discriminator trained on the mapping network's w judges the w of
each layer.
"""

import torch
from torch import Tensor

from ..networks.latent_discriminator import LatentDiscriminator
from .adversarial import discriminator_loss, generator_loss, r1_penalty

FIRST_LOSSES = ("d_real_loss", "d_fake_loss", "discriminator_loss")


def progressive_stage(step: int, start: int, every: int, num_ws: int) -> int:
    """The number of offsets Δ_1, Δ_2, ... in use at a step: none before `start`, then one, and one more every `every` steps.

    start = 0: all from the beginning.
    """
    if start == 0:
        return num_ws - 1
    return 0 if step < start else min(num_ws - 1, 1 + (step - start) // every)


def total_delta_loss(offsets: Tensor, stage: int) -> Tensor:
    """Σ_{i=1..stage} E‖Δ_i‖₂ (eq. 5), 0 at stage 0. offsets from the first w [B, num_ws, w_dim] -> a number"""
    return offsets[:, 1:stage + 1].norm(dim=2).mean(0).sum()


def encoder_discriminator_loss(discriminator: LatentDiscriminator, w_plus: Tensor, stage: int) -> Tensor:
    """E[log(1 + exp(-D(w_i)))], the mean over the w_i in use (eq. 4). w_plus [B, num_ws, w_dim] -> a number"""
    return generator_loss(discriminator(w_plus[:, :stage + 1].flatten(0, 1)))


class LatentPool:
    """A history of latents, so that the discriminator is not trained on the encoder's latest outputs alone.

    Until the pool has `size` latents, each w is stored and returned; afterwards, half of them replace an older one, which is returned
    instead (Shrivastava et al. 2017, section 2.3).
    """

    def __init__(self, size: int, w_dim: int):
        self.size, self.kept = size, torch.zeros(0, w_dim)

    def exchange(self, w: Tensor, rng: torch.Generator) -> Tensor:
        """w [B, w_dim] -> the same number of latents, new and old"""
        handed_out = []
        for one in w.detach().cpu():
            if len(self.kept) < self.size:
                self.kept = torch.cat([self.kept, one[None]])
            elif torch.rand(1, generator=rng).item() > 0.5:
                place = int(torch.randint(self.size, (1,), generator=rng))
                one, self.kept[place] = self.kept[place].clone(), one
            handed_out.append(one)
        return torch.stack(handed_out).to(w)

    def state_dict(self) -> dict:
        return {"kept": self.kept}

    def load_state_dict(self, state: dict) -> None:
        self.kept = state["kept"]


def any_layer(w_plus: Tensor, stage: int, rng: torch.Generator) -> Tensor:
    """A random one of the w_i in use from each code. w_plus [B, num_ws, w_dim] -> [B, w_dim]"""
    layers = torch.randint(stage + 1, (len(w_plus),), generator=rng)
    return w_plus[torch.arange(len(w_plus)), layers.to(w_plus.device)]


def discriminator_step(discriminator: LatentDiscriminator, optimizer, run, real: Tensor, fake: Tensor, r1_gamma: float,
                       r1_every: int) -> dict[str, Tensor]:
    """One step of the latent discriminator, and every `r1_every` steps one with the R1 penalty. real, fake [B, w_dim] -> the losses

    d_real_loss = E[log(1 + exp(-D(w)))] on the mapping network's w, d_fake_loss = E[log(1 + exp(D(w_i)))] on the encoder's;
    discriminator_loss is their sum, which is 2 log 2 = 1.386 if D cannot tell them apart and outputs 0.
    """
    real_logits, fake_logits = discriminator(real), discriminator(fake)
    losses = generator_loss(real_logits), generator_loss(-fake_logits), discriminator_loss(real_logits, fake_logits)
    run.update(losses[-1], optimizer)
    values = dict(zip(FIRST_LOSSES, (loss.detach() for loss in losses)))
    if run.step % r1_every == 0:
        penalty = r1_gamma / 2 * r1_every * r1_penalty(discriminator, real)
        run.update(penalty, optimizer)
        values["discriminator_r1_loss"] = penalty.detach()
    return values
