"""Files from strangers, by the command line, in a process that says what each one took: one line, exit code 2, and no file costs more
than `tests.limits` allows. Each is one of a kind; the tests of the readers have more of them."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.images.bombs import blank_png, many_scans, many_segments, many_tiles, png_chunk
from tests.images.made import encoded
from tests.limits import GIGABYTES, Outcome, assert_refused, run_limited
from tests.weights.readers.test_dlib_landmarks import model, packed

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says how much memory a process had")

FOUR = bytes(4)
ONE = {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}


def tensors(header: dict | bytes, numbers: bytes = FOUR) -> bytes:
    """A safetensors file."""
    head = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + numbers


def facts(name: str, **message: object) -> bytes:
    """A safetensors file that says something of itself."""
    return tensors({"__metadata__": {name: json.dumps(message)}, **ONE})


def index(**message: object) -> bytes:
    return json.dumps({"name": "a", "files": {}, **message}).encode()


def entry(file: str, content: bytes, **config: object) -> dict:
    return {"file": file, "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest(), "config": config}


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def refused(lines: list, folder: Path) -> list[Outcome]:
    outcomes = run_limited(lines, folder)
    for outcome in outcomes:
        assert_refused(outcome)
    assert not list(folder.glob("*.out.png")) and not (folder / "new").exists()
    return outcomes


RECIPES = {
    "brackets": b"[" * 200_000,
    "objects": b'{"a":' * 200_000,
    "nested faces": b'{"face":' + b'{"source":"edited","recipe":{"method":"channel"},"face":' * 9000,
    "a number without end": b'{"method":"optimization","seed":' + b"9" * 900_000 + b"}",
    "a list": b"[]",
    "null": b"null",
    "no number": b'{"method":"optimization","lambda_id":NaN}',
    "infinite": b'{"method":"directions","alpha":1e999}',
    "steps for ever": b'{"method":"optimization","steps":1e9}',
    "code": json.dumps({"method": "optimization", "stop_after": "0 or __import__('os')"}).encode(),
    "thousands of changes": json.dumps({"method": "directions", "changes": [{"target": "a smile"}] * 10_000}).encode(),
    "half a sign": json.dumps({"recipe": {"method": "optimization"}, "text": "\ud800"}).encode(),
    "a key that is half a sign": b'{"\\ud800":1}',
    "no text": b"\xff\xfe\xfa",
    "nothing": b"",
    "two megabytes": b" " * 2_000_000,
    "a device as a mapper": json.dumps({"recipe": {"method": "mapper", "mapper": "/dev/zero"}, "text": "a smile"}).encode(),
    "a former face": json.dumps({"face": {"edited": {}, "edit": 5}, "edit": None}).encode(),
    "a former method": json.dumps({"recipe": {"version": "1", "method": ["directions"]}}).encode(),
}

MAPPER = {"generator": "x", "num_ws": 8, "w_dim": 10, "levels": ["all"], "recipe": {}}
MAPPERS = {
    "wide": facts("mapper", **{**MAPPER, "w_dim": 20_000}),
    "many layers": facts("mapper", **{**MAPPER, "num_ws": 10**9}),
    "many levels": facts("mapper", **{**MAPPER, "levels": ["all"] * 5}),
    "no recipe": facts("mapper", **{**MAPPER, "recipe": 5}),
    "no facts": tensors(ONE),
    "deep facts": tensors({"__metadata__": {"mapper": "[" * 200_000}, **ONE}),
    "another generator": facts("mapper", **MAPPER),
}

DIRECTIONS = {
    "no facts": tensors(ONE),
    "deep facts": tensors({"__metadata__": {"directions": "[" * 200_000}, **ONE}),
    "facts of a wrong type": facts("directions", generator=[], clip={}, kind=5, images="many"),
    "enormous": tensors({"a": {"dtype": "F32", "shape": [2**39, 2**39], "data_offsets": [0, 0]}}, b""),
}

GENERATOR = {"img_resolution": 32, "z_dim": 12, "w_dim": 10, "num_mapping_layers": 2, "channels": {"4": 8, "8": 8, "16": 8, "32": 8}}
CONFIGS = {
    "wide": {**GENERATOR, "w_dim": 17_000},
    "a resolution of 2^40": {**GENERATOR, "img_resolution": 2**40},
    "a billion layers": {**GENERATOR, "num_mapping_layers": 10**9},
    "wide and square": {**GENERATOR, "w_dim": 100_000, "z_dim": 100_000},
    "many channels": {**GENERATOR, "channels": {"4": 10**8}},
    "twenty thousand resolutions": {**GENERATOR, "channels": {str(i): 1 for i in range(20_000)}},
    "a list of channels": {**GENERATOR, "channels": [1, 2]},
    "a text": {"img_resolution": "a"},
    "negative": {**GENERATOR, "w_dim": -1},
    "nothing": {},
}

SOURCE = {"origin": "", "urls": ["http://127.0.0.1:9/a"], "bytes": None, "sha256": None, "licence": "", "permits": ""}
INDICES = {
    "brackets": b"[" * 200_000,
    "a name that is none": index(name=5),
    "a file outside": index(files={"generator": {"file": "../../secret", "bytes": 1, "sha256": 64 * "0"}}),
    "like another folder": index(like="../../../../etc"),
    "like itself": index(like="like itself"),
    "two million entries": b'{"name":"a","files":{' + b'"x":5,' * 2_000_000 + b'"y":5}}',
    "an unknown format": index(files={"generator": {"format": "magic", "sources": ["a.pt"]}}, sources={"a.pt": SOURCE}),
}

ADDRESSES = {
    "nobody there, of any size": {},
    "a negative size": {"bytes": -1},
    "an absurd size": {"bytes": 10**18},
    "a size in words": {"bytes": "a"},
    "no address": {"urls": []},
    "a text for a list": {"urls": "http://a"},
    "numbers": {"urls": [5]},
    "another protocol": {"urls": ["ftp://a/b"]},
    "a file": {"urls": ["file:///etc/passwd"]},
    "half an IPv6 address": {"urls": ["http://[::1/a"]},
    "no IPv6 address": {"urls": ["http://[zz]/a"]},
    "a port that is none": {"urls": ["http://127.0.0.1:99999999/a"]},
    "a long name": {"urls": ["http://" + "a" * 1900]},
    "turned writing": {"urls": ["http://\u202eevil.invalid/a"]},
    "two lines": {"urls": ["http://127.0.0.1:9/a\r\nX: y"]},
    "escapes": {"origin": "\x1b[31m", "licence": "\u202e"},
    "a package outside": {"package": {"name": "numpy", "file": "../../../etc/passwd"}},
}

NETWORKS = {
    "enormous": DIRECTIONS["enormous"],
    "a header without end": struct.pack("<Q", 2**62) + b"{",
    "a deep header": tensors(b'{"a":' + b"[" * 200_000),
    "many tensors": tensors({f"t{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(100_000)}, b""),
    "a thousand sizes": tensors({"a": {"dtype": "F32", "shape": [1] * 1000, "data_offsets": [0, 4]}}),
    "undefined": tensors(ONE, struct.pack("<f", float("nan"))),
    "tensors over each other": tensors({**ONE, "b": ONE["a"]}),
}

LANDMARKS = {
    "2^40 cascades": model(cascades=2**40),
    "2^27 cascades": model(cascades=2**27),
    "an index outside": model(anchors=(0, 68)),
    "a pixel before the first": model(deltas=((0.1, 0.2),) * 3),
    "cut off": model()[:-20],
    "a row of ones": packed(*[1] * 500_000),
}

PICTURES = {
    "a column": lambda: blank_png(1, 60_000_000),
    "scans": lambda: many_scans(2000, 100_000),
    "segments": lambda: many_segments(2_000_000),
    "chunks": lambda: blank_png(4, 4, 8, 0, png_chunk(b"teSt") * 500_000),
    "tiles": lambda: many_tiles(1500),
    "a square": lambda: blank_png(20_000, 20_000),
}


@pytest.mark.slow
def test_recipes_mappers_and_directions(tiny_domain, tmp_path):
    portrait = write(tmp_path / "p.png", encoded(Image.new("RGB", (32, 32))))
    edit = ["edit", portrait, "a.out.png", "--align", "never", "--inversion-steps", "0", "--domain"]
    lines = [[*edit, tiny_domain, "--recipe", write(tmp_path / f"{name}.json", content)] for name, content in RECIPES.items()]
    for name, content in MAPPERS.items():
        lines.append([*edit, tiny_domain, "--text", "a smile", "--method", "mapper", "--mapper", write(tmp_path / f"{name}.m", content)])
    whole = json.loads((tiny_domain / "domain.json").read_text())
    for name, content in DIRECTIONS.items():
        folder = tmp_path / f"directions {name}"
        files = {**whole["files"], "directions": entry("directions.safetensors", content)}
        write(folder / "domain.json", json.dumps({**whole, "files": files}).encode())
        for path in tiny_domain.glob("*.safetensors"):
            (folder / path.name).symlink_to(path)
        (folder / "directions.safetensors").unlink()
        write(folder / "directions.safetensors", content)
        lines.append([*edit, folder, "--text", "a smile", "--method", "directions"])
    outcomes = refused(lines, tmp_path)
    assert not any("import" in outcome.out for outcome in outcomes)


@pytest.mark.slow
def test_domains_addresses_and_networks(tmp_path, monkeypatch):
    monkeypatch.setenv("STYLECLIP_CACHE", str(tmp_path / "cache"))
    lines, one = [], tensors(ONE)
    for name, config in CONFIGS.items():
        write(tmp_path / f"config {name}" / "g.safetensors", one)
        write(tmp_path / f"config {name}" / "domain.json", index(files={"generator": entry("g.safetensors", one, **config)}))
        lines.append(["sample", "a.out.png", "--domain", f"config {name}"])
    for name, content in INDICES.items():
        write(tmp_path / name / "domain.json", content)
        lines.append(["sample", "a.out.png", "--domain", name])
    for name, change in ADDRESSES.items():
        files = {"clip": {"format": "openai-clip", "sources": ["a.pt"]}}
        write(tmp_path / f"from {name}" / "domain.json", index(files=files, sources={"a.pt": {**SOURCE, **change}}))
        lines.append(["download", f"from {name}"])
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    lines += [["import", write(tmp_path / f"{name}.safetensors", content), "new"] for name, content in NETWORKS.items()]
    lines += [["import", pipe, "new"], ["import", "/dev/zero", "new"], ["sample", "a.out.png", "--domain", pipe]]
    for outcome in refused(lines, tmp_path):
        assert "\x1b" not in outcome.out + outcome.err and "\u202e" not in outcome.out + outcome.err


@pytest.mark.slow
def test_landmark_models(astronaut, tmp_path):
    astronaut.save(tmp_path / "face.png")
    lines = []
    for name, content in LANDMARKS.items():
        write(tmp_path / name / "points.dat", content)
        write(tmp_path / name / "domain.json", index(files={"landmarks": entry("points.dat", content)}))
        lines.append(["align", "face.png", "a.out.png", "--domain", name])
    refused(lines, tmp_path)


@pytest.mark.slow
def test_pictures_that_are_refused(tmp_path):
    paths = [write(tmp_path / name, make()) for name, make in PICTURES.items()]
    commands = (["align"], []), (["edit"], ["--text", "a smile"])
    refused([[*command, path, "a.out.png", *more] for path in paths for command, more in commands], tmp_path)


@pytest.mark.full
def test_photographs_of_64_and_of_200_megapixels_work(astronaut, tmp_path):
    """What cameras make, and the same size in every depth, grey and in colours, within the same memory."""
    large = astronaut.resize((8000, 8000))
    large.save(tmp_path / "64.jpg", quality=85)
    large.convert("CMYK").save(tmp_path / "cmyk.jpg", quality=85)
    wide = Image.new("RGB", (16_320, 12_240), (90, 100, 110))
    wide.paste(large, (4160, 2000))
    wide.save(tmp_path / "200.jpg", quality=85)
    outcomes = run_limited([["align", name, f"{name}.png"] for name in ("64.jpg", "cmyk.jpg", "200.jpg")], tmp_path, seconds=60)
    for name, bits, colors in (("grey16", 16, 0), ("rgb16", 16, 2), ("rgba16", 16, 6)):
        write(tmp_path / name, blank_png(8000, 8000, bits, colors))
    outcomes += run_limited([["align", name, "a.png"] for name in ("grey16", "rgb16", "rgba16")], tmp_path, seconds=60)
    assert [outcome.code for outcome in outcomes] == [0, 0, 0, 2, 2, 2]
    assert all("No face was found" in outcome.err for outcome in outcomes[3:])
    assert max(outcome.gigabytes for outcome in outcomes) < GIGABYTES, outcomes
    assert Image.open(tmp_path / "200.jpg.png").size == (256, 256)
