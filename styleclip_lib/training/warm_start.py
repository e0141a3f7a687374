"""A running start for the generator: before the game against the discriminator, it learns to copy renders.

Adversarial training from nothing takes millions of pictures. In this world the picture that belongs to a latent is known
(`portraits.latents`), so the mapping network is first taught to lay out the factors along straight lines in W, and the
synthesis network to draw them. What stays open (strands of hair, sharp edges) is what the discriminator teaches.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from tqdm.auto import tqdm

from ..networks.generator import Generator
from ..networks.mapping import MappingNetwork
from ..portraits.world.attributes import BY_NAME
from ..portraits.world.factors import NAMES, Factors
from ..portraits.world.latents import Z_DIM, factors_of_latents, is_category

OFFSET = 3.0  # keeps w on the straight side of the last leaky ReLU


def factor_code(factors: Factors) -> Tensor:
    """The factors as numbers: categories one-hot, scales as they are. -> [N, sum of widths]"""
    columns = [F.one_hot(value, len(BY_NAME[name].values)).float() if is_category(name) else value[:, None]
               for name, value in ((name, getattr(factors, name)) for name in NAMES)]
    return torch.cat(columns, 1)


class StandardCode:
    """The code of a latent's portrait, every column with mean 0 and variance 1."""

    def __init__(self, seed: int, count: int = 20_000):
        code = factor_code(factors_of_latents(torch.randn(count, Z_DIM, generator=torch.Generator().manual_seed(seed))))
        self.mean, self.spread, self.size = code.mean(0), code.std(0) + 1e-3, code.shape[1]

    def __call__(self, z: Tensor) -> Tensor:
        return (factor_code(factors_of_latents(z)) - self.mean) / self.spread


def teach_mapping(mapping: MappingNetwork, steps: int = 5000, batch_size: int = 512, seed: int = 0, progress: bool = True) -> float:
    """Teaches the mapping network to unfold z: afterwards every factor is a straight line in W, all at one scale.

    The hidden layers learn until a linear map reads the code of the portrait from them; the last layer is then solved for
    w = OFFSET + E code, with E a random matrix of orthogonal rows. This is the disentanglement that Karras et al. (2019,
    section 4.2) measure as linear separability, asked for directly. Returns the share of the code's variance that is missing.
    """
    rng = torch.Generator().manual_seed(seed)
    code = StandardCode(seed)
    readout = nn.Linear(mapping.w_dim, code.size)
    hidden = [getattr(mapping, f"fc{i}") for i in range(mapping.num_layers - 1)]
    parameters = [p for layer in hidden for p in layer.parameters()]
    # Their own learning rate is a hundredth of everybody else's (lr_multiplier); here they learn alone, and fast.
    optimizer = torch.optim.Adam([{"params": parameters}, {"params": readout.parameters()}], betas=(0.9, 0.99))
    # With 10 steps its first phase would have no length, and it divides by that.
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, [15.0, 5e-3], max(steps, 20), pct_start=0.1)
    for _ in tqdm(range(steps), desc="mapping network", disable=not progress, mininterval=2):
        z = torch.randn(batch_size, Z_DIM, generator=rng)
        loss = F.mse_loss(readout(_through(hidden, z)), code(z))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
    return _solve_last_layer(mapping, hidden, code, rng)


def _through(layers, z: Tensor) -> Tensor:
    x = z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)
    for layer in layers:
        x = layer(x)
    return x


@torch.no_grad()
def _solve_last_layer(mapping: MappingNetwork, hidden, code: StandardCode, rng) -> float:
    """Least squares for the last layer's weight and bias. Returns the relative residual."""
    z = torch.randn(40_000, Z_DIM, generator=rng)
    x = _through(hidden, z).double()
    spread = torch.linalg.qr(torch.randn(mapping.w_dim, code.size, generator=rng, dtype=torch.float64))[0].T
    wanted = code(z).double() @ spread * (mapping.w_dim / code.size) ** 0.5
    ones = torch.cat([x, torch.ones(len(x), 1, dtype=torch.float64)], 1)
    solution = torch.linalg.lstsq(ones, wanted + OFFSET).solution
    last = getattr(mapping, f"fc{mapping.num_layers - 1}")
    gain = last.lr_multiplier * 2**0.5  # what the layer multiplies its weights with, the activation's sqrt(2) included
    last.weight.copy_((solution[:-1].T * last.weight.shape[1] ** 0.5 / gain).float())
    last.bias.copy_((solution[-1] / gain).float())
    mapping.w_avg.copy_(mapping.w(z).mean(0))
    return ((mapping.w(z).double() - OFFSET - wanted).square().mean() / wanted.var()).item()


@torch.no_grad()
def center_styles(generator: Generator) -> None:
    """Sets the affine layers' biases so that the mean w has style 1 everywhere, as it has in a new network."""
    for _, layer in generator.synthesis.conv_layers() + generator.synthesis.rgb_layers():
        layer.affine.bias.add_(1 - layer.affine(generator.mapping.w_avg[None])[0])


def copy_loss(perceptual, images: Tensor, renders: Tensor, weight: float) -> Tensor:
    """How far drawn pictures are from renders: mean absolute difference plus weight times the perceptual distance.

    images, renders [B, 3, H, W] -> a number
    """
    loss = F.l1_loss(images.float(), renders)
    if weight == 0:
        return loss
    with torch.no_grad(), torch.autocast(images.device.type, torch.bfloat16):
        wanted = perceptual.features(renders)
    with torch.autocast(images.device.type, torch.bfloat16):
        drawn = perceptual.features(images)
    return loss + weight * perceptual.distance(drawn, wanted).mean()
