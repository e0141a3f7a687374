"""Stand-ins for the tensors in pickles: a storage is a stretch of bytes, a tensor a view of one."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from .safe_pickle import Builder, Global, States
from .untrusted import Budget, Refused, Stretch

STORAGES = {
    "torch.FloatStorage": torch.float32, "torch.DoubleStorage": torch.float64, "torch.HalfStorage": torch.float16,
    "torch.BFloat16Storage": torch.bfloat16, "torch.LongStorage": torch.int64, "torch.IntStorage": torch.int32,
    "torch.ShortStorage": torch.int16, "torch.CharStorage": torch.int8, "torch.ByteStorage": torch.uint8,
    "torch.BoolStorage": torch.bool,
}  # fmt: skip

MOST_DIMENSIONS = 8
MOST_EMPTY = 2**31
"""The largest size along a dimension of an empty tensor."""


@dataclass(frozen=True)
class Storage:
    """Consecutive numbers of one type, still in the file."""

    dtype: torch.dtype
    content: Stretch


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor that is still in its file: element i, j, ... is number offset + i · stride[0] + j · stride[1] + ... of the storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    budget: Budget

    def read(self) -> Tensor:
        """The tensor with its numbers. Writing into it does not change the file."""
        if 0 in self.shape:
            return torch.empty(self.shape, dtype=self.storage.dtype)
        width = self.storage.dtype.itemsize
        span = 1 + sum((n - 1) * step for n, step in zip(self.shape, self.stride))
        self.budget.spend(memory=max(span, math.prod(self.shape)) * width)
        content = self.storage.content.read(self.offset * width, span * width)
        return torch.frombuffer(content, dtype=self.storage.dtype).as_strided(self.shape, self.stride)


@dataclass(frozen=True)
class StorageName:
    """How a pickle refers to a storage outside itself."""

    key: str
    dtype: torch.dtype
    size: int

    def __post_init__(self):
        if type(self.key) is not str or type(self.size) is not int or self.size < 0:
            raise Refused("it names a storage in an unknown way")

    @property
    def bytes(self) -> int:
        return self.size * self.dtype.itemsize


def storage_name(reference: object) -> StorageName:
    """Parses the reference ("storage", type, key, device, size[, None]), as torch.save writes it."""
    if type(reference) is not tuple or len(reference) not in (5, 6) or type(reference[0]) is not str or reference[0] != "storage":
        raise Refused("it refers to something other than a storage")
    if len(reference) == 6 and reference[5] is not None:
        raise Refused("it was written by a version of PyTorch from before 2018, with a storage that is a view of another")
    kind = reference[1]
    if type(kind) is not Global or kind.name not in STORAGES:
        raise Refused("it holds a storage of an unknown type")
    return StorageName(reference[2], STORAGES[kind.name], reference[4])


class Tensors:
    """Builds the tensors of one file."""

    def __init__(self, budget: Budget):
        self.budget = budget

    def names(self) -> dict[str, Builder]:
        return {
            "torch._utils._rebuild_tensor": self.tensor,
            "torch._utils._rebuild_tensor_v2": self.tensor,
            "torch._utils._rebuild_parameter": _parameter,
            "torch.nn.parameter.Parameter": _parameter,
        }

    def tensor(self, storage: object, offset: object, size: object, stride: object, *_gradient_and_hooks: object) -> StoredTensor:
        if type(storage) is not Storage or type(size) is not tuple or type(stride) is not tuple or len(size) != len(stride):
            raise Refused("a tensor in it is not described as one")
        if len(size) > MOST_DIMENSIONS or any(type(n) is not int or n < 0 for n in (offset, *size, *stride)):
            raise Refused("a tensor in it has an absurd shape")
        available = len(storage.content) // storage.dtype.itemsize
        if 0 not in size:
            if max((offset, *size, *stride)) > available:
                raise Refused("a tensor in it has an absurd shape")
            span = 1 + sum((n - 1) * step for n, step in zip(size, stride))
            if offset + span > available or math.prod(size) > available:
                raise Refused("a tensor in it is larger than its storage")
        elif max(size) > MOST_EMPTY:
            raise Refused("a tensor in it has an absurd shape")
        return StoredTensor(storage, offset, size, stride, self.budget)


def _parameter(data: object, *_gradient_and_hooks: object) -> StoredTensor:
    if type(data) is not StoredTensor:
        raise Refused("a parameter in it is not a tensor")
    return data


def _only_named(*_: object) -> None:
    raise Refused("it makes a storage in an unusual way")


def _ignore(_tensor: object, _state: object) -> None:
    """For parameters in files from before 2018, whose state says whether they need a gradient."""


STORAGE_NAMES: dict[str, Builder] = dict.fromkeys(STORAGES, _only_named)
STATES: States = {StoredTensor: _ignore}
