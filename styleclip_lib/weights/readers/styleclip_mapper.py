"""StyleCLIP's mapper checkpoints -> our mapper's weights.

{"state_dict": {"mapper.*", "decoder.*"}, "opts": settings}; the decoder is the generator with which the mapper was trained.
"""

import argparse
import re
from pathlib import Path

import torch
from torch import Tensor

from ...errors import StyleclipError
from ..unpickling.torch_file import read_torch, tensors
from .stylegan2 import from_rosinality

THEIR_LEVELS = {"course_mapping": "coarse", "medium_mapping": "medium", "fine_mapping": "fine", "mapping": "all"}
"""Their names (the first of which is misspelt) -> ours; "all" is their SingleMapper."""


def read_checkpoint(path: Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the settings of a file.

    Raises StyleclipError as `read_torch` does, and for a file that is not a mapper.
    """
    def take(content: object) -> tuple[dict[str, Tensor], dict]:
        if type(content) is not dict or type(content.get("state_dict")) is not dict:
            raise StyleclipError(f"{path} is not a StyleCLIP mapper: it has no state_dict of tensors.")
        options = content.get("opts") or {}
        options = vars(options) if isinstance(options, argparse.Namespace) else options
        return tensors(content["state_dict"]), options if isinstance(options, dict) else {}

    return read_torch(path, take)


def mapper_state(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Their tensors under our names, without those of other parts. A level that is missing there is missing here.

    Their w is not centred, so `center` is zero. They count the PixelNorm as layer 0; our layers begin with the first fully connected one.
    Raises StyleclipError if there is no level, if a level lacks a tensor, or for a mapper for StyleSpace.
    """
    ours = {}
    for key, value in state.items():
        if not key.startswith("mapper."):
            continue
        level, _, rest = key.removeprefix("mapper.").partition(".")
        part = rest.split(".")
        if level not in THEIR_LEVELS or len(part) != 3 or part[0] != "mapping" or not re.fullmatch("[0-9]{1,3}", part[1]):
            raise StyleclipError(f"The mapper holds {key[:80]!a}; only mappers for w (LevelsMapper and SingleMapper) are supported here, "
                                 "not those for StyleSpace.")
        if not value.is_floating_point() or not value.float().isfinite().all() or not value.numel():
            raise StyleclipError(f"The mapper's {key[:80]} has infinite, undefined or integer numbers; check which file was opened.")
        ours[f"levels.{THEIR_LEVELS[level]}.layers.{int(part[1]) - 1}.{part[2]}"] = value.float()
        ours["center"] = torch.zeros(value.shape[-1])
    if not ours:
        raise StyleclipError("There is no mapper in this checkpoint: none of its tensors begins with 'mapper.'.")
    return ours


def belongs_to_generator(state: dict[str, Tensor], generator: torch.nn.Module) -> bool:
    """Whether the decoder in the file is this generator; True if there is no decoder, since then it cannot be checked."""
    decoder = {key.removeprefix("decoder."): value for key, value in state.items() if key.startswith("decoder.")}
    if not decoder:
        return True
    theirs, own = from_rosinality(decoder), generator.state_dict()
    weights = [key for key in own if key.startswith("synthesis.") and key.endswith(".weight")]
    return all(key in theirs and theirs[key].shape == own[key].shape
               and torch.allclose(theirs[key].float(), own[key].float().cpu(), rtol=1e-2, atol=1e-3) for key in weights)
