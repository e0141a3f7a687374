"""CLIPstyler's network: a small U-Net that redraws one picture (Kwon & Ye 2022, section 3.1)."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STRIDE = 8
"""The middle of the network has 1/8 of the size: both sides of a picture must be multiples of it."""

EDGE = 1 / 255
"""The values of the starting picture are kept this far from 0 and 1, which the sigmoid never reaches."""


class Block(nn.Module):
    """Two 3x3 convolutions with instance normalisation and ReLU, plus a 1x1 convolution as shortcut. [B, I, H, W] -> [B, O, H, W]"""

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.InstanceNorm2d(out_channels), nn.ReLU(),
            nn.Conv2d(out_channels, out_channels, 3, padding=1), nn.InstanceNorm2d(out_channels), nn.ReLU())
        self.skip = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.skip(x)


class StyleUnet(nn.Module):
    """image [B, 3, H, W] in [-1, 1], H and W multiples of `STRIDE` -> the restyled picture, the same shape and range.

    residual  False: the output is a sigmoid of the last layer, as in the authors' code. True: an untrained network returns the picture
              itself, since its last layer, initially zero, is added to the picture's logit.
    width     channels at full size; the authors use 16, which gives 615,267 parameters
    """

    def __init__(self, width: int = 16, residual: bool = False):
        super().__init__()
        self.residual = residual
        self.first = nn.Sequential(nn.Conv2d(3, width, 1), Block(width, width))
        levels = (width, 2 * width, 4 * width)
        self.encoder = nn.ModuleList(Block(before, after) for before, after in zip((width, *levels), levels))
        self.down = nn.ModuleList(nn.Conv2d(c, c, 4, stride=2, padding=1) for c in levels)
        self.middle = Block(levels[-1], 2 * levels[-1])
        self.decoder = nn.ModuleList(Block(2 * c + c, c) for c in reversed(levels))
        self.last = nn.Sequential(Block(2 * width, width), nn.Conv2d(width, 3, 1))
        if residual:
            nn.init.zeros_(self.last[-1].weight)
            nn.init.zeros_(self.last[-1].bias)

    def forward(self, image: Tensor) -> Tensor:
        picture = (image + 1) / 2
        x = first = self.first(picture)
        kept = []
        for block, down in zip(self.encoder, self.down):
            x = block(x)
            kept.append(x)
            x = down(x)
        x = self.middle(x)
        for block, skip in zip(self.decoder, reversed(kept)):
            x = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skip], 1))
        x = self.last(torch.cat([x, first], 1))
        if self.residual:
            x = x + torch.logit(picture, EDGE)
        return torch.sigmoid(x) * 2 - 1
