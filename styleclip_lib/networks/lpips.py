"""LPIPS, the official measure of how different two pictures look (Zhang et al. 2018)."""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .vgg import vgg

SHIFT = (-0.030, -0.088, -0.188)
SCALE = (0.458, 0.448, 0.450)
"""Mean and standard deviation, for colours in [-1, 1], of the pictures on which the backbones were trained."""

TAPS = {"vgg16": (3, 8, 15, 22, 29), "alexnet": (1, 4, 7, 9, 11)}
"""The layers of the backbone whose outputs are the features: the last ReLU of each size (VGG), every ReLU (AlexNet)."""


def alexnet() -> nn.Sequential:
    """The convolutions of AlexNet (Krizhevsky 2014), up to the last features used; numbered as in torchvision."""
    return nn.Sequential(
        nn.Conv2d(3, 64, 11, stride=4, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(64, 192, 5, padding=2), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2),
        nn.Conv2d(192, 384, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(384, 256, 3, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(256, 256, 3, padding=1), nn.ReLU(inplace=True))


class Lpips(nn.Module):
    """Perceptual distance with a learnt weight for each channel (Zhang et al. 2018, eq. 1).

    d(x, y) = Σ_l mean_hw Σ_c w_lc (f_l(x) - f_l(y))², where every feature vector f_l has unit length.
    Pictures larger than `size` are first reduced to it, as StyleGAN2's projectors do.
    backbone: "vgg16" or "alexnet"
    """

    def __init__(self, backbone: str = "vgg16", size: int = 256):
        super().__init__()
        self.size, self.taps = size, TAPS[backbone]
        self.backbone = {"vgg16": lambda: vgg((2, 2, 3, 3, 3)), "alexnet": alexnet}[backbone]()
        channels = [self.backbone[tap - 1].out_channels for tap in self.taps]
        self.heads = nn.ParameterList(torch.ones(1, c, 1, 1) for c in channels)

    def features(self, image: Tensor) -> list[Tensor]:
        """image [B, 3, H, W] in [-1, 1] -> unit feature vectors [B, C_l, H_l, W_l] of every stage."""
        if max(image.shape[-2:]) > self.size:
            image = F.adaptive_avg_pool2d(image, self.size)
        x = (image - image.new_tensor(SHIFT).view(3, 1, 1)) / image.new_tensor(SCALE).view(3, 1, 1)
        x, features = x.contiguous(memory_format=torch.channels_last), []
        for number, layer in enumerate(self.backbone):
            x = layer(x)
            if number in self.taps:
                features.append(F.normalize(x.float(), dim=1, eps=1e-10))
        return features

    def pooled(self, image: Tensor) -> Tensor:
        """The last features averaged over the picture, for comparing sets of pictures: image [B, 3, H, W] in [-1, 1] -> [B, C]"""
        return self.features(image)[-1].mean((2, 3))

    def maps(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> list[Tensor]:
        """The distance at each position of each stage, between two results of `features`: [B, H_l, W_l] for every stage"""
        return [F.conv2d((x - y).square(), head)[:, 0] for x, y, head in zip(a, b, self.heads)]

    def distance(self, a: Sequence[Tensor], b: Sequence[Tensor]) -> Tensor:
        """The distance [B] between two results of `features`."""
        return sum(apart.mean((1, 2)) for apart in self.maps(a, b))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """x, y [B, 3, H, W] in [-1, 1] -> distance [B], zero for equal pictures."""
        return self.distance(self.features(x), self.features(y))
