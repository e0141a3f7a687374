"""The network that judges styles, for measuring alone: nothing is trained with it, and nothing searches with it (see `examiner`)."""

from torch import Tensor, nn

from ..portraits.language.style_words import STYLE_WORDS
from .convnext import ChannelNorm, ConvNext
from .resampling import resized

PLAIN = "plain"
KINDS = (PLAIN, *STYLE_WORDS)
"""What is told apart: a picture in no style, and the drawn styles."""


class StyleExaminer(nn.Module):
    """image -> how a picture is drawn, by a ConvNeXt whose features are averaged over all places: a style has no place.

    [B, 3, H, H] in [-1, 1] -> logits [B, number of KINDS]
    """

    def __init__(self, widths: tuple[int, ...] = (32, 64, 128), depths: tuple[int, ...] = (1, 2, 2), input_size: int = 128):
        super().__init__()
        self.input_size = input_size
        self.body = ConvNext(widths, depths)
        self.norm, self.head = ChannelNorm(self.body.channels), nn.Linear(self.body.channels, len(KINDS))

    def forward(self, image: Tensor) -> Tensor:
        return self.head(self.norm(self.body(resized(image, self.input_size))).mean((2, 3)).float())
