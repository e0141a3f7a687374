"""Pickles of plain values are read as Python reads them; hostile ones are in test_hostile_files.py."""

import argparse
import collections
import io
import pickle

import numpy as np
import pytest

from styleclip_lib.weights.unpickling.pickle_values import NAMES, STATES, Array
from styleclip_lib.weights.unpickling.safe_pickle import read_pickle
from styleclip_lib.weights.unpickling.untrusted import Budget, Refused

PROTOCOLS = range(6)

VALUES = {
    "constants": [None, True, False, 0, 1, -1, 255, 256, 65536, -(2**31), 2**40, -(2**100), 0.0, -1.5, 1e300, float("inf")],
    "texts": ["", "a", "naïve", "smile \U0001f600", "a" * 300, "two\nlines", "quote ' and \\"],
    "containers": [[], [1], [1, [2, [3]]], (), (1,), (1, 2), (1, 2, 3, 4), {}, {"a": 1}, {1: "x", None: [], 2.5: ()}, {True: {}}],
    "many": [list(range(2500)), {f"key {i}": i for i in range(2500)}],
    "twice the same": (lambda shared: [shared, shared, {"again": shared}])([1, 2]),
}


def read(content: bytes) -> object:
    return read_pickle(io.BytesIO(content), NAMES, STATES, Budget(len(content)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("name", VALUES)
def test_plain_values(name, protocol):
    assert read(pickle.dumps(VALUES[name], protocol)) == VALUES[name]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_what_is_the_same_stays_the_same(protocol):
    first, second, third = read(pickle.dumps(VALUES["twice the same"], protocol))
    assert first is second is third["again"]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_sets(protocol):
    """In protocols 0 and 1 Python makes them by copyreg._reconstructor, which is refused."""
    values = [{1, 2, 3}, {"a"}, set()]
    assert read(pickle.dumps(values, protocol)) == values


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_bytes(protocol):
    for content in (b"", b"a", bytes(range(256)) * 3):
        assert read(pickle.dumps(content, protocol)) == content
    assert read(pickle.dumps(b"\x00\xffa", 2)) == b"\x00\xffa", "written as a text, by _codecs.encode"
    assert read(pickle.dumps(frozenset([1, 2]), 4)) == {1, 2}


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_dictionaries_and_settings(protocol):
    ordered = collections.OrderedDict([("b", 1), ("a", 2)])
    ordered._metadata = {"version": 1}
    back = read(pickle.dumps([ordered, argparse.Namespace(lr=0.1, names=["a"])], protocol))
    assert type(back[0]) is dict and list(back[0].items()) == [("b", 1), ("a", 2)]
    assert back[1] == argparse.Namespace(lr=0.1, names=["a"])


@pytest.mark.parametrize("protocol", [2, 3, 4])
@pytest.mark.parametrize("code", ["b1", "u1", "i4", "i8", "f2", "f4", "<f8", ">f4", ">i2"])
def test_numpy(code, protocol):
    values = (np.arange(24) % 5).reshape(2, 3, 4).astype(code)
    for array in (values, np.asfortranarray(values), values[0, 0], values[::-1, ::2], *([values[:, :0]] if protocol > 2 else [])):
        back = read(pickle.dumps(array, protocol))
        assert type(back) is Array and back.values.shape == array.shape
        np.testing.assert_array_equal(back.values, array)
    number = read(pickle.dumps(values[1, 2, 3], protocol))
    assert number == values[1, 2, 3] and type(number) in (int, float, bool)


def test_numpy_under_its_older_names():
    content = pickle.dumps([np.ones(2, np.float32), np.float64(0.5)], 2)
    older = content.replace(b"numpy._core.", b"numpy.core.")
    array, number = read(older)
    np.testing.assert_array_equal(array.values, [1, 1])
    assert number == 0.5


def test_the_file_stands_behind_the_pickle():
    file = io.BytesIO(pickle.dumps([1], 2) + pickle.dumps("two", 4) + b"rest")
    assert read_pickle(file, {}, {}, Budget(0)) == [1] and read_pickle(file, {}, {}, Budget(0)) == "two"
    assert file.read() == b"rest"


def test_a_table_of_names_and_references_to_the_outside():
    class Named:
        def __reduce__(self):
            return argparse.ArgumentParser, ("a", 1)

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return ("place", 7) if value == "outside" else None

    file = io.BytesIO()
    Pickler(file, 2).dump([Named(), "outside"])
    names = {"argparse.ArgumentParser": lambda *arguments: arguments}
    assert read_pickle(io.BytesIO(file.getvalue()), names, {}, Budget(0), lambda reference: reference[1] + 1) == [("a", 1), 8]
    with pytest.raises(Refused, match=r"asks for argparse\.ArgumentParser"):
        read_pickle(io.BytesIO(file.getvalue()), {}, {}, Budget(0), lambda reference: reference)
    with pytest.raises(Refused, match="BINPERSID"):
        read_pickle(io.BytesIO(file.getvalue()), names, {}, Budget(0))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_truncation_is_refused(protocol):
    content = pickle.dumps({"a": [1.5, (2, None)], "b": "text"}, protocol)
    for length in range(len(content)):
        with pytest.raises(Refused):
            read(content[:length])
