"""What hostile files are put together from: instructions of pickles, tensors, archives, written byte by byte."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch

from tests.weights.official_files import nvidia_modules

OLD_START = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2) + pickle.dumps({"little_endian": True}, 2)
REBUILD = b"ctorch._utils\n_rebuild_tensor_v2\n"
NAMESPACE = b"cargparse\nNamespace\n"
BOMB = bytes(220_000_000)
"""What the compressed entries below would swell into."""


class Call:
    """Pickles itself as a call, which Python makes when it reads the pickle."""

    def __init__(self, function: Callable, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def touch(canary: Path) -> Call:
    return Call(os.system, f"touch '{canary}'")


def pickled(code: bytes, protocol: int = 4) -> bytes:
    return b"\x80" + bytes([protocol]) + code + b"."


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def number(value: int) -> bytes:
    raw = value.to_bytes(15, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def numbers(*values: int) -> bytes:
    return b"(" + b"".join(number(value) for value in values) + b"t"


def raw_bytes(content: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(content)) + content


def command(canary: Path) -> bytes:
    """The arguments of os.system."""
    return text(f"touch '{canary}'") + b"\x85"


def by_name(module: str, name: str) -> bytes:
    """STACK_GLOBAL, which looks a dotted name up part by part."""
    return text(module) + text(name) + b"\x93"


def as_zip(code: bytes, storages: dict[str, bytes] | None = None, script: bool = False, **compressed: int) -> bytes:
    """An archive as torch.save writes it, or torch.jit.save; `data=zipfile.ZIP_DEFLATED` compresses the storages, `value=` the pickle."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a/data.pkl", pickled(code, 2), compressed.get("value"))
        archive.writestr("a/version", "3\n")
        for key, content in (storages or {}).items():
            archive.writestr(f"a/data/{key}", content, compressed.get("data"))
        if script:
            archive.writestr("a/constants.pkl", pickled(b")", 2))
            archive.writestr("a/code/__torch__.py", "raise SystemExit\n", zipfile.ZIP_DEFLATED)
    return file.getvalue()


def storage(size: int, key: str = "0", kind: str = "FloatStorage") -> bytes:
    return b"(" + text("storage") + f"ctorch\n{kind}\n".encode() + text(key) + text("cpu") + number(size) + b"tQ"


def tensor(size: tuple, stride: tuple, offset: int = 0, claimed: int = 4) -> bytes:
    """A tensor over a storage that claims to have so many numbers."""
    return REBUILD + b"(" + storage(claimed) + number(offset) + numbers(*size) + numbers(*stride) + b"\x89)tR"


def one_tensor(*args, **settings) -> bytes:
    """A file of one tensor, whose storage has four numbers."""
    return as_zip(b"}" + text("a") + tensor(*args, **settings) + b"s", {"0": bytes(16)})


def nested(content: bytes) -> bytes:
    """NVIDIA's way to a storage: bytes, handed to a function that calls torch.load on them."""
    return pickled(b"ctorch.storage\n_load_from_bytes\n" + raw_bytes(content) + b"\x85R")


def saved(content: object, old: bool = False) -> bytes:
    file = io.BytesIO()
    torch.save(content, file, _use_new_zipfile_serialization=not old)
    return file.getvalue()


def doubled(times: int) -> bytes:
    """t = (t, t), again and again: a few bytes each, but whoever walks through all of it (to hash it) never comes back."""
    return b")\x94" + b"".join(b"0h" + bytes([i]) + b"h" + bytes([i]) + b"\x86\x94" for i in range(times))


def array(dtype: bytes, shape: bytes, content: bytes) -> bytes:
    """A NumPy array as pickles have it."""
    made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + numbers(0) + raw_bytes(b"b") + b"tR"
    return made + b"(K\x01" + shape + b"cnumpy\ndtype\n(" + dtype + b"\x89\x88tR" + b"\x89" + raw_bytes(content) + b"tb"


def overwritten(place: int, value: bytes) -> bytes:
    """An archive in whose table of contents something else stands, `place` bytes into its last entry."""
    content = bytearray(one_tensor((4,), (1,)))
    at = content.rindex(b"PK\1\2") + place
    content[at : at + len(value)] = value
    return bytes(content)


def own_part(script: bool) -> bytes:
    """A network that is its own part."""
    if script:
        return as_zip(b"c__torch__\nA\n)\x81q\x00}" + text("part") + b"h\x00sb", script=True)
    made = b"}q\x000ctorch_utils.persistence\n_reconstruct_persistent_obj\n"
    made += b"}" + text("state") + b"}" + text("_modules") + b"h\x00ss\x85Rq\x01"
    return pickled(made + b"0h\x00" + text("synthesis") + b"h\x01s0}" + text("G_ema") + b"h\x01s")


def branching(depth: int) -> bytes:
    """A network whose two parts are one and the same, and so are theirs: few objects, but endlessly many paths."""
    code = b"c__torch__\nA\n)\x81q\x00"
    for i in range(depth):
        part = b"h" + bytes([i])
        code += b"0c__torch__\nA\n)\x81}" + text("a") + part + b"s" + text("b") + part + b"sbq" + bytes([i + 1])
    return as_zip(code, script=True)


def many_entries(count: int) -> bytes:
    """An archive whose table of contents lists the same entry again and again."""
    content = one_tensor((4,), (1,))
    first, end = content.index(b"PK\1\2"), content.rindex(b"PK\5\6")
    second = content.index(b"PK\1\2", first + 1)
    table = content[first:second] * count
    return content[:first] + table + content[end : end + 12] + struct.pack("<II", len(table), first) + content[end + 20 :]


def noted_entries(count: int) -> bytes:
    """An archive whose table of contents lists the same entry again and again, with 16,000 empty notes each time."""
    content, notes = one_tensor((4,), (1,)), bytes(2**16 - 4)
    first, end = content.index(b"PK\1\2"), content.rindex(b"PK\5\6")
    second = content.index(b"PK\1\2", first + 1)
    entry = bytearray(content[first:second])
    entry[30:32] = struct.pack("<H", len(notes))
    table = (bytes(entry) + notes) * count
    return content[:first] + table + content[end : end + 12] + struct.pack("<II", len(table), first) + content[end + 20 :]


def old_file(value: bytes, keys: list, *sizes: int) -> bytes:
    return OLD_START + pickled(value, 2) + pickle.dumps(keys, 2) + b"".join(struct.pack("<Q", size) + bytes(16) for size in sizes)


def careless(content: bytes) -> None:
    """Loads a file as people do who trust it."""
    if content.startswith(b"PK") and b"a/constants.pkl" in content:
        pickle.loads(zipfile.ZipFile(io.BytesIO(content)).read("a/data.pkl"))
    elif content.startswith((b"PK", OLD_START[:15])):
        torch.load(io.BytesIO(content), weights_only=False)
    else:
        with nvidia_modules():
            pickle.loads(content)
