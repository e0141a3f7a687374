"""dlib's landmark models: read as arrays, and refused where a number in them is not what a model has."""

import json
import os
import struct

import numpy as np
import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.photos.landmarks import read_predictor
from styleclip_lib.weights.readers.dlib_landmarks import packed_integers

POINTS = 68


def packed(*numbers: int) -> bytes:
    """Integers as dlib writes them."""
    made = b""
    for number in numbers:
        size = max(1, (abs(number).bit_length() + 7) // 8)
        made += bytes([size | (0x80 if number < 0 else 0)]) + abs(number).to_bytes(size, "little")
    return made


def floating(*numbers: float) -> bytes:
    return b"".join(packed(round(number * 1024), -10) for number in numbers)


def matrix(numbers) -> bytes:
    return packed(-len(numbers), -1) + floating(*numbers)


def tree(pixels=(0, 1), threshold=0.5, leaves=2, moves=2 * POINTS, splits=1) -> bytes:
    made = packed(splits) + (packed(*pixels) + floating(threshold)) * splits + packed(leaves)
    return made + matrix([0.25] * moves) * leaves


def model(forests=None, version=1, points=2 * POINTS, anchors=(0, 67), deltas=((0.1, 0.2), (0.3, 0.4)), cascades=None, end=b"") -> bytes:
    forests = [[tree(), tree()]] if forests is None else forests
    cascades = len(forests) if cascades is None else cascades
    made = packed(version) + matrix([0.5] * points) + packed(cascades)
    made += b"".join(packed(len(trees)) + b"".join(trees) for trees in forests)
    made += packed(cascades) + (packed(len(anchors)) + packed(*anchors)) * len(forests)
    return made + packed(cascades) + (packed(len(deltas)) + b"".join(floating(*delta) for delta in deltas)) * len(forests) + end


def test_a_small_model_is_read(tmp_path):
    (tmp_path / "a.dat").write_bytes(model())
    predictor = read_predictor(tmp_path / "a.dat")
    assert predictor.leaves.shape == (1, 2, 2, 68, 2) and predictor.anchors.tolist() == [[0, 67]]
    np.testing.assert_allclose(predictor.deltas[0], [[0.1, 0.2], [0.3, 0.4]], atol=1e-3)
    points = predictor(np.zeros((50, 50), np.uint8), np.array([10, 10, 30, 30]))
    assert (points == 30).all(), "0.5 and two moves of 0.25, times 20, from 10"


@pytest.mark.parametrize("sizes", [(1,), (8,), (1, 2, 3, 8)])
def test_packed_integers_in_windows(sizes):
    rng = np.random.default_rng(0)
    numbers = [int(rng.integers(0, 2 ** (8 * int(size) - 1) - 1)) * (-1) ** int(rng.integers(2))
               for size in rng.choice(sizes, 20_000)]
    assert packed_integers(np.frombuffer(packed(*numbers), np.uint8)).tolist() == numbers


WRONG = {
    "nothing": b"", "a text": b"hello world, no model", "zeros": bytes(5000), "a long number": b"\x09" + bytes(9), "ones": b"\xff" * 5000,
    "another version": model(version=2), "five points": model(points=10), "cut off": model()[:-3], "something behind": model(end=packed(1)),
    "no trees": model(forests=[[]]), "no cascade": model(forests=[]), "an index of a pixel": model([[tree(pixels=(0, 2))]]),
    "a negative index": model([[tree(pixels=(-1, 0))]]), "an enormous index": model([[tree(pixels=(2**60, 0))]]),
    "an anchor outside": model(anchors=(0, 68)), "a negative anchor": model(anchors=(0, -1)), "no anchors": model(anchors=()),
    "fewer deltas": model(deltas=((0.1, 0.2),)), "three leaves": model([[tree(leaves=3)]]),
    "two splits": model([[tree(splits=2, leaves=3)]]),
    "a short leaf": model([[tree(moves=10)]]), "trees of two sizes": model([[tree(), tree(splits=3, leaves=4)]]),
    "2^40 cascades": model(cascades=2**40), "2^27 cascades": model(cascades=2**27), "a negative count": model(cascades=-1),
    "2^40 trees": packed(1) + matrix([0.5] * 2 * POINTS) + packed(1, 2**40) + tree(),
    "2^40 splits": packed(1) + matrix([0.5] * 2 * POINTS) + packed(1, 1, 2**40),
    "undefined numbers": packed(1, -136, -1) + packed(0, 32002) * 136 + model()[len(packed(1) + matrix([0.5] * 136)) :],
    "a pickle": b"\x80\x04N.", "a safetensors file of something else": struct.pack("<Q", 2) + b"{}",
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_no_model_is_refused(name, tmp_path):
    (tmp_path / "a.dat").write_bytes(WRONG[name])
    with pytest.raises(StyleclipError, match=r"a\.dat was not read") as error:
        read_predictor(tmp_path / "a.dat")
    assert len(str(error.value)) < 400


def test_every_truncation_is_refused(tmp_path):
    whole = model()
    for length in range(0, len(whole), 37):
        (tmp_path / "a.dat").write_bytes(whole[:length])
        with pytest.raises(StyleclipError):
            read_predictor(tmp_path / "a.dat")


def test_an_enormous_model_in_safetensors_is_refused_by_its_shapes(tmp_path):
    shapes = {"shape": [68, 2], "anchors": [9, 5], "deltas": [9, 5, 2], "pixels": [9, 5000, 127, 2], "thresholds": [9, 5000, 127],
              "leaves": [9, 5000, 128, 68, 2]}
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4 * int(np.prod(shape))
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [at, at + size]}
        at += size
    head = json.dumps(header).encode()
    (tmp_path / "a.dat").write_bytes(struct.pack("<Q", len(head)) + head)
    os.truncate(tmp_path / "a.dat", 8 + len(head) + at)
    with pytest.raises(StyleclipError, match="not a model of 68 landmarks"):
        read_predictor(tmp_path / "a.dat")
