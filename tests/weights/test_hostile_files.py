"""Hostile files run nothing, change nothing and fill nothing; each gets one clear line."""

import argparse
import collections
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from styleclip_lib.cli.main import main
from styleclip_lib.errors import StyleclipError
from styleclip_lib.weights.readers.any_generator import read_generator
from tests.weights.hostile_files import FILLING, RUNNING
from tests.weights.hostile_parts import careless, saved
from tests.weights.official_files import ada_pickle, small_generator, tensorflow_pickle

ROOT = Path(__file__).parent.parent.parent

MOST_MEMORY = 200_000_000
"""Bytes that reading these files may take. The largest has 6 MB; what is compressed in two would take more, and others state terabytes."""


@pytest.fixture
def canary(tmp_path):
    return tmp_path / "canary"


def refused(path: Path, match: str) -> None:
    with pytest.raises(StyleclipError, match=match) as error:
        read_generator(path)
    message = str(error.value)
    assert message.isprintable() and len(message) < 400 and path.name in message, message


@pytest.mark.parametrize("name", RUNNING)
def test_nothing_is_run(name, tmp_path, canary):
    make, match = RUNNING[name]
    (tmp_path / "a.pkl").write_bytes(make(canary))
    refused(tmp_path / "a.pkl", match)
    assert not canary.exists()


@pytest.mark.parametrize("name", RUNNING)
def test_these_files_are_hostile(name, canary):
    """Python's own reader runs what they hold, so that the test above can fail."""
    try:
        careless(RUNNING[name][0](canary))
    except Exception as error:  # after the command was run, whatever comes next may not fit
        assert canary.exists(), error
    assert canary.exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", FILLING)
def test_nothing_is_believed(name, tmp_path):
    make, match = FILLING[name]
    (tmp_path / "a.pkl").write_bytes(make())
    refused(tmp_path / "a.pkl", match)


HONEST = {
    "zip": lambda: saved({"g_ema": small_generator().state_dict()}),
    "old format": lambda: saved({"g_ema": small_generator().state_dict()}, old=True),
    "StyleGAN2-ADA": lambda: ada_pickle(small_generator()),
    "TensorFlow": lambda: tensorflow_pickle(small_generator()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HONEST)
def test_damaged_files(name, tmp_path):
    """Bytes changed, lost and added at random: the file is read, or refused in one line, and nothing else happens."""
    numbers = random.Random(name)
    honest, refusals = HONEST[name](), 0
    for _ in range(120):
        content = bytearray(honest)
        at = numbers.randrange(numbers.choice([len(content), 2000]))
        content[at : at + numbers.choice([0, 1, 4])] = numbers.randbytes(numbers.choice([0, 1, 4]))
        (tmp_path / "a.pt").write_bytes(content)
        try:
            read_generator(tmp_path / "a.pt")
        except StyleclipError as error:
            assert str(error).isprintable() and len(str(error)) < 400
            refusals += 1
    assert refusals > 20


def test_classes_stay_as_they_are():
    """No file above has changed what it could reach."""
    assert argparse.Namespace(a=1) == argparse.Namespace(a=1) and not hasattr(argparse.Namespace, "x")
    assert "__eq__" in vars(argparse.Namespace) and callable(argparse.Namespace.__eq__)
    assert collections.OrderedDict(a=1) == {"a": 1} and np.dtype("f4") == np.float32
    assert argparse.Namespace not in torch.serialization.get_safe_globals()


READ_ALL = """
import resource, sys
from pathlib import Path

from styleclip_lib.weights.readers.any_generator import read_generator
from styleclip_lib.errors import StyleclipError

used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + int(sys.argv[2]), -1))
try:
    bytearray(2 * int(sys.argv[2]))
except MemoryError:
    pass
else:
    raise SystemExit("the limit does not hold")
for path in sorted(Path(sys.argv[1]).glob("*.pkl")):
    try:
        read_generator(path)
    except StyleclipError as error:
        assert "allocate" not in str(error), error
    else:
        raise SystemExit(f"{path} was read")
    print(path.name)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds this limit")
def test_memory_stays_bounded(tmp_path, canary):
    contents = [make() for make, _ in FILLING.values()] + [make(canary) for make, _ in RUNNING.values()]
    for number, content in enumerate(contents):
        (tmp_path / f"{number:03}.pkl").write_bytes(content)
    arguments = [sys.executable, "-c", READ_ALL, str(tmp_path), str(MOST_MEMORY)]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(contents) > 100
    assert not canary.exists()


@pytest.mark.parametrize("content", [RUNNING["protocol 4"][0], lambda canary: FILLING["half a pickle"][0](), lambda canary: b"<html>"])
def test_the_command_line_says_it_in_one_line_and_leaves_nothing(content, tmp_path, canary, capsys):
    (tmp_path / "a.pkl").write_bytes(content(canary))
    assert main(["import", str(tmp_path / "a.pkl"), str(tmp_path / "mine")]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("styleclip import: ") and shown.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a.pkl"]
