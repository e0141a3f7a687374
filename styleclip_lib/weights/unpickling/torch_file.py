"""PyTorch's files -> tensors and plain values, without running anything in them.

There are three kinds: today's zip archives, the streams of pickles from before 2020 (which NVIDIA's files still nest), and TorchScript
archives such as OpenAI's CLIP. `torch.load(weights_only=True)` also refuses code, but not a file that claims a size of terabytes, and
it cannot read TorchScript at all, which `torch.jit.load` compiles.
"""

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from torch import Tensor

from . import pickle_tensors, pickle_values
from .pickle_tensors import STORAGE_NAMES, Storage, StorageName, StoredTensor, Tensors, storage_name
from .record import Record, flat_state
from .safe_pickle import Builder, read_pickle
from .stored_zip import LOCAL, stored_entries
from .untrusted import Budget, Refused, Stretch, Unknown, Untrusted, untrusted

OLD_MARK, OLD_VERSION = 0x1950A86A20F9469CFC6C, 1001
OLD_START = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""The mark as a pickle, with which a file of the old format begins."""

STATES = {**pickle_values.STATES, **pickle_tensors.STATES, Record: Record.set_state}
"""Type of a stand-in -> the function that receives its state."""


Taken = TypeVar("Taken")


def read_torch(path: str | Path, take: Callable[[object], Taken]) -> Taken:
    """Applies `take` to the content of a file and returns the result. The content of a TorchScript archive is its state dict.

    The file may hold tensors, plain values, containers of them, and an `argparse.Namespace`. The tensors are `StoredTensor`s; `take` reads
    those whose numbers it needs while the file is open (`tensors` does so for a state dict).
    Raises StyleclipError, in one sentence, for a missing or broken file and for one that asks for anything else.
    """
    with untrusted(path) as file:
        return take(torch_content(file))


def tensors(state: object, *beginnings: str) -> dict[str, Tensor]:
    """The tensors of a state dict, read: all of them, or those whose names begin with one of `beginnings`. Other values are left out."""
    if type(state) is not dict:
        raise Refused("it does not hold named tensors")
    wanted = {key: value for key, value in state.items() if type(key) is str and (not beginnings or key.startswith(beginnings))}
    return {key: value.read() if type(value) is StoredTensor else value for key, value in wanted.items()
            if type(value) in (StoredTensor, Tensor)}


def with_numbers(content: object) -> object:
    """The same dictionaries, lists and tuples with every tensor in them read; a value that occurs several times is read once."""
    known: dict[int, object] = {}

    def read(value: object) -> object:
        if id(value) not in known:
            if type(value) is StoredTensor:
                known[id(value)] = value.read()
            elif type(value) is dict:
                known[id(value)] = {key: read(item) for key, item in value.items()}
            elif type(value) in (list, tuple):
                known[id(value)] = type(value)(map(read, value))
            else:
                return value
        return known[id(value)]

    return read(content)


def written_by_torch(file: Stretch) -> bool:
    """Whether a file begins like one of PyTorch's."""
    start = file.read(0, min(len(OLD_START), len(file)))
    return start[: len(LOCAL)] == LOCAL or start == OLD_START


def torch_content(file: Untrusted, names: Mapping[str, Builder] | None = None) -> object:
    """The content of an open file, as `read_torch` passes it to `take`; raises Refused.

    names: what the file may ask for besides plain values and tensors.
    """
    if not written_by_torch(file):
        raise Refused("it was not written by PyTorch")
    names = {**pickle_values.NAMES, **(names or {})}
    if file.read(0, len(LOCAL)) == LOCAL:
        return _read_zip(file, names)
    return read_old_format(file, names, file.budget)


def _read_zip(file: Untrusted, names: Mapping[str, Builder]) -> object:
    """`NAME/data.pkl` is the value, `NAME/data/KEY` are its storages. `NAME/constants.pkl` marks a TorchScript archive."""
    entries = stored_entries(file, file.budget)
    roots = [name.removesuffix("/data.pkl") for name in entries if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(roots) != 1:
        raise Unknown("it is a zip archive, but not one of PyTorch's: if there is a network inside, unpack it first")
    root = roots[0]
    order = entries.get(f"{root}/byteorder")
    if order is not None and order.read(0, min(len(order), 10)) != b"little":
        raise Refused("it was written on a machine with another byte order")

    def storage(reference: object) -> Storage:
        name = storage_name(reference)
        content = entries.get(f"{root}/data/{name.key}")
        if content is None or len(content) < name.bytes:
            raise Refused("a storage in it is missing, compressed or cut off")
        return Storage(name.dtype, content.part(0, name.bytes))

    names = {**names, **STORAGE_NAMES, **Tensors(file.budget).names()}
    script = f"{root}/constants.pkl" in entries
    pickle = entries[f"{root}/data.pkl"].stream()
    value = read_pickle(pickle, _ScriptNames(names) if script else names, STATES, file.budget, storage)
    return flat_state(value, lambda record: record.attributes) if script else value


def read_old_format(content: Stretch, names: Mapping[str, Builder], budget: Budget) -> object:
    """Six parts: mark, version, machine, value, keys of the storages (five pickles), and the storages, each preceded by its size.

    Only the value gives the name and type of a storage, and only what follows gives its position, so the value is read twice: the
    first time without tensors.
    """
    file = content.stream()
    mark, version, machine = (read_pickle(file, {}, {}, budget) for _ in range(3))
    if mark != OLD_MARK or version != OLD_VERSION or type(machine) is not dict or machine.get("little_endian") is not True:
        raise Refused("it was written by an unknown version of PyTorch, or on an unknown kind of machine")
    start = file.tell()
    asked: dict[str, StorageName] = {}

    def note(reference: object) -> Storage:
        name = storage_name(reference)
        if asked.setdefault(name.key, name) != name:
            raise Refused("it has two storages with the same name")
        return Storage(name.dtype, content.part(0, 0))

    names, tensors = {**names, **STORAGE_NAMES}, Tensors(budget).names()
    read_pickle(file, {**names, **dict.fromkeys(tensors, lambda *_: _NO_TENSOR_YET)}, STATES, budget, note)
    storages = _old_storages(file, content, asked, budget)
    file = content.stream(start)
    return read_pickle(file, {**names, **tensors}, STATES, budget, lambda reference: storages[storage_name(reference).key])


def _old_storages(file, content: Stretch, asked: Mapping[str, StorageName], budget: Budget) -> dict[str, Storage]:
    keys = read_pickle(file, {}, {}, budget)
    if type(keys) is not list or any(type(key) is not str for key in keys) or sorted(keys) != sorted(asked):
        raise Refused("its storages are not the ones that it uses")
    at = file.tell()
    storages = {}
    for key in keys:
        name, start = asked[key], at + 8
        at = start + name.bytes
        if at > len(content) or struct.unpack("<Q", content.read(start - 8, 8)) != (name.size,):
            raise Refused("it is cut off: a storage in it is incomplete")
        storages[key] = Storage(name.dtype, content.part(start, name.bytes))
    return storages


_NO_TENSOR_YET = StoredTensor(None, 0, (), (), None)
"""Stands for every tensor until it is known where the storages are."""


class _ScriptNames(dict):
    """A table of names that also has every class of a TorchScript archive and the builders of its typed lists."""

    def __missing__(self, name: str) -> Builder:
        if name.startswith("__torch__."):
            return Record
        if name.startswith("torch.jit._pickle.build_") and name.endswith("list"):
            return _same
        raise KeyError(name)


def _same(items: object) -> object:
    return items
