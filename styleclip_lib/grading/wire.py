"""What passes between the grader and a submission: plain data as JSON. Nothing in it is ever executed."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..checks.toys import Toy

MOST_BYTES = 64 * 2**20
DTYPES = {str(kind).removeprefix("torch."): kind
          for kind in (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.uint8, torch.bool)}


class WireError(Exception):
    """What came is no message, or what should go is too large to send."""


@dataclass(frozen=True)
class Opaque:
    """Something that cannot be sent; only the name of its type arrives."""

    kind: str


@dataclass(frozen=True)
class Function:
    """A function that stays where it is; only its name arrives."""

    name: str


def encode(value: object) -> bytes:
    """Numbers, texts, tensors, toys, and lists, tuples, sets and dictionaries of them as bytes; of anything else the name of its type.

    Raises WireError for more than MOST_BYTES, or for what is nested too deeply.
    """
    try:
        data = json.dumps(_plain(value)).encode()
    except RecursionError:
        raise WireError("it is nested too deeply") from None
    if len(data) > MOST_BYTES:
        raise WireError(f"it is larger than {MOST_BYTES // 2**20} MB")
    return data


def decode(data: bytes) -> Any:
    """The value that `encode` made the bytes of. Raises WireError for any other bytes."""
    try:
        return _value(json.loads(data))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, RuntimeError, MemoryError, binascii.Error) as error:
        raise WireError(f"what came cannot be read ({type(error).__name__})") from error


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 2**63 else {"opaque": "a huge int"}
    if isinstance(value, float):
        return float(value)
    if isinstance(value, Tensor):
        return _of_tensor(value)
    if type(value).__module__ == "numpy":
        return _of_numpy(value)
    for name, kind in (("list", list), ("tuple", tuple), ("set", (set, frozenset))):
        if isinstance(value, kind):
            return {name: [_plain(part) for part in value]}
    if isinstance(value, dict):
        return {"dict": [[_plain(key), _plain(part)] for key, part in value.items()]}
    if isinstance(value, Toy):
        return {"toy": [value.kind, value.seed, value.most]}
    if isinstance(value, Opaque):
        return {"opaque": value.kind}
    if isinstance(value, Callable):
        return {"function": str(getattr(value, "__name__", "a function"))[:100]}
    return {"opaque": type(value).__name__[:100]}


def _of_tensor(value: Tensor) -> dict:
    name = str(value.dtype).removeprefix("torch.")
    if name not in DTYPES or value.layout != torch.strided:
        return {"opaque": f"Tensor of {name}"}
    if value.numel() * value.element_size() > MOST_BYTES:
        raise WireError(f"a tensor is larger than {MOST_BYTES // 2**20} MB")
    raw = value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes() if value.numel() else b""
    return {"tensor": name, "shape": list(value.shape), "data": base64.b64encode(raw).decode()}


def _of_numpy(value: Any) -> Any:
    if getattr(value, "ndim", None) == 0:
        return _plain(value.item())
    try:
        return _of_tensor(torch.from_numpy(value.copy()))
    except (TypeError, AttributeError):
        return {"opaque": type(value).__name__}


def _value(plain: Any) -> Any:
    if not isinstance(plain, dict):
        if isinstance(plain, list):
            raise ValueError
        return plain
    if "tensor" in plain:
        return _tensor(DTYPES[plain["tensor"]], plain["shape"], base64.b64decode(plain["data"], validate=True))
    (kind, content), = plain.items()
    match kind:
        case "list" | "tuple" | "set":
            return {"list": list, "tuple": tuple, "set": set}[kind](_value(part) for part in content)
        case "dict":
            return {_value(key): _value(part) for key, part in content}
        case "toy":
            return Toy(str(content[0]), int(content[1]), int(content[2]))
        case "opaque":
            return Opaque(str(content))
        case "function":
            return Function(str(content))
    raise ValueError


def _tensor(dtype: torch.dtype, shape: list[int], raw: bytes) -> Tensor:
    if not all(type(length) is int and 0 <= length < 2**40 for length in shape) or len(shape) > 16:
        raise ValueError
    if math.prod(shape) * dtype.itemsize != len(raw):
        raise ValueError
    return torch.frombuffer(bytearray(raw), dtype=dtype).reshape(shape) if raw else torch.empty(shape, dtype=dtype)
