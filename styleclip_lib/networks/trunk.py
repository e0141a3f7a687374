"""The convolutional trunk shared by the perceptual, attribute and identity networks."""

import torch
from torch import Tensor, nn


class Stage(nn.Sequential):
    """Two 3x3 convolutions with batch normalisation and ReLU, as in VGG (Simonyan & Zisserman 2015)."""

    def __init__(self, in_channels: int, out_channels: int):
        layers = []
        for channels in (in_channels, out_channels):
            layers += [nn.Conv2d(channels, out_channels, 3, padding=1, bias=False), nn.BatchNorm2d(out_channels), nn.ReLU(inplace=True)]
        super().__init__(*layers)


class Trunk(nn.Module):
    """image [B, 3, H, W] in [-1, 1] -> a list of features, one for each stage, each half the size of the one before.

    widths = channels of the stages; stage k has size H / 2^k.
    """

    def __init__(self, widths: tuple[int, ...] = (16, 32, 64, 128, 192)):
        super().__init__()
        self.widths = tuple(widths)
        self.stages = nn.ModuleList(Stage(a, b) for a, b in zip((3, *widths), widths))
        self.pool = nn.MaxPool2d(2)

    def forward(self, image: Tensor) -> list[Tensor]:
        x = image.contiguous(memory_format=torch.channels_last)
        features = []
        for number, stage in enumerate(self.stages):
            x = stage(x if number == 0 else self.pool(x))
            features.append(x)
        return features
