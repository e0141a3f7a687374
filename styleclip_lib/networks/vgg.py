"""The convolutions of VGG (Simonyan & Zisserman 2015), numbered as in torchvision, and the content features of VGG19."""

from collections.abc import Sequence

from torch import Tensor, nn

CHANNELS = (64, 128, 256, 512, 512)

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of colours in [0, 1], as torchvision's networks were trained with."""


def vgg(repeats: Sequence[int]) -> nn.Sequential:
    """Stages of 3x3 convolutions, each followed by a ReLU, with max pooling between stages. repeats = convolutions in each stage

    The ReLUs work in place: the output of a convolution is gone as soon as its ReLU has run.
    """
    layers: list[nn.Module] = []
    before = 3
    for channels, repeat in zip(CHANNELS, repeats):
        if layers:
            layers.append(nn.MaxPool2d(2))
        for _ in range(repeat):
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(inplace=True)]
            before = channels
    return nn.Sequential(*layers)


class Vgg19Content(nn.Module):
    """The features that CLIPstyler uses as a picture's content: VGG19's, after relu4_2 and relu5_2.

    The authors keep the outputs of layers 21 and 31 and call them conv4_2 and conv5_2. Layer 31 is the ReLU of 5_2; layer 21 is the
    convolution 4_2, whose output is overwritten by the in-place ReLU after it. So both are features after the ReLU (layers 22 and 31 here).
    """

    TAPS = (22, 31)

    def __init__(self):
        super().__init__()
        self.layers = vgg((2, 2, 4, 4, 2))

    def features(self, image: Tensor) -> list[Tensor]:
        """image [B, 3, H, W] in [-1, 1] -> two feature maps, [B, 512, H/8, W/8] and [B, 512, H/16, W/16]"""
        x = ((image + 1) / 2 - image.new_tensor(IMAGENET_MEAN).view(3, 1, 1)) / image.new_tensor(IMAGENET_STD).view(3, 1, 1)
        kept = []
        for number, layer in enumerate(self.layers):
            x = layer(x)
            if number in self.TAPS:
                kept.append(x)
        return kept
