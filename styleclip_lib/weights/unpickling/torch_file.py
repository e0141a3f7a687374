"""PyTorch's files -> tensors and plain values, without running anything in them.

There are three kinds: the zip archives of today, the stream of pickles from before 2020 (which NVIDIA's files still nest),
and TorchScript archives, as OpenAI's CLIP is one. `torch.load(weights_only=True)` also refuses code, but not a file that
states a size of terabytes, and it cannot read TorchScript at all, which `torch.jit.load` compiles.
"""

import io
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import torch
from torch import Tensor

from ..downloads.record import Record, flat_state
from . import pickle_tensors, pickle_values
from .pickle_tensors import STORAGE_NAMES, Storage, StorageName, Tensors, storage_name
from .safe_pickle import Builder, read_pickle
from .stored_zip import LOCAL, stored_entries
from .untrusted import Refused, untrusted

OLD_MARK, OLD_VERSION = 0x1950A86A20F9469CFC6C, 1001
OLD_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The mark as a pickle: how a file of the old format begins."""

STATES = {**pickle_values.STATES, **pickle_tensors.STATES, Record: Record.set_state}
"""What takes in the state of anything that stands for an object of a network's file."""


def read_torch(path: str | Path) -> object:
    """What a file holds, on the CPU; of a TorchScript archive the tensors by name, as a state dict has them.

    It may hold tensors, plain values, containers of them, and an `argparse.Namespace`. The tensors of a zip archive stay
    in the file until they are used, so leave it in its place until then.
    Raises StyleclipError, in one sentence, for a missing or broken file and for one that asks for anything else.
    """
    with untrusted(path) as file:
        return torch_content(file)


def written_by_torch(file: mmap.mmap) -> bool:
    """Whether a file begins as PyTorch's files do."""
    return file[: len(LOCAL)] == LOCAL or file[: len(OLD_START)] == OLD_START


def torch_content(file: mmap.mmap) -> object:
    """What `read_torch` returns, for a file that is open already; raises Refused."""
    if not written_by_torch(file):
        raise Refused("it is not a file that PyTorch has written")
    if file[: len(LOCAL)] == LOCAL:
        return _read_zip(file)
    return read_old_format(file, memoryview(file), pickle_values.NAMES, Tensors(len(file)).names())


def _read_zip(file: mmap.mmap) -> object:
    """`NAME/data.pkl` is the value, `NAME/data/KEY` its storages. With `NAME/constants.pkl` it is a TorchScript archive."""
    entries = stored_entries(memoryview(file))
    roots = [name.removesuffix("/data.pkl") for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(roots) != 1:
        raise Refused("it is a zip archive, but not one of PyTorch's")
    root = roots[0]
    if bytes(entries.get(f"{root}/byteorder", b"little")) != b"little":
        raise Refused("it was written on a machine with another order of bytes")

    def storage(reference: object) -> Storage:
        name = storage_name(reference)
        content = entries.get(f"{root}/data/{name.key}")
        if content is None or len(content) < name.bytes:
            raise Refused("a storage in it is missing, compressed or cut off")
        return Storage(name.dtype, content[: name.bytes])

    names = {**pickle_values.NAMES, **STORAGE_NAMES, **Tensors(len(file)).names()}
    script = f"{root}/constants.pkl" in entries
    pickle = io.BytesIO(entries[f"{root}/data.pkl"])
    value = read_pickle(pickle, _ScriptNames(names) if script else names, STATES, storage)
    return flat_state(value, lambda record: record.attributes) if script else value


def read_old_format(file: BinaryIO, content: memoryview, names: Mapping[str, Builder], tensors: Mapping[str, Builder]) -> object:
    """Six parts: mark, version, machine, value, keys of the storages (five pickles), and the storages, each after its size.

    file and content are the same bytes. What a storage is called and of which type it is only the value tells, and where
    it lies only what comes after, so that the value is read twice: first without tensors.
    """
    mark, version, machine = (read_pickle(file, {}, {}) for _ in range(3))
    if mark != OLD_MARK or version != OLD_VERSION or type(machine) is not dict or machine.get("little_endian") is not True:
        raise Refused("it was written by a PyTorch, or on a machine, of an unknown kind")
    start = file.tell()
    asked: dict[str, StorageName] = {}

    def note(reference: object) -> Storage:
        name = storage_name(reference)
        if asked.setdefault(name.key, name) != name:
            raise Refused("it has two storages of one name")
        return Storage(name.dtype, memoryview(b""))

    names = {**names, **STORAGE_NAMES}
    read_pickle(file, {**names, **dict.fromkeys(tensors, _no_tensor_yet)}, STATES, note)
    storages = _old_storages(file, content, asked)
    file.seek(start)
    return read_pickle(file, {**names, **tensors}, STATES, lambda reference: storages[storage_name(reference).key])


def _old_storages(file: BinaryIO, content: memoryview, asked: Mapping[str, StorageName]) -> dict[str, Storage]:
    keys = read_pickle(file, {}, {})
    if type(keys) is not list or any(type(key) is not str for key in keys) or sorted(keys) != sorted(asked):
        raise Refused("its storages are not the ones that it uses")
    at = file.tell()
    storages = {}
    for key in keys:
        name, start = asked[key], at + 8
        at = start + name.bytes
        if at > len(content) or struct.unpack_from("<Q", content, start - 8) != (name.size,):
            raise Refused("it is cut off: a storage in it is not whole")
        storages[key] = Storage(name.dtype, content[start:at])
    return storages


def _no_tensor_yet(*_: object) -> Tensor:
    return torch.empty(0)


class _ScriptNames(dict):
    """A table of names that also has every class of a TorchScript archive, and the makers of its typed lists."""

    def __missing__(self, name: str) -> Builder:
        if name.startswith("__torch__."):
            return Record
        if name.startswith("torch.jit._pickle.build_") and name.endswith("list"):
            return _same
        raise KeyError(name)


def _same(items: object) -> object:
    return items
