"""`model_ir_se50.pth`, the ArcFace network that StyleCLIP and e4e use -> Arcface. The file is a flat state dict."""

from ...networks.arcface import Arcface
from ..tensor_file import Shapes
from .filled import StateDict, count, filled, shape_of, shapes_of

WHAT = "an ArcFace network (IR-SE50)"


def arcface_from_state(state: StateDict) -> Arcface:
    """The network, frozen, in evaluation mode. The tensors are not copied.

    Raises StyleclipError if a tensor is missing, unknown, or has a wrong shape.
    """
    shapes = shapes_of(state)
    blocks = irse50_blocks(shapes, WHAT)
    embedding_dim, _ = shape_of(shapes, "output_layer.3.weight", 2, WHAT)
    return filled(lambda: Arcface(blocks, embedding_dim), {_our_name(key): value for key, value in state.items()}, WHAT)


def irse50_blocks(shapes: Shapes, what: str) -> list[int]:
    """The output channels of each block, from the shapes. Raises StyleclipError if there are no blocks or one is missing."""
    number = max(1, count(shapes, r"body\.\d+\.res_layer\.3\.weight"))
    return [shape_of(shapes, f"body.{i}.res_layer.3.weight", 4, what)[0] for i in range(number)]


def _our_name(key: str) -> str:
    """Here the body is a network of its own, `trunk`, and the layers after it are `head`."""
    if key.startswith("output_layer."):
        return f"head.{key.removeprefix('output_layer.')}"
    return f"trunk.{key}"
