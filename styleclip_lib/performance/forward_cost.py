"""How many additions and multiplications a picture takes."""

from ..networks.generator import Synthesis


def forward_flops(synthesis: Synthesis, batch: int = 1) -> int:
    """Of the convolutions and toRGB layers, by their definition: two for each weight and each place where it is used.

    A convolution that doubles the size uses its weights at the smaller picture's places, once in each.
    """
    convs = [2 * layer.weight.numel() * (layer.resolution // layer.up) ** 2 for _, layer in synthesis.conv_layers()]
    rgbs = [2 * layer.weight.numel() * resolution**2 for (_, layer), resolution in zip(synthesis.rgb_layers(), synthesis.resolutions)]
    return batch * (sum(convs) + sum(rgbs))
