"""`e4e_ffhq_encode.pt` and other checkpoints of encoder4editing and pixel2style2pixel -> E4e.

{"state_dict": {"encoder.*", "decoder.*"}, "latent_avg": [num_ws, w_dim], "opts": settings}; the decoder is the generator with which
the encoder was trained, and `any_generator` reads it.
"""

import argparse

import torch
from torch import Tensor

from ...errors import StyleclipError
from ...networks.e4e import E4e
from .arcface import irse50_blocks
from .filled import StateDict, count, filled, part_of, shape_of, shapes_of

WHAT = "an e4e or pSp encoder"


def e4e_from_checkpoint(checkpoint: dict, w_avg: Tensor | None = None) -> E4e:
    """The encoder, frozen, in evaluation mode. The tensors are not copied.

    w_avg [w_dim] or [num_ws, w_dim]: the mean w, for a checkpoint without it.
    Raises StyleclipError if a tensor is missing, unknown, or has a wrong shape.
    """
    state, settings = part_of(_state(checkpoint), "encoder."), _settings(checkpoint)
    shapes = shapes_of(state)
    num_ws, blocks = count(shapes, r"styles\.\d+\.linear\.weight"), irse50_blocks(shapes, WHAT)
    w_dim, _ = shape_of(shapes, "styles.0.linear.weight", 2, WHAT)
    state = {f"trunk.{key}" if key.startswith(("input_layer.", "body.")) else key: value for key, value in state.items()}
    state["w_avg"] = _w_avg(checkpoint, settings, w_avg, num_ws, w_dim)
    offsets = settings.get("encoder_type") != "GradualStyleEncoder"
    return filled(lambda: E4e(num_ws, w_dim, blocks, offsets), state, WHAT)


def _state(checkpoint: dict) -> StateDict:
    state = checkpoint.get("state_dict")
    if not isinstance(state, dict):
        raise StyleclipError(f"This is not {WHAT}: it has no state_dict; check which file was opened.")
    return {key: value for key, value in state.items() if isinstance(key, str) and isinstance(value, Tensor)}


def _settings(checkpoint: dict) -> dict:
    """The settings of the training, in some files a dictionary and in others a Namespace."""
    settings = checkpoint.get("opts") or {}
    settings = vars(settings) if isinstance(settings, argparse.Namespace) else settings
    if not isinstance(settings, dict):
        raise StyleclipError(f"This is not {WHAT}: its opts are not settings; check which file was opened.")
    return settings


def _w_avg(checkpoint: dict, settings: dict, given: Tensor | None, num_ws: int, w_dim: int) -> Tensor:
    """The mean w of each layer: the file's, or the given one; zero if the encoder was trained without it."""
    if not settings.get("start_from_latent_avg", True):
        return torch.zeros(num_ws, w_dim)
    mean = checkpoint.get("latent_avg")
    mean = given if mean is None else mean
    if mean is None:
        raise StyleclipError("The encoder's checkpoint lacks latent_avg; give the mean w of its generator.")
    if not isinstance(mean, Tensor) or not mean.is_floating_point():
        raise StyleclipError("The encoder's latent_avg is not a tensor of numbers; check which file was opened.")
    if mean.shape not in ((w_dim,), (1, w_dim), (num_ws, w_dim)):
        raise StyleclipError(f"The mean w has shape {list(mean.shape)}, but the encoder makes {num_ws} w's of {w_dim} dimensions; "
                             "check which file was opened.")
    return mean.reshape(-1, w_dim).expand(num_ws, w_dim).contiguous()
