"""Stand-ins for the plain values in pickles: dictionaries, sets, settings, NumPy's numbers and arrays."""

import argparse
import math
from dataclasses import dataclass

import numpy as np

from .safe_pickle import Builder, Global, States, plain_key, plain_set
from .untrusted import Refused

MOST_DIMENSIONS = 8
NUMBERS = {"b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8"}


@dataclass
class NumberType:
    """NumPy's dtype: kind and size ("f4"), and the byte order ("<" or ">"), which a pickle gives later."""

    code: str
    order: str = "="

    def __post_init__(self):
        if type(self.code) is not str or self.code not in NUMBERS:
            raise Refused("it holds a NumPy array of something other than numbers")

    def read(self, content: object, shape: object, order: str = "C") -> np.ndarray:
        """`content` as an array of this type, not copied."""
        if type(content) not in (bytes, bytearray) or type(shape) is not tuple or len(shape) > MOST_DIMENSIONS:
            raise Refused("a NumPy array in it is not described as one")
        if any(type(n) is not int or n < 0 for n in shape):
            raise Refused("a NumPy array in it has an absurd shape")
        dtype = np.dtype(self.order + self.code)
        if math.prod(min(n, len(content) + 1) for n in shape) * dtype.itemsize != len(content):
            raise Refused("the shape of a NumPy array in it does not match its number of bytes")
        return np.frombuffer(content, dtype).reshape(shape, order=order)


class Array:
    """A NumPy array: `values`, which a pickle gives after it has made the array."""

    values: np.ndarray = np.empty(0)


def _dictionary(pairs: object = ()) -> dict:
    if type(pairs) not in (list, tuple):
        raise Refused("it makes a dictionary of something other than pairs")
    return {plain_key(key): value for key, value in pairs}


def _dtype(code: object, *_align_and_copy: object) -> NumberType:
    return NumberType(code)


def _scalar(dtype: object, content: object) -> int | float | bool:
    if type(dtype) is not NumberType:
        raise Refused("it holds a NumPy number without a type")
    return dtype.read(content, ()).item()


def _array(kind: object, *_shape_and_type: object) -> Array:
    if type(kind) is not Global or kind.name != "numpy.ndarray":
        raise Refused("it makes a NumPy array of something else")
    return Array()


def _encode(text: object, encoding: object) -> bytes:
    """The way in which pickles of Python 2 store bytes."""
    if type(text) is not str or type(encoding) is not str or encoding != "latin1":
        raise Refused("it encodes a text in an unusual way")
    return text.encode("latin1")


def _path(*parts: object) -> str:
    """A pathlib path, here only text that is never looked up."""
    if not all(type(part) is str for part in parts):
        raise Refused("it holds a path that is not a path")
    return "/".join(parts)


def _device(kind: object, *_number: object) -> object:
    """The device of a tensor, which is ignored: all tensors are read to the CPU."""
    return kind


def _size(numbers: object) -> tuple:
    if type(numbers) is not tuple:
        raise Refused("a shape in it is not a shape")
    return numbers


def _only_named(*_: object) -> None:
    raise Refused("it makes a NumPy array in an unusual way")


def _set_order(dtype: NumberType, state: object) -> None:
    order = state[1] if type(state) is tuple and len(state) > 1 else None
    if type(order) is not str or order not in ("<", ">", "|", "="):
        raise Refused("a NumPy array in it has an unknown byte order")
    dtype.order = order


def _set_values(array: Array, state: object) -> None:
    if type(state) is not tuple or len(state) != 5 or type(state[2]) is not NumberType:
        raise Refused("a NumPy array in it is not described as one")
    _, shape, dtype, columns_first, content = state
    array.values = dtype.read(content, shape, "F" if columns_first is True else "C")


def _set_settings(settings: argparse.Namespace, state: object) -> None:
    if type(state) is not dict or not all(type(key) is str and not key.startswith("__") for key in state):
        raise Refused("the settings in it are not a dictionary of names")
    vars(settings).update(state)


def _ignore(_target: object, _state: object) -> None:
    """For an OrderedDict, whose state holds only attributes that somebody attached to it."""


NAMES: dict[str, Builder] = {
    **dict.fromkeys(("collections.OrderedDict", "dnnlib.util.EasyDict"), _dictionary),
    **dict.fromkeys((f"{package}.utilities.parsing.AttributeDict" for package in ("pytorch_lightning", "lightning.pytorch")), _dictionary),
    **dict.fromkeys((f"pathlib.{module}{system}Path" for module in ("", "_local.") for system in ("Posix", "PurePosix", "Windows",
                                                                                                 "PureWindows")), _path),
    "torch.device": _device,
    "torch.Size": _size,
    **dict.fromkeys(("builtins.set", "__builtin__.set"), plain_set),
    "argparse.Namespace": argparse.Namespace,
    "_codecs.encode": _encode,
    "numpy.dtype": _dtype,
    "numpy.ndarray": _only_named,
    **dict.fromkeys(("numpy.core.multiarray.scalar", "numpy._core.multiarray.scalar"), _scalar),
    **dict.fromkeys(("numpy.core.multiarray._reconstruct", "numpy._core.multiarray._reconstruct"), _array),
}

STATES: States = {
    dict: _ignore,
    argparse.Namespace: _set_settings,
    NumberType: _set_order,
    Array: _set_values,
}
