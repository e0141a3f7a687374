"""The network that reads the portraits' attributes from a picture."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..portraits.aligned.world.attributes import ATTRIBUTES as ALIGNED_ATTRIBUTES
from ..portraits.world.attributes import ATTRIBUTES, BY_NAME, Attribute, Reading
from .resampling import resized
from .trunk import Trunk


def code_slices(table: Sequence[Attribute]) -> dict[str, slice]:
    """Where each attribute of a table lies in the code: one number for a scale, one logit for each value of a category."""
    slices, start = {}, 0
    for attribute in table:
        stop = start + (1 if attribute.is_scale else len(attribute.values))
        slices[attribute.name] = slice(start, stop)
        start = stop
    return slices


CODE_SLICES = code_slices(ATTRIBUTES)
CODE_SIZE = max(s.stop for s in CODE_SLICES.values())


class Attributes(nn.Module):
    """image -> attributes. `models.attributes(image)` reads every attribute of the table.

    A convolutional trunk, whose last features are averaged over a 4x4 grid, and two linear layers.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 128, 192), hidden: int = 256, input_size: int | None = None):
        """input_size: the side in pixels to which pictures are resized. None: pictures are not resized, and the attributes are those
        of the freely framed portraits."""
        super().__init__()
        self.input_size = input_size
        self.slices = code_slices(ATTRIBUTES if input_size is None else ALIGNED_ATTRIBUTES)
        self.trunk = Trunk(widths)
        outputs = max(s.stop for s in self.slices.values())
        self.head = nn.Sequential(nn.Linear(16 * widths[-1], hidden), nn.ReLU(), nn.Dropout(0.1), nn.Linear(hidden, outputs))

    def code(self, image: Tensor) -> Tensor:
        """image [B, 3, H, W] in [-1, 1] -> code [B, C]: logits of categories and values of scales, laid out as `slices` says."""
        return self.head(F.adaptive_avg_pool2d(self.trunk(resized(image, self.input_size))[-1], 4).flatten(1))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """image [B, 3, H, W] in [-1, 1] -> for a category the probability of each value [B, V], for a scale its value [B]."""
        code = self.code(image).float()
        return {name: code[:, where].softmax(1) if not BY_NAME[name].is_scale else code[:, where.start]
                for name, where in self.slices.items()}

    @torch.no_grad()
    def read(self, image: Tensor) -> list[Reading]:
        """One reading for each picture. image [B, 3, H, W] in [-1, 1]"""
        parts = self(image)
        return [Reading({name: part[row] for name, part in parts.items()}) for row in range(len(image))]
