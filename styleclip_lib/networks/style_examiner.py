"""The network that judges styles. It only measures: nothing is trained or searched with it (see `examiner`)."""

from torch import Tensor, nn

from ..portraits.language.style_words import STYLE_WORDS
from .convnext import ChannelNorm, ConvNext
from .resampling import resized

PLAIN = "plain"
KINDS = (PLAIN, *STYLE_WORDS)
"""The classes: a picture without a style, and the world's styles."""


class StyleExaminer(nn.Module):
    """image -> its style, by a ConvNeXt whose features are averaged over all positions: a style is everywhere in a picture.

    [B, 3, H, H] in [-1, 1] -> logits [B, number of KINDS]
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128), depths: tuple[int, ...] = (1, 2, 2), input_size: int = 128):
        super().__init__()
        self.input_size = input_size
        self.body = ConvNext(widths, depths)
        self.norm, self.head = ChannelNorm(self.body.channels), nn.Linear(self.body.channels, len(KINDS))

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.norm(self.body(resized(image, self.input_size))).mean((2, 3)).float())
