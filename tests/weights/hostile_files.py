"""Files that try to run a command, to change the program that reads them, or to fill its memory.

RUNNING   name -> (bytes of a file that creates the file `canary` when it is loaded carelessly, what it asks for)
FILLING   name -> (bytes of a file that is absurd in another way, what is said of it)
"""

from __future__ import annotations

import pickle
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import torch

from tests.weights.hostile_parts import (
    BOMB,
    NAMESPACE,
    OLD_START,
    REBUILD,
    Call,
    array,
    as_zip,
    branching,
    by_name,
    command,
    doubled,
    many_entries,
    nested,
    noted_entries,
    number,
    numbers,
    old_file,
    one_tensor,
    overwritten,
    own_part,
    pickled,
    raw_bytes,
    saved,
    storage,
    tensor,
    text,
    touch,
)
from tests.weights.official_files import ada_pickle, small_generator, tensorflow_pickle

RUNNING: dict[str, tuple[Callable[[Path], bytes], str]] = {
    **{f"protocol {n}": (lambda canary, n=n: pickle.dumps(touch(canary), n), r"\.system|neither a pickle") for n in range(6)},
    "eval": (lambda canary: pickle.dumps(Call(eval, f"open({str(canary)!r}, 'w')")), "builtins.eval"),
    "exec": (lambda canary: pickle.dumps(Call(exec, f"open({str(canary)!r}, 'w')"), 2), "__builtin__.exec"),
    "open": (lambda canary: pickle.dumps(Call(open, str(canary), "w")), r"io\.open"),
    "an instruction of old classes": (lambda canary: pickled(b"(" + text(f"touch '{canary}'") + b"ios\nsystem\n"), r"os\.system"),
    "another one": (lambda canary: pickled(b"(cos\nsystem\n" + text(f"touch '{canary}'") + b"o"), r"os\.system"),
    "a name inside a known module": (
        lambda canary: pickled(by_name("argparse", "_os.system") + command(canary) + b"R"), r"argparse\._os\.system"),
    "from the memo": (lambda canary: pickled(b"cos\nsystem\nq\x050h\x05" + command(canary) + b"R"), r"os\.system"),
    "behind a network": (lambda canary: ada_pickle(small_generator())[:-1] + b"cos\nsystem\n" + command(canary) + b"R\x86.", r"os\.system"),
    "behind TensorFlow's networks": (
        lambda canary: tensorflow_pickle(small_generator())[:-1] + b"cos\nsystem\n" + command(canary) + b"R\x86.", r"os\.system"),
    "as a parameter": (lambda canary: saved({"g_ema": {"conv1": torch.zeros(2), "x": touch(canary)}}), r"system"),
    "as a setting, in the old format": (lambda canary: saved({"opts": touch(canary)}, old=True), r"system"),
    "before the value, in the old format": (
        lambda canary: OLD_START[:-1] + b"0cos\nsystem\n" + command(canary) + b"R." + pickle.dumps({}) + pickle.dumps([]), r"os\.system"),
    "in a nested file": (lambda canary: nested(saved(touch(canary), old=True)), r"system"),
    "in a nested file of a nested file": (
        lambda canary: nested(OLD_START + nested(saved(touch(canary), old=True)) + pickle.dumps([], 2)), r"_load_from_bytes"),
    "in a nested archive": (lambda canary: nested(saved(touch(canary))), "broken or cut off"),
    "in a TorchScript archive": (lambda canary: as_zip(b"cos\nsystem\n" + command(canary) + b"R", script=True), r"os\.system"),
}  # fmt: skip

A_TENSOR = (4,), (1,)

FILLING: dict[str, tuple[Callable[[], bytes], str]] = {
    # sizes that are not there
    "bytes without end": (lambda: pickled(b"\x8e" + struct.pack("<Q", 2**62)), "broken or cut off"),
    "a byte array without end": (lambda: pickled(b"\x96" + struct.pack("<Q", 2**62)), "broken or cut off"),
    "a text without end": (lambda: pickled(b"\x8d" + struct.pack("<Q", 2**62)), "broken or cut off"),
    "a number without end": (lambda: pickled(b"\x8b" + struct.pack("<i", 2**31 - 1)), "broken or cut off"),
    "a number of a negative length": (lambda: pickled(b"\x8b" + struct.pack("<i", -5)), "broken or cut off"),
    "a frame without end": (lambda: pickled(b"\x95" + struct.pack("<Q", 2**63) + b"N"), "not hold a generator"),
    "a number of a million bytes": (lambda: pickled(b"\x8b" + struct.pack("<i", 10**6) + b"\x7f" * 10**6), "absurdly large"),
    "a number of a million digits": (lambda: pickled(b"L" + b"9" * 10**6 + b"L\n"), "broken or cut off|absurdly large"),
    # many and deep
    "half a million sets": (lambda: pickled(b"\x8f" * 600_000), "more instructions"),
    "half a million marks": (lambda: pickled(b"(" * 600_000), "more instructions"),
    "deep lists": (lambda: pickled(b"]" * 200_000 + b"a" * 199_999), "not hold a generator"),
    "a list that is in itself": (lambda: pickled(b"]q\x00h\x00a"), "not hold a generator"),
    "tuples of tuples as a key": (lambda: pickled(b"}" + doubled(60) + b"Ns"), "uses a tuple as a key"),
    "tuples of tuples in a set": (lambda: pickled(b"\x8f(" + doubled(60) + b"\x90"), "uses a tuple as a key"),
    "tuples of tuples in a frozen set": (lambda: pickled(b"(" + doubled(60) + b"\x91"), "uses a tuple as a key"),
    "tuples of tuples as pairs": (lambda: pickled(b"ccollections\nOrderedDict\n]" + doubled(60) + b"N\x86a\x85R"), "uses a tuple as a key"),
    "tuples of tuples as a type": (lambda: pickled(b"cnumpy\ndtype\n" + doubled(60) + b"\x85R"), "other than numbers"),
    # the memo and the stack
    "a place in the memo far away": (lambda: pickled(b"Nr\xff\xff\xff\xff"), "not hold a generator"),
    "what is not in the memo": (lambda: pickled(b"h\x07"), "broken or cut off"),
    "an empty stack": (lambda: pickled(b""), "broken or cut off"),
    "a call on an empty stack": (lambda: pickled(b"R"), "stack is empty"),
    "a mark that is not there": (lambda: pickled(b"t"), "broken or cut off"),
    "a key without a value": (lambda: pickled(b"}(K\x01u"), "a key without a value"),
    # instructions that reach outside
    "an extension": (lambda: pickled(b"\x82\x01"), "instruction EXT1"),
    "an extension of two bytes": (lambda: pickled(b"\x83\x01\x00"), "instruction EXT2"),
    "an extension of four bytes": (lambda: pickled(b"\x84\x01\x00\x00\x00"), "instruction EXT4"),
    "a buffer from outside": (lambda: pickled(b"\x97", 5), "instruction NEXT_BUFFER"),
    "a reference outside, as text": (lambda: pickled(b"Pcanary\n"), "instruction PERSID"),
    "a reference outside": (lambda: pickled(text("storage") + b"Q"), "instruction BINPERSID"),
    "a reference outside to no storage": (lambda: as_zip(text("canary") + b"Q"), "something other than a storage"),
    "a storage in another file": (lambda: as_zip(storage(4, key="../../canary")), "a storage in it is missing"),
    # known names, used for something else
    "the globals of a known name": (
        lambda: pickled(by_name("collections", "OrderedDict.__init__.__globals__")), r"collections\.OrderedDict\.__init__\.__globals__"),
    "a name that is a number": (lambda: pickled(text("os") + b"K\x05\x93"), "something other than a name"),
    "a name of several lines": (lambda: pickled(by_name("os\nTraceback:\x1b[31m", "x" * 5000)), r"asks for os\\nTraceback"),
    "the class of another object": (
        lambda: pickled(b"ccopyreg\n_reconstructor\n(" + NAMESPACE + b"c__builtin__\nobject\nNtR"), r"copyreg\._reconstructor"),
    "the state of a class": (lambda: pickled(NAMESPACE + b"N}" + text("__eq__") + b"Ns\x86b"), "sets the state of a Global"),
    "slots of an object": (lambda: pickled(NAMESPACE + b")\x81N}" + text("x") + b"Ns\x86b"), "not a dictionary of names"),
    "another class for an object": (lambda: pickled(NAMESPACE + b")\x81}" + text("__class__") + b"Nsb"), "not a dictionary of names"),
    "the state of a list": (lambda: pickled(b"]}b"), "sets the state of a list"),
    "the call of a list": (lambda: pickled(b"])R"), "calls a list"),
    "the call of a text": (lambda: pickled(text("os.system") + b")R"), "calls a str"),
    "a call without arguments": (lambda: pickled(NAMESPACE + b"NR"), "without a tuple of arguments"),
    "too many arguments": (lambda: pickled(NAMESPACE + b"K\x01\x85R"), "gives argparse.Namespace the wrong arguments"),
    "a dictionary of a text": (lambda: pickled(b"ccollections\nOrderedDict\n" + text("ab") + b"\x85R"), "something other than pairs"),
    "a dictionary of single things": (lambda: pickled(b"ccollections\nOrderedDict\n]K\x01a\x85R"), "the wrong arguments"),
    "items of a text": (lambda: pickled(text("ab") + b"K\x01K\x02s"), "treats a str as a dict"),
    "a class as a type": (lambda: pickled(b"ctorch\nFloatStorage\n)R"), r"asks for torch\.FloatStorage"),
    "the call of a storage's type": (lambda: as_zip(b"ctorch\nFloatStorage\n)R"), "makes a storage in an unusual way"),
    "what PyTorch allows to fill the memory": (
        lambda: as_zip(b"c__builtin__\nbytearray\n" + number(10**12) + b"\x85R"), r"__builtin__\.bytearray"),
    "and another one": (lambda: as_zip(b"ctorch\nTensor\n" + number(10**12) + b"\x85R"), r"torch\.Tensor"),
    "bytes through another code": (lambda: pickled(b"c_codecs\nencode\n" + text("a") + text("zlib") + b"\x86R"), "in an unusual way"),
    # NumPy
    "an array of objects": (lambda: pickled(array(text("O8"), numbers(1), bytes(8))), "other than numbers"),
    "a type of several fields": (lambda: pickled(array(text("f4,O"), numbers(1), bytes(8))), "other than numbers"),
    "an enormous array": (lambda: pickled(array(text("f4"), numbers(10**6, 10**6), bytes(8))), "does not match its number of bytes"),
    "a negative array": (lambda: pickled(array(text("f4"), numbers(-1, -2), bytes(8))), "absurd shape"),
    "an array of many dimensions": (lambda: pickled(array(text("f4"), numbers(*[1] * 5000), bytes(4))), "not described as one"),
    "an array of another class": (
        lambda: pickled(b"cnumpy.core.multiarray\n_reconstruct\n(" + NAMESPACE + b"NNtR"), "array of something else"),
    "an array from its class": (lambda: pickled(b"cnumpy\nndarray\n" + number(10**12) + b"\x85R"), "in an unusual way"),
    "a number without a type": (lambda: pickled(b"cnumpy.core.multiarray\nscalar\nNN\x86R"), "without a type"),
    # tensors
    "a tensor larger than its storage": (lambda: one_tensor((5,), (1,)), "absurd shape"),
    "a tensor behind its storage": (lambda: one_tensor((2,), (1,), offset=3), "larger than its storage"),
    "a tensor before its storage": (lambda: one_tensor((2,), (1,), offset=-1), "absurd shape"),
    "a tensor that goes backwards": (lambda: one_tensor((2,), (-1,), offset=3), "absurd shape"),
    "a tensor with wide steps": (lambda: one_tensor((2, 2), (4, 1)), "larger than its storage"),
    "a tensor of one number, repeated": (lambda: one_tensor((4, 4), (0, 0)), "larger than its storage"),
    "an enormous tensor": (lambda: one_tensor((2**60,), (1,)), "absurd shape"),
    "an enormous tensor of one number": (lambda: one_tensor((2**60, 2**60), (0, 0)), "absurd shape"),
    "a tensor of many dimensions": (lambda: one_tensor((1,) * 1000, (1,) * 1000), "absurd shape"),
    "a tensor without strides": (lambda: one_tensor((4,), ()), "not described as one"),
    "a tensor without a storage": (lambda: as_zip(REBUILD + b"(NK\x00" + numbers(1) + numbers(1) + b"tR"), "not described as one"),
    "an enormous storage": (lambda: one_tensor(*A_TENSOR, claimed=10**15), "missing, compressed or cut off"),
    "a negative storage": (lambda: one_tensor(*A_TENSOR, claimed=-4), "names a storage in an unknown way"),
    "a storage of objects": (lambda: as_zip(storage(4, kind="UntypedStorage"), {"0": bytes(16)}), r"asks for torch\.UntypedStorage"),
    "thousands of views of one storage": (
        lambda: as_zip(b"](" + tensor((250_000,), (1,), claimed=250_000) * 3000 + b"e", {"0": bytes(10**6)}), "not hold a generator"),
    "a nested text": (lambda: pickled(b"ctorch.storage\n_load_from_bytes\n" + text("canary") + b"\x85R"), "other than bytes"),
    "a nested value": (lambda: nested(saved([1], old=True)), "other than a storage"),
    # the old format
    "an enormous storage, old format": (
        lambda: old_file(tensor((4,), (1,), claimed=10**15), ["0"], 10**15), "a storage in it is incomplete"),
    "a storage of another size, old format": (lambda: old_file(tensor(*A_TENSOR), ["0"], 5), "a storage in it is incomplete"),
    "other storages, old format": (lambda: old_file(tensor(*A_TENSOR), ["1"], 4), "not the ones that it uses"),
    "storages of one name, old format": (
        lambda: old_file(tensor(*A_TENSOR) + b"0" + storage(4, kind="LongStorage"), ["0"], 4), "two storages with the same name"),
    "another order of bytes, old format": (lambda: OLD_START.replace(b"\x88", b"\x89"), "unknown kind"),
    # zip archives
    "a compressed value": (lambda: as_zip(raw_bytes(BOMB), value=zipfile.ZIP_DEFLATED), "not one of PyTorch's"),
    "a compressed storage": (
        lambda: as_zip(tensor((4,), (1,), claimed=len(BOMB) // 4), {"0": BOMB}, data=zipfile.ZIP_DEFLATED), "missing, compressed"),
    "an entry of two gigabytes": (lambda: overwritten(20, struct.pack("<II", 2**31, 2**31)), "lies beyond its end"),
    "an entry elsewhere": (lambda: overwritten(42, struct.pack("<I", 7)), "not where the table of contents says"),
    "an entry outside": (lambda: overwritten(42, struct.pack("<I", 2**31)), "not where the table of contents says"),
    "a name longer than the file": (lambda: overwritten(28, struct.pack("<H", 2**16 - 1)), "table of contents is broken"),
    "a name that is no text": (lambda: overwritten(46, b"\xff\xfe"), "table of contents is broken"),
    "a hundred thousand entries": (lambda: many_entries(120_000), "more entries"),
    "a million notes on its entries": (lambda: noted_entries(70), "more instructions"),
    "no table of contents": (lambda: one_tensor(*A_TENSOR)[:-22], "without a table of contents"),
    "another order of bytes": (lambda: as_zip(b"N", {"xxxx": b"big"}).replace(b"a/data/xxxx", b"a/byteorder"), "byte order"),
    "a picture in an archive": (lambda: one_tensor(*A_TENSOR).replace(b"data.pkl", b"face.png"), "not one of PyTorch's"),
    # networks
    "a network that is its own part": (lambda: own_part(script=False), "no end|not StyleGAN2's"),
    "a TorchScript network that is its own part": (lambda: own_part(script=True), "no end"),
    "a network that branches": (lambda: branching(60), "no end"),
    "a TorchScript object with arguments": (lambda: as_zip(b"c__torch__\nA\nK\x05\x85\x81", script=True), "wrong arguments"),
    "a TorchScript object without attributes": (lambda: as_zip(b"c__torch__\nA\n)\x81K\x05b", script=True), "not a dictionary"),
    "a TorchScript archive of a number": (lambda: as_zip(b"K\x05", script=True), "holds no network"),
    # not even that
    "nothing": (lambda: b"", "empty"),
    "a web page": (lambda: b"<!DOCTYPE html><html>Quota exceeded</html>", "neither a pickle"),
    "half a pickle": (lambda: ada_pickle(small_generator())[:5000], "broken or cut off"),
    "half an archive": (lambda: one_tensor(*A_TENSOR)[:150], "without a table of contents"),
    "half a file of the old format": (lambda: saved({"g_ema": {"a": torch.zeros(1000)}}, old=True)[:-100], "incomplete"),
}  # fmt: skip
