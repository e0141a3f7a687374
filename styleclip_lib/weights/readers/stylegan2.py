"""StyleGAN2 state dicts -> Generator.

Two layouts are in use: rosinality's (also StyleCLIP's and e4e's), and NVIDIA's, whose names ours are.
Sizes are read from the tensors' shapes, never from a setting.
"""

import re
from collections.abc import Iterable

import torch
from torch import Tensor

from ...errors import StyleclipError
from ...networks.generator import Generator

StateDict = dict[str, Tensor]

MOST_LEVELS, LARGEST = 12, 8192
"""A generator has at most so many resolutions, and none of its tensors a larger size. The largest official one has 9, and 1024."""


def rosinality_names(img_resolution: int, num_mapping_layers: int) -> dict[str, str]:
    """Our key -> rosinality's key, for every tensor but `mapping.w_avg`, which lies beside that state dict."""
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
    """Rosinality's state dict (`checkpoint["g_ema"]`) and mean latent [w_dim] -> a state dict with our names, shapes.

    Rosinality's tensors have additional dimensions of size 1, and there are filters, which ours does not store.
    Without latent_avg, `mapping.w_avg` is zero.
    Raises StyleclipError where a tensor is missing or has another number of dimensions.
    """
    _require(state, ["input.input", "style.1.weight", "conv1.conv.modulation.weight"], "rosinality")
    img_resolution = 4 * 2**min(_count(state, r"to_rgbs\.(\d+)\.bias"), MOST_LEVELS)
    names = rosinality_names(img_resolution, _count(state, r"style\.(\d+)\.weight"))
    _require(state, names.values(), "rosinality")
    try:
        result = {ours: _shaped_like_ours(ours, state[theirs]) for ours, theirs in names.items()}
        w_dim = state["conv1.conv.modulation.weight"].shape[1]
        result["mapping.w_avg"] = torch.zeros(w_dim) if latent_avg is None else latent_avg.reshape(w_dim)
    except (RuntimeError, IndexError) as error:
        raise StyleclipError("This is no StyleGAN2 generator in rosinality layout (a tensor has another shape than there); "
                             "check which file was opened.") from error
    return result


def to_rosinality(state: StateDict) -> tuple[StateDict, Tensor]:
    """The way back: our state dict -> rosinality's, with the filters stored there, and the mean latent [w_dim]."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = torch.outer(taps, taps) / 16
    img_resolution = 4 * 2**(_count(state, r"synthesis\.b(\d+)\.torgb\.bias") - 1)
    result = {}
    for ours, theirs in rosinality_names(img_resolution, _count(state, r"mapping\.fc(\d+)\.weight")).items():
        tensor = state[ours]
        if theirs.endswith("noise.weight"):
            tensor = tensor.reshape(1)
        elif theirs.startswith("to_rgb") and theirs.endswith(".bias") and "modulation" not in theirs:
            tensor = tensor.reshape(1, 3, 1, 1)
        elif theirs.startswith("noises."):
            tensor = tensor[None, None]
        elif theirs.endswith("conv.weight") or theirs == "input.input":
            tensor = tensor[None]
        result[theirs] = tensor
    for k in range(img_resolution.bit_length() - 3):
        result[f"convs.{2 * k}.conv.blur.kernel"] = kernel.clone()
        result[f"to_rgbs.{k}.upsample.kernel"] = kernel.clone()
    return result, state["mapping.w_avg"]


def generator_from_rosinality(state: StateDict, latent_avg: Tensor | None = None) -> Generator:
    """Rosinality's state dict -> Generator in eval mode. See `from_rosinality`."""
    return generator_from_nvidia(from_rosinality(state, latent_avg))


def generator_from_nvidia(state: StateDict, conv_clamp: float | None = None) -> Generator:
    """NVIDIA's state dict (that of `G_ema`) -> Generator in eval mode. Stored resampling filters are left out.

    conv_clamp does not leave a trace in the tensors; a pickle tells it in its `synthesis_kwargs`.
    Raises StyleclipError where a tensor is missing, is unknown, or has the wrong shape.
    """
    state = {key: tensor.detach().clone() for key, tensor in state.items() if not key.endswith("resample_filter")}
    _require(state, ["mapping.fc0.weight", "mapping.w_avg", "synthesis.b4.torgb.bias"], "NVIDIA")
    resolutions = [4 * 2**i for i in range(min(_count(state, r"synthesis\.b(\d+)\.torgb\.bias"), MOST_LEVELS))]
    _require(state, [f"synthesis.b{r}.conv1.weight" for r in resolutions], "NVIDIA")
    for key, tensor in state.items():
        dimensions = tensor.ndim >= 2 if key.endswith("weight") else tensor.ndim == 1 or key != "mapping.w_avg"
        if not dimensions or not tensor.numel() or max(tensor.shape, default=1) > LARGEST:
            raise StyleclipError(f"The tensor {_shown(key, tensor)} does not fit into a StyleGAN2 generator.")
    with torch.device("meta"):      # sizes without memory: the tensors of the file become the parameters
        generator = Generator(
            img_resolution=resolutions[-1],
            z_dim=state["mapping.fc0.weight"].shape[1],
            w_dim=len(state["mapping.w_avg"]),
            num_mapping_layers=_count(state, r"mapping\.fc(\d+)\.weight"),
            channels={r: len(state[f"synthesis.b{r}.conv1.weight"]) for r in resolutions},
            conv_clamp=conv_clamp,
        )
    wanted = generator.state_dict()
    _require(state, wanted, "NVIDIA")
    for key, tensor in state.items():
        if key not in wanted or wanted[key].shape != tensor.shape:
            raise StyleclipError(
                f"The tensor {_shown(key, tensor)} does not fit into a StyleGAN2 generator of {resolutions[-1]} "
                "pixels; conditional generators and StyleGAN3 cannot be read."
            )
    generator.load_state_dict(state, assign=True)
    return generator.eval()


def _shaped_like_ours(name: str, tensor: Tensor) -> Tensor:
    """Drop rosinality's leading dimensions of size 1, and those behind the toRGB bias."""
    if name.endswith("noise_strength"):
        return tensor.reshape([])
    if name.endswith("noise_const"):
        return tensor[0, 0]
    if name.endswith(".torgb.bias"):
        return tensor.reshape(3)
    if name == "synthesis.b4.const" or re.search(r"(conv\d|torgb)\.weight$", name):
        return tensor[0]
    return tensor


def _shown(key: str, tensor: Tensor) -> str:
    """A tensor's name and shape in a message, however the name may look."""
    return f"{ascii(key[:80])[1:-1]} {list(tensor.shape)}"


def _count(state: StateDict, pattern: str) -> int:
    """How many keys match as a whole."""
    return sum(re.fullmatch(pattern, key) is not None for key in state)


def _require(state: StateDict, keys: Iterable[str], layout: str) -> None:
    missing = [key for key in keys if key not in state]
    if missing:
        raise StyleclipError(
            f"This is no StyleGAN2 generator in {layout} layout ({len(missing)} tensors are missing, first "
            f"{missing[0]}); check which file was opened."
        )
