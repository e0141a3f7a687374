"""What passes between grader and submission: data, whole, and nothing else."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from styleclip_lib.checks.toys import Toy
from styleclip_lib.grading import wire


@pytest.mark.parametrize("value", [None, True, 3, -2.5, math.inf, "ä\n", [1, [2]], (1, "a"), {1, 2}, {"a": [1], 2: (3,)},
                                   Toy("generator", 4), Toy("critic", 4, most=9)])
def test_data_comes_back_as_it_was(value):
    back = wire.decode(wire.encode(value))
    assert back == value and type(back) is type(value)


@pytest.mark.parametrize("dtype", wire.DTYPES.values())
@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_tensors_come_back_as_they_were(dtype, shape):
    tensor = (10 * torch.rand(shape)).to(dtype)
    back = wire.decode(wire.encode(tensor.T if tensor.ndim == 2 else tensor))
    assert back.dtype == dtype and torch.equal(back, tensor.T if tensor.ndim == 2 else tensor)


def test_arrays_become_tensors_and_what_else_there_is_leaves_its_name():
    assert wire.decode(wire.encode(np.float32(1.5))) == 1.5
    assert torch.equal(wire.decode(wire.encode(np.eye(2))), torch.eye(2, dtype=torch.float64))
    assert wire.decode(wire.encode(object())) == wire.Opaque("object")
    assert wire.decode(wire.encode(np.array(["a"], dtype=object))) == wire.Opaque("ndarray")
    assert wire.decode(wire.encode(len)) == wire.Function("len")
    assert wire.decode(wire.encode(10**30)) == wire.Opaque("a huge int")


def test_what_is_too_large_or_too_deep_is_not_sent():
    deep: list = []
    for _ in range(10**5):
        deep = [deep]
    for value in (deep, torch.zeros(1).expand(10**9), "x" * (wire.MOST_BYTES + 1)):
        with pytest.raises(wire.WireError):
            wire.encode(value)


@pytest.mark.parametrize("message", [
    b"", b"\xff\xfe", b"[1]", b"{}", b'{"what": 1}', b'{"list": 5}', b'{"a": 1, "b": 2}', b"[" * 10**5, b'{"dict": [[1]]}',
    b'{"set": [{"list": []}]}', b'{"tensor": "float32", "shape": [2], "data": "AAAA"}', b'{"tensor": "object", "shape": [], "data": ""}',
    b'{"tensor": "float32", "shape": [-1], "data": ""}', b'{"tensor": "float32", "shape": [1e9], "data": ""}',
    b'{"tensor": "float32", "shape": [99999999999, 99999999999], "data": ""}', b'{"tensor": "float32", "shape": 1, "data": "!"}',
    json.dumps({"toy": ["generator"]}).encode(),
])  # fmt: skip
def test_forged_messages_are_refused(message):
    with pytest.raises(wire.WireError):
        wire.decode(message)
