"""LPIPS (Zhang et al. 2018): torchvision's backbone and the package's heads -> Lpips.

The backbone is the state dict in `vgg16-397923af.pth` or `alexnet-owt-7be5be79.pth`, of which only the convolutions are used;
the heads are the state dict in `vgg.pth` or `alex.pth`, version 0.1.
"""

from ...errors import StyleclipError
from ...networks.lpips import TAPS, Lpips
from .filled import StateDict, count, filled, require, shapes_of

WHAT = "LPIPS (the backbone of torchvision, and heads that belong to it)"
CONVOLUTIONS = {13: "vgg16", 5: "alexnet"}


def lpips_from_states(backbone: StateDict, heads: StateDict) -> Lpips:
    """The network, frozen, in evaluation mode. The tensors are not copied.

    Raises StyleclipError if a tensor is missing or has a wrong shape, for another backbone, and for heads that belong to the other one.
    """
    require(shapes_of(backbone), ["features.0.weight"], WHAT)
    kind = CONVOLUTIONS.get(count(backbone, r"features\.\d+\.weight"))
    if kind is None:
        raise StyleclipError("The backbone of LPIPS is neither VGG16 nor AlexNet; check which file was opened.")
    names = [f"lin{i}.model.1.weight" for i in range(len(TAPS[kind]))]
    require(shapes_of(heads), names, WHAT)
    state = {f"backbone.{key.removeprefix('features.')}": value for key, value in backbone.items() if key.startswith("features.")}
    state |= {f"heads.{i}": heads[name] for i, name in enumerate(names)}
    return filled(lambda: Lpips(kind), state, WHAT)
