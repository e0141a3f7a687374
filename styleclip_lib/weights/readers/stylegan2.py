"""StyleGAN2 state dicts -> Generator.

Two layouts are in use: rosinality's (also StyleCLIP's and e4e's), and NVIDIA's, whose names are also ours.
Sizes are taken from the tensors' shapes, never from a setting.
"""

import re

import torch
from torch import Tensor

from ...errors import StyleclipError
from ...networks.generator import Generator
from ..tensor_file import Shapes
from .filled import StateDict, compared, count, require, shapes_of, shown, unfilled

MOST_LEVELS, LARGEST = 12, 8192
"""The largest number of resolutions of a generator, and the largest size along a dimension. The largest official one has 9 and 1024."""

WHAT = "a StyleGAN2 generator"
NVIDIA, ROSINALITY = f"{WHAT} in NVIDIA layout", f"{WHAT} in rosinality layout"

COLOURS = {1: "grey pictures", 4: "pictures with transparency (RGBA)", 12: "wavelets in place of colours (SWAGAN)"}
"""What a generator draws whose toRGB layers have a number of channels other than three."""


def rosinality_names(img_resolution: int, num_mapping_layers: int) -> dict[str, str]:
    """Our key -> rosinality's key, for every tensor except `mapping.w_avg`, which is stored next to that state dict."""
    names = {"synthesis.b4.const": "input.input"}
    for i in range(num_mapping_layers):
        for kind in ("weight", "bias"):
            names[f"mapping.fc{i}.{kind}"] = f"style.{i + 1}.{kind}"
    layers, rgbs = [("b4.conv1", "conv1")], [("b4.torgb", "to_rgb1")]
    for k in range(img_resolution.bit_length() - 3):
        r = 8 * 2**k
        layers += [(f"b{r}.conv0", f"convs.{2 * k}"), (f"b{r}.conv1", f"convs.{2 * k + 1}")]
        rgbs += [(f"b{r}.torgb", f"to_rgbs.{k}")]
    for noise, (ours, theirs) in enumerate(layers):
        names[f"synthesis.{ours}.noise_const"] = f"noises.noise_{noise}"
        names[f"synthesis.{ours}.noise_strength"] = f"{theirs}.noise.weight"
        names[f"synthesis.{ours}.bias"] = f"{theirs}.activate.bias"
    for ours, theirs in rgbs:
        names[f"synthesis.{ours}.bias"] = f"{theirs}.bias"
    for ours, theirs in layers + rgbs:
        names[f"synthesis.{ours}.weight"] = f"{theirs}.conv.weight"
        for kind in ("weight", "bias"):
            names[f"synthesis.{ours}.affine.{kind}"] = f"{theirs}.conv.modulation.{kind}"
    return names


def from_rosinality(state: StateDict, latent_avg: Tensor | None = None) -> StateDict:
    """Rosinality's state dict (`checkpoint["g_ema"]`) and mean latent [w_dim] -> a state dict with our names and shapes.

    Rosinality's tensors have additional dimensions of size 1, and it stores resampling filters, which ours does not.
    latent_avg may also be [num_ws, w_dim], as encoders store it; without it, `mapping.w_avg` is zero.
    Noise maps, which the earliest checkpoints lack, are drawn from a fixed seed.
    Raises StyleclipError if a tensor is missing or has a wrong number of dimensions, and for networks that only resemble this one.
    """
    shapes = shapes_of(state)
    check_kind(shapes)
    require(shapes, ["input.input", "style.1.weight", "conv1.conv.modulation.weight"], ROSINALITY)
    img_resolution = 4 * 2**min(count(shapes, r"to_rgbs\.(\d+)\.bias"), MOST_LEVELS)
    names = rosinality_names(img_resolution, count(shapes, r"style\.(\d+)\.weight"))
    if not any(name.startswith("noises.") for name in state):
        state = state | _noise_maps(names)
    require(state, names.values(), ROSINALITY)
    try:
        result = {ours: _shaped_like_ours(ours, state[theirs]) for ours, theirs in names.items()}
        w_dim = state["conv1.conv.modulation.weight"].shape[1]
        result["mapping.w_avg"] = torch.zeros(w_dim) if latent_avg is None else _first_w(latent_avg, w_dim)
    except (RuntimeError, IndexError) as error:
        raise StyleclipError(f"This is not {ROSINALITY} (a tensor has another shape); check which file was opened.") from error
    return result


def check_kind(shapes: Shapes) -> None:
    """Raises StyleclipError for a generator, in either layout, that is not the usual StyleGAN2, and says what it is."""
    if any(name.startswith(("synthesis.L0_", "synthesis.input.")) for name in shapes):
        raise StyleclipError("This is a StyleGAN3 generator, and only StyleGAN2 is supported here.")
    first, second = shapes.get("style.1.weight", ()), shapes.get("style.2.weight", ())
    if "mapping.embed.weight" in shapes or (len(first) == len(second) == 2 and first[1] == 2 * second[1]):
        raise StyleclipError("This is a class-conditional generator, and only those without classes are supported here.")
    colours = shapes.get("synthesis.b4.torgb.weight", ())[:1] or shapes.get("to_rgb1.conv.weight", ())[1:2]
    if colours not in ((), (0,), (3,)):
        drawn = COLOURS.get(colours[0], f"pictures of {colours[0]} channels")
        raise StyleclipError(f"This generator draws {drawn}, and only those that draw red, green and blue are supported here.")
    start = shapes.get("synthesis.b4.const", ()) or shapes.get("input.input", ())
    if len(start) > 2 and start[-1] != start[-2]:
        raise StyleclipError("This generator draws pictures that are not square, and only square ones are supported here.")


def _noise_maps(names: dict[str, str]) -> StateDict:
    """Noise maps in rosinality's layout, from a fixed seed."""
    rng, maps = torch.Generator().manual_seed(0), {}
    for ours, theirs in names.items():
        if ours.endswith("noise_const"):
            resolution = int(re.search(r"b(\d+)", ours)[1])
            maps[theirs] = torch.randn(1, 1, resolution, resolution, generator=rng)
    return maps


def _first_w(latent_avg: object, w_dim: int) -> Tensor:
    """The mean w [w_dim], from [w_dim] or [num_ws, w_dim]. Raises RuntimeError for anything else."""
    if not isinstance(latent_avg, Tensor) or latent_avg.ndim not in (1, 2) or latent_avg.shape[-1] != w_dim or not latent_avg.numel():
        raise RuntimeError("no mean w")
    return latent_avg.reshape(-1, w_dim)[0]


def generator_from_rosinality(state: StateDict, latent_avg: Tensor | None = None) -> Generator:
    """Rosinality's state dict -> Generator in eval mode. See `from_rosinality`."""
    return generator_from_nvidia(from_rosinality(state, latent_avg))


def generator_from_nvidia(state: StateDict, conv_clamp: float | None = None) -> Generator:
    """NVIDIA's state dict (that of `G_ema`) -> Generator in eval mode. Stored resampling filters are left out.

    conv_clamp leaves no trace in the tensors; a pickle has it in its `synthesis_kwargs`.
    Raises StyleclipError if a tensor is missing, unknown, has a wrong shape or holds integers.
    """
    state = {key: tensor.detach().clone() for key, tensor in state.items() if not key.endswith("resample_filter")}
    shapes = shapes_of(state)
    check_kind(shapes)
    require(shapes, ["mapping.fc0.weight", "mapping.w_avg", "synthesis.b4.torgb.bias"], NVIDIA)
    resolutions = [4 * 2**i for i in range(min(count(shapes, r"synthesis\.b(\d+)\.torgb\.bias"), MOST_LEVELS))]
    require(shapes, [f"synthesis.b{r}.conv1.weight" for r in resolutions], NVIDIA)
    for key, tensor in state.items():
        dimensions = tensor.ndim >= 2 if key.endswith("weight") else tensor.ndim == 1 or key != "mapping.w_avg"
        if not dimensions or not tensor.numel() or max(tensor.shape, default=1) > LARGEST or not tensor.is_floating_point():
            raise StyleclipError(f"The tensor {shown(key, tensor.shape)} does not fit into {WHAT}; check which file was opened.")
    sizes = {
        "img_resolution": resolutions[-1],
        "z_dim": shapes["mapping.fc0.weight"][1],
        "w_dim": shapes["mapping.w_avg"][0],
        "num_mapping_layers": count(shapes, r"mapping\.fc(\d+)\.weight"),
        "channels": {r: shapes[f"synthesis.b{r}.conv1.weight"][0] for r in resolutions},
        "conv_clamp": conv_clamp,
    }
    generator = unfilled(lambda: Generator(**sizes), WHAT)  # sizes without memory: the tensors of the file become the parameters
    compared(shapes, generator, f"{WHAT} of {resolutions[-1]} pixels")
    generator.load_state_dict(state, assign=True)
    return generator.eval()


def _shaped_like_ours(name: str, tensor: Tensor) -> Tensor:
    """Drops rosinality's leading dimensions of size 1, and the trailing ones of the toRGB bias."""
    if name.endswith("noise_strength"):
        return tensor.reshape([])
    if name.endswith("noise_const"):
        return tensor[0, 0]
    if name.endswith(".torgb.bias"):
        return tensor.reshape(3)
    if name == "synthesis.b4.const" or re.search(r"(conv\d|torgb)\.weight$", name):
        return tensor[0]
    return tensor

