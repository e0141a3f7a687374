"""torchvision's VGG19 (`vgg19-dcbb9e9d.pth`) -> Vgg19Content, which uses only the convolutions up to 5_2."""

from ...networks.vgg import Vgg19Content
from .filled import StateDict, filled

WHAT = "VGG19 (torchvision's)"


def content_from_state(state: StateDict) -> Vgg19Content:
    """The network, frozen, in evaluation mode. Raises StyleclipError if a tensor is missing or has a wrong shape."""
    layers = {key.removeprefix("features."): value for key, value in state.items() if key.startswith("features.")}
    used = {f"layers.{key}": value for key, value in layers.items() if int(key.split(".")[0]) <= Vgg19Content.TAPS[-1]}
    return filled(Vgg19Content, used, WHAT)
