"""Trains the portraits domain's CLIP: `styleclip train clip`."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..networks.clip import CLIP, Clip, WordTokenizer
from ..portraits.language.captions import heldout_captions
from ..portraits.language.parsing import known_words
from ..portraits.language.statements import STATEMENTS, false_of, true_of
from .augment import augment
from .captioned import Batch, CaptionedPictures, Counts, resized, truth
from .coding import statement_loss
from .data import DataSettings, Portraits
from .loop import Run, learning_rate
from .muon import Muon
from .opponents import PixelOpponents, StyleOpponents
from .worlds import ALIGNED


@dataclass
class Settings:
    run: Path = Path("runs/clip")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 6000
    styled: int = 6000
    scenes: int = 2000
    counts: Counts = field(default_factory=Counts)
    pixel_opponents: int = 12
    style_opponents: int = 8
    img_resolution: int = 256
    image_resolution: int = 128
    vision_layers: tuple[int, ...] = (2, 2, 2, 2)
    vision_width: int = 32
    embed_dim: int = 256
    context_length: int = 32
    text_width: int = 128
    text_layers: int = 2
    steps: int = 6000
    muon_lr: float = 0.01
    adam_lr: float = 2e-3
    aid: float = 4.0
    strength: float = 0.35
    seed: int = 0
    muon: bool = True


def step_batch(pictures, pixels, repaint, batch):
    pass


def _with_opponents(batch: Batch, pixels: PixelOpponents, repaint: StyleOpponents) -> tuple[list, Tensor, Tensor]:
    """The captions of a batch and of the opponents, and what is true and false of the batch's pictures and of the opponents'."""
    columns = len(pixels) + len(repaint)
    true, false = (F.pad(part, (0, columns)) for part in (batch.true, batch.false))
    return true, false


def optimizers_of(model: nn.Module, s) -> dict:
    matrices = [p for n, p in model.named_parameters() if p.ndim >= 2 and "embedding" not in n]
    if not s.muon:
        return {"adam": torch.optim.AdamW(model.parameters(), lr=s.adam_lr, weight_decay=0.03, betas=(0.9, 0.98))}
    chosen = {id(p) for p in matrices}
    return {"muon": Muon(matrices, lr=s.muon_lr),
            "adam": torch.optim.AdamW([p for p in model.parameters() if id(p) not in chosen], lr=s.adam_lr, weight_decay=0.0, betas=(0.9, 0.98))}


def contrastive_loss(logits: Tensor, true: Tensor, false: Tensor) -> Tensor:
    """CLIP's loss with all positives known (Radford et al. 2021, figure 3; InfoNCE: van den Oord et al. 2018, eq. 4).

    For every true pair p of a row:  log(exp(l_p) + Σ_false exp(l_f)) - l_p,  averaged over the row's true pairs, then over
    rows; the same over columns. Pairs that are neither true nor false take no part.

    logits, true, false [C, N] -> a number
    """
    def one_way(logits, true, false):
        negatives = logits.masked_fill(~false, -1e4).logsumexp(1, keepdim=True)
        loss = F.softplus(negatives - logits)
        count = true.sum(1)
        return ((loss * true).sum(1) / count.clamp(min=1))[count > 0].mean()

    return (one_way(logits, true, false) + one_way(logits.T, true.T, false.T)) / 2


def area_under_curve(positive: Tensor, negative: Tensor) -> float:
    """How often a positive scores higher than a negative, ties counted half. Scores [P], [N] -> [0, 1]"""
    difference = positive[:, None] - negative[None, :]
    return ((difference > 0).float() + 0.5 * (difference == 0).float()).mean().item()
