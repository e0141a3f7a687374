"""The world as a function of a Gaussian vector: a portrait for every z.

A scalar factor (such as the turn of the head) takes one coordinate of z. A category with K values takes K coordinates and the Gumbel-max
trick (Gumbel 1954): with g_k = -log(-log Φ(z_k)), argmax_k (g_k + log p_k) is k with probability p_k, so every value has a direction of
its own. A fixed rotation then mixes the coordinates, so that no coordinate of z is an attribute.
"""

import math
from functools import lru_cache

import torch
import torch.nn.functional as F

from .attributes import BY_NAME
from .factors import NAMES, Factors, from_uniform, is_category, sample, share_edges

Z_DIM = 160
COLLARS = 3  # the factor `collar` is a number; each third of its range is one kind of collar
SIDED = ("parting", "gaze_x", "yaw", "light", "slip_roll", "slip_x")
"""The factors whose sign says on which side something is."""
_SIMPLE = ("gender", "makeup", "earrings")  # two values, or decided by a rule: one coordinate is enough


def factors_of_latents(z: torch.Tensor) -> Factors:
    """The factors of the portraits that belong to latents. z [N, Z_DIM] ~ N(0, I)  ->  Factors of length N

    Only the direction of z counts: z is first normalised to length sqrt(Z_DIM), as in StyleGAN's mapping network.
    """
    z = _normalised(z) @ rotation().to(z)
    uniform, start = [], 0
    for name, width in zip(NAMES, widths()):
        part = z[:, start:start + width]
        uniform.append(torch.special.ndtr(part[:, 0]) if width == 1 else _middle_of(name, (_gumbel(part) + _log_shares(name)).argmax(1)))
        start += width
    return from_uniform(torch.stack(uniform, 1).clamp(0, 1 - 1e-6))


def latents_of_uniform(u: torch.Tensor, seed: int) -> torch.Tensor:
    """Latents whose portraits are those of `from_uniform(u)`; what these do not determine is drawn at random.

    u [N, len(NAMES)] in [0, 1)  ->  z [N, Z_DIM]
    """
    rng = torch.Generator().manual_seed(seed)
    parts = []
    for name, width, column in zip(NAMES, widths(), u.double().unbind(1)):
        if width == 1:
            parts.append(torch.special.ndtri(column.clamp(1e-6, 1 - 1e-6))[:, None])
        else:
            parts.append(_argmax_given(name, torch.bucketize(column.contiguous(), share_edges(name).double()[1:-1]), rng))
    known = torch.cat(parts, 1)
    free = torch.randn(len(u), Z_DIM - known.shape[1], generator=rng, dtype=torch.float64)
    length = (Z_DIM - known.square().sum(1, keepdim=True)).clamp(min=1e-3).sqrt()
    z = torch.cat([known, free / free.norm(dim=1, keepdim=True) * length], 1)
    return (z @ rotation().double().T).float()


def mirrored(z: torch.Tensor) -> torch.Tensor:
    """Latents of the mirror images of portraits: what has a side changes sides, apart from locks of hair. z [N, Z_DIM] -> [N, Z_DIM]"""
    sides = torch.ones(Z_DIM)
    start = 0
    for name, width in zip(NAMES, widths()):
        if name in SIDED:
            sides[start] = -1  # a scale: one coordinate, and Φ(-x) = 1 - Φ(x)
        start += width
    turn = rotation().to(z)
    return (z @ turn * sides.to(z)) @ turn.T


def code_of(factors: Factors) -> torch.Tensor:
    """The portraits as vectors, for a generator whose w is linear in them: scales standardised, categories one-hot, minus their means.

    factors of length N  ->  float32 [N, C], with the columns that `kinds` tells of each factor, in the order of NAMES
    """
    mean, deviation = _code_statistics()
    return (_raw_code(factors) - mean.to(factors.gender.device)) / deviation.to(factors.gender.device)


def kinds(name: str) -> int:
    """The number of columns of the code for a category; 0 for a scale, which has one column."""
    return COLLARS if name == "collar" else len(BY_NAME[name].values) if is_category(name) else 0


def _raw_code(factors):
    columns = []
    for name, value in factors.items():
        if name == "collar":
            value = (value * COLLARS).long().clamp(max=COLLARS - 1)
        columns.append(F.one_hot(value, kinds(name)).float() if kinds(name) else value[:, None])
    return torch.cat(columns, 1)


@lru_cache(maxsize=1)
def _code_statistics():
    """Mean of every column over the world, and its standard deviation (1 for the columns of a category)."""
    raw = _raw_code(sample(100_000, seed=7))
    scale = torch.tensor([kinds(name) == 0 for name in NAMES for _ in range(kinds(name) or 1)])
    return raw.mean(0), torch.where(scale, raw.std(0), 1.0)


@lru_cache(maxsize=1)
def rotation() -> torch.Tensor:
    """The fixed random rotation [Z_DIM, Z_DIM]."""
    noise = torch.randn(Z_DIM, Z_DIM, generator=torch.Generator().manual_seed(64), dtype=torch.float64)
    q, r = torch.linalg.qr(noise)
    return (q * r.diagonal().sign()).float()


def widths() -> list[int]:
    """How many coordinates of z each factor takes, in the order of NAMES."""
    return [len(BY_NAME[name].values) if is_category(name) and name not in _SIMPLE else 1 for name in NAMES]


def _normalised(z):
    return z * torch.rsqrt(z.square().mean(1, keepdim=True) + 1e-8)


def _log_shares(name):
    return torch.tensor([math.log(p) for p in BY_NAME[name].shares])


def _gumbel(z):
    """Normal numbers -> Gumbel numbers, by their cumulative distributions."""
    return -torch.log(-torch.special.log_ndtr(z))


def _middle_of(name, index):
    """The uniform number in the middle of a value's share."""
    edges = share_edges(name)
    return ((edges[:-1] + edges[1:]) / 2)[index]


def _argmax_given(name, index, rng):
    """Normal numbers [N, K] with a given Gumbel-argmax: first the maximum is drawn, then the others, truncated below it."""
    log_shares = _log_shares(name).double()
    uniform = torch.rand(len(index), len(log_shares), generator=rng, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)
    perturbed = -torch.log(-torch.log(uniform)) + log_shares
    top = -torch.log(-torch.log(torch.rand(len(index), 1, generator=rng, dtype=torch.float64).clamp(1e-12, 1 - 1e-12)))
    below = -torch.log(torch.exp(-top) + torch.exp(-perturbed))
    chosen = torch.nn.functional.one_hot(index, len(log_shares)).bool()
    gumbel = torch.where(chosen, top, below) - log_shares
    return torch.special.ndtri(torch.exp(-torch.exp(-gumbel)).clamp(1e-7, 1 - 1e-7))
