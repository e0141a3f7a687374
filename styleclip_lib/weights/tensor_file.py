"""Safetensors files: a JSON header that names the tensors, followed by their numbers without gaps.

The package `safetensors` writes them. Its reader memory-maps the file, so a file that is truncated meanwhile crashes the program, and
what was checked need not be what is used later. Here a file is read once, from front to back, and the SHA-256 is that of the bytes read.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import torch
from torch import Tensor

from ..errors import StyleclipError
from .schema import TensorEntry, parsed
from .unpickling.untrusted import Refused, Stretch, untrusted

DTYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64,
          "I32": torch.int32, "I16": torch.int16, "I8": torch.int8, "U8": torch.uint8, "BOOL": torch.bool}  # fmt: skip

MOST_HEADER = 10_000_000
"""Bytes. The header for a thousand tensors has 100,000."""

METADATA = "__metadata__"

Shapes = Mapping[str, tuple[int, ...]]


def read_tensors(
    path: str | Path, sha256: str | None = None, accept: Callable[[Shapes], None] | None = None
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors of a file, floating ones as float32, and its metadata. Nothing in the file is executed.

    sha256  the SHA-256 that the file must have
    accept  called with names and shapes before any number is read; raises if they do not fit

    Raises StyleclipError for a missing or broken file, a wrong SHA-256, and infinite or undefined numbers.
    """
    with untrusted(path) as file:
        return tensors_of(file, sha256, accept)


def read_metadata(path: str | Path) -> dict[str, str]:
    """The metadata of a file. Raises StyleclipError for a missing or broken file."""
    with untrusted(path) as file:
        return _header(file)[2]


def is_safetensors(file: Stretch) -> bool:
    """Whether a file begins like a safetensors file."""
    return len(file) > 8 and 0 < _header_size(file) <= len(file) - 8 and file.read(8, 1) == b"{"


def tensors_of(
    file: Stretch, sha256: str | None = None, accept: Callable[[Shapes], None] | None = None
) -> tuple[dict[str, Tensor], dict[str, str]]:
    """As `read_tensors`, for an open file; raises Refused and StyleclipError."""
    head, entries, metadata = _header(file)
    if accept is not None:
        accept({name: entry.shape for name, entry in entries.items()})
    digest, at, tensors = hashlib.sha256(head), len(head), {}
    for name, entry in sorted(entries.items(), key=lambda item: item[1].data_offsets):
        start, end = (len(head) + offset for offset in entry.data_offsets)
        dtype = DTYPES.get(entry.dtype)
        if dtype is None:
            raise Refused(f"it holds numbers of the unknown type {entry.dtype}")
        if start != at or end - start != math.prod(entry.shape) * dtype.itemsize:
            raise Refused("the sizes of its tensors do not match their numbers")
        content = file.read(start, end - start)
        digest.update(content)
        tensors[name] = _tensor(content, dtype, entry.shape)
        at = end
    if at != len(file):
        raise Refused("it has more bytes than its tensors need")
    if sha256 is not None and digest.hexdigest() != sha256:
        raise Refused("it is not the file that it should be (its SHA-256 differs)")
    return tensors, metadata


def _tensor(content: bytearray, dtype: torch.dtype, shape: tuple[int, ...]) -> Tensor:
    tensor = torch.frombuffer(content, dtype=dtype).reshape(shape) if content else torch.empty(shape, dtype=dtype)
    if not tensor.is_floating_point():
        return tensor
    tensor = tensor.float()
    if not tensor.isfinite().all():
        raise Refused("numbers in it are infinite or undefined")
    return tensor


def _header_size(file: Stretch) -> int:
    return int.from_bytes(file.read(0, 8), "little")


def _header(file: Stretch) -> tuple[bytearray, dict[str, TensorEntry], dict[str, str]]:
    """The bytes before the numbers, the entries of the tensors by name, and the metadata."""
    size = _header_size(file) if len(file) > 8 else 0
    if not 0 < size <= min(MOST_HEADER, len(file) - 8):
        raise Refused("it is not a whole safetensors file")
    head = file.read(0, 8 + size)
    try:
        entries = parsed(bytes(head[8:]), dict[str, msgspec.Raw])
        metadata = parsed(bytes(entries.pop(METADATA, b"{}")), dict[str, str])
        return head, {name: parsed(bytes(entry), TensorEntry) for name, entry in entries.items()}, metadata
    except StyleclipError as error:
        raise Refused(f"its header is not that of a safetensors file ({error})") from error
