"""Generators in rosinality's layout, as StyleCLIP's and e4e's files have them."""

import torch
from torch import Tensor

from styleclip_lib.weights.readers.filled import StateDict, count
from styleclip_lib.weights.readers.stylegan2 import rosinality_names


def to_rosinality(state: StateDict) -> tuple[StateDict, Tensor]:
    """Our state dict -> rosinality's, with the filters stored there, and the mean latent [w_dim]."""
    taps = torch.tensor([1.0, 3.0, 3.0, 1.0])
    kernel = torch.outer(taps, taps) / 16
    img_resolution = 4 * 2**(count(state, r"synthesis\.b(\d+)\.torgb\.bias") - 1)
    result = {}
    for ours, theirs in rosinality_names(img_resolution, count(state, r"mapping\.fc(\d+)\.weight")).items():
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
