"""The networks that only measure: one reads attributes, one tells people apart. Nothing is trained or searched with them.

A network whose gradients shaped a generator, or an edit, is no fair judge of the result. These two differ from `Attributes` and `Identity`
in architecture and are trained on other portraits.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..portraits.aligned.world.attributes import ATTRIBUTES
from ..portraits.world.attributes import Reading
from .attributes import code_slices
from .convnext import ChannelNorm, ConvNext
from .resampling import resized

CODE_SLICES = code_slices(ATTRIBUTES)
CODE_SIZE = max(s.stop for s in CODE_SLICES.values())
CATEGORIES = tuple(attribute.name for attribute in ATTRIBUTES if not attribute.is_scale)


class Examiner(nn.Module):
    """image -> attributes, by a ConvNeXt and one linear layer over all positions of its last features.

    temperature [number of CATEGORIES]: divides the logits of each category, so that of all readings with probability p a share of p is
    right (Guo et al. 2017, section 4.2).
    """

    def __init__(self, widths: tuple[int, ...] = (48, 96, 192, 256), depths: tuple[int, ...] = (1, 2, 4, 1), input_size: int = 128):
        super().__init__()
        self.input_size = input_size
        self.body = ConvNext(widths, depths)
        self.head = _head(self.body, input_size, CODE_SIZE)
        self.register_buffer("temperature", torch.ones(len(CATEGORIES)))

    def code(self, image: Tensor) -> Tensor:
        """image [B, 3, H, H] in [-1, 1] -> code [B, CODE_SIZE]: logits of categories (before the temperature) and values of scales."""
        return self.head(self.body(resized(image, self.input_size)))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """image [B, 3, H, H] in [-1, 1] -> for a category the probability of each value [B, V], for a scale its value [B]."""
        return self.parts(self.code(image).float())

    def parts(self, code: Tensor) -> dict[str, Tensor]:
        """code [B, CODE_SIZE] -> the same as `forward`."""
        temperature = dict(zip(CATEGORIES, self.temperature))
        return {name: (code[:, where] / temperature[name]).softmax(1) if name in temperature else code[:, where.start]
                for name, where in CODE_SLICES.items()}

    @torch.no_grad()
    def read(self, image: Tensor) -> list[Reading]:
        """One reading for each picture. image [B, 3, H, H] in [-1, 1]"""
        return self.readings(self.code(image).float())

    def readings(self, code: Tensor) -> list[Reading]:
        """code [B, CODE_SIZE] -> one reading for each picture."""
        parts = self.parts(code)
        return [Reading({name: part[row] for name, part in parts.items()}) for row in range(len(code))]


class ExaminerIdentity(nn.Module):
    """image -> unit vector of the person, trained with the supervised contrastive loss (Khosla et al. 2020)."""

    def __init__(self, widths: tuple[int, ...] = (40, 80, 160, 224), depths: tuple[int, ...] = (1, 2, 3, 1), embedding_dim: int = 64,
                 input_size: int = 128):
        super().__init__()
        self.input_size = input_size
        self.body = ConvNext(widths, depths)
        self.head = _head(self.body, input_size, embedding_dim)

    def forward(self, image: Tensor) -> Tensor:
        """image [B, 3, H, H] in [-1, 1] -> unit vectors [B, embedding_dim]"""
        return F.normalize(self.head(self.body(resized(image, self.input_size))).float(), dim=1)


def _head(body: ConvNext, input_size: int, outputs: int) -> nn.Sequential:
    """One linear layer over all positions of the body's last features: in an aligned portrait a position has a meaning."""
    cells = (input_size // body.stride) ** 2
    return nn.Sequential(ChannelNorm(body.channels), nn.Flatten(), nn.Dropout(0.1), nn.Linear(cells * body.channels, outputs))
