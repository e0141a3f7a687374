"""Honest files, changed at random: each is read, or refused in one line. `make fuzz` does this for as long as one likes."""

from __future__ import annotations

import bz2
import functools
import io
import json
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from clip.model import CLIP
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save as safetensors_bytes

from styleclip_lib import GlobalDirections, LatentAlignment, Models
from styleclip_lib.cli import stylize
from styleclip_lib.editing import mapper_file
from styleclip_lib.editing.mapper import LatentMapper
from styleclip_lib.editing.recipes import Change, ChannelShift, Directions
from styleclip_lib.editing.saved_edit import SavedEdit
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.errors import StyleclipError
from styleclip_lib.grading.notebooks import read_notebook
from styleclip_lib.grading.wire import WireError, decode, encode
from styleclip_lib.images import load_image
from styleclip_lib.models import calibration_of, load_generator
from styleclip_lib.networks.fast_style import FastStyle
from styleclip_lib.networks.mapper import Mapper
from styleclip_lib.paths import data_folder
from styleclip_lib.photos.datasets.manifest import Row, read_facts, read_rows, write_rows
from styleclip_lib.photos.datasets.sources import find_source
from styleclip_lib.photos.landmarks import read_predictor
from styleclip_lib.stylization import fast_file
from styleclip_lib.stylization.recipe import StyleRecipe
from styleclip_lib.videos import VideoWriter, frames_of, open_video
from styleclip_lib.weights.domain import read_index
from styleclip_lib.weights.downloads import official
from styleclip_lib.weights.new_domain import new_domain
from styleclip_lib.weights.readers.any_generator import read_generator
from styleclip_lib.weights.tensor_file import read_tensors
from styleclip_lib.weights.unpickling.torch_file import read_torch, with_numbers
from tests.conftest import make_tiny_models
from tests.editing.test_mapper import official as official_mapper
from tests.official import SMALL, arcface_shapes, e4e_checkpoint, filled, script_archive
from tests.weights.hostile_parts import saved
from tests.weights.official_files import ada_pickle, small_generator, tensorflow_pickle
from tests.weights.readers.test_dlib_landmarks import model

SECONDS = float(os.environ.get("FUZZ_SECONDS", "1"))
"""For each kind of file."""


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((40, 30), 60).convert("RGB").save(file, kind)
    return file.getvalue()


def animation(kind: str) -> bytes:
    file = io.BytesIO()
    frames = [Image.effect_noise((24, 16), 60).convert("RGB") for _ in range(3)]
    frames[0].save(file, kind, save_all=True, append_images=frames[1:], duration=80)
    return file.getvalue()


def recipe() -> bytes:
    """A saved edit with every kind of face in it."""
    faces = (Seed(3, 0.5), Portrait(name="anna", steps=4), File(name="me.png", face=1), Mixed(Seed(1), Seed(2), (2, 4)))
    face = Edited(Blended(faces, (0.25,) * 4), ChannelShift(layer="b8.conv1", number=3))
    recipe = Directions(changes=(Change("a smiling face", alpha=2.0), Change("a hat", alpha=-1.0)))
    return json.dumps(SavedEdit(face=face, text="a smile", recipe=recipe).to_dict()).encode()


@functools.cache
def tiny() -> Models:
    return make_tiny_models()


def written(write: Callable[[Path], object], name: str = "file.safetensors") -> Callable[[], bytes]:
    """The bytes of a file that is written by its path."""
    def content() -> bytes:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            write(path)
            return path.read_bytes()

    return content


def directions(path: Path) -> None:
    generator, dim = tiny().generator, tiny().clip.embedding_dim
    tensors = {"mean": torch.zeros(generator.num_channels), "std": torch.ones(generator.num_channels),
               "effects": torch.zeros(generator.num_channels, dim)}
    GlobalDirections(tiny(), **tensors, settings={"kind": "scan", "images": 3}).save(path)


def checkpoint(path: Path) -> None:
    """Of a training run."""
    network = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(network.parameters())
    network(torch.ones(1, 3)).sum().backward()
    optimizer.step()
    torch.save({"step": 3, "settings": {"lr": 0.1}, "network": network.state_dict(), "optimizer": optimizer.state_dict()}, path)


def video(path: Path) -> None:
    with VideoWriter(path, 10.0) as writer:
        for _ in range(3):
            writer.add(torch.zeros(1, 3, 16, 24))


def clip_archive(path: Path) -> None:
    """A small one, as OpenAI's are."""
    script_archive(CLIP(8, 32, 1, 64, 16, 8, 50, 64, 1, 1).state_dict(), path)


def reading(kind: str) -> Callable[[Path], object]:
    """How a domain reads an official file."""
    form = official.FORMATS[kind]
    return lambda path: form.build(*form.read(path))


def notebook() -> bytes:
    return json.dumps({"cells": [{"cell_type": "code", "source": "1 + 1", "outputs": [], "metadata": {}, "execution_count": 1, "id": "a"},
                                 {"cell_type": "markdown", "source": ["# a", "b"], "metadata": {}, "id": "b"}],
                       "metadata": {}, "nbformat": 4, "nbformat_minor": 5}).encode()  # fmt: skip


def index_of(name: str) -> bytes:
    return (data_folder() / "models" / name / "domain.json").read_bytes()


@functools.cache
def domain() -> dict[str, bytes]:
    """The files of one that has a generator."""
    with tempfile.TemporaryDirectory() as folder:
        made = new_domain(Path(folder) / "own", "portraits", tiny().generator, {})
        return {path.name: path.read_bytes() for path in made.iterdir()}


def among(name: str, others: Callable[[], dict[str, bytes]], read: Callable[[Path], object]) -> Callable[[Path], object]:
    """Reads a folder in which the changed file has this name and other files are as they should be."""
    def read_folder(path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            for other, content in {**others(), name: path.read_bytes()}.items():
                (Path(folder) / other).parent.mkdir(exist_ok=True)
                (Path(folder) / other).write_bytes(content)
            read(Path(folder))

    return read_folder


def play(path: Path) -> None:
    for _ in frames_of(open_video(path)):
        pass


CELEBA = b"2\n5_o_Clock_Shadow Male Smiling\n000001.jpg -1  1 -1\n000002.jpg  1 -1  1\n"
FFHQ = json.dumps({str(n): {"category": "training", "in_the_wild": {"file_path": "a.png", "face_landmarks": [[1.5, 2.0]] * 68}}
                   for n in range(2)}).encode()  # fmt: skip
FACTS = {"size": 32, "finished": True, "attributes": ["Male"], "manifest": 64 * "a", "settings": {"seed": 0}}

KINDS: dict[str, tuple[Callable[[], bytes], Callable[[Path], object]]] = {
    # generators
    "zip": (lambda: saved({"g_ema": small_generator().state_dict()}), read_generator),
    "old format": (lambda: saved({"g_ema": small_generator().state_dict()}, old=True), read_generator),
    "StyleGAN2-ADA": (lambda: ada_pickle(small_generator()), read_generator),
    "TensorFlow": (lambda: tensorflow_pickle(small_generator()), read_generator),
    # other networks
    "TorchScript": (written(clip_archive), reading("openai-clip")),
    "e4e": (lambda: saved(e4e_checkpoint(SMALL)), reading("e4e")),
    "ArcFace": (lambda: saved(filled(arcface_shapes(SMALL)), old=True), reading("irse50")),
    "StyleCLIP's mapper": (written(official_mapper), among("a.pt", dict, lambda folder: LatentMapper.load(tiny(), folder / "a.pt"))),
    "landmarks": (model, read_predictor),
    "landmarks, packed": (lambda: bz2.compress(model()), official._landmarks),
    "checkpoint": (written(checkpoint), lambda path: read_torch(path, with_numbers)),
    # files of this project
    "safetensors": (lambda: safetensors_bytes({"a": torch.ones(3, 4), "b": torch.arange(5)}, {"key": "value"}), read_tensors),
    "mapper": (written(lambda path: mapper_file.write(path, Mapper(8, 10, ["all"]), tiny().generator, {"text": "a hat"})),
               lambda path: LatentMapper.load(tiny(), path)),
    "style": (written(lambda path: fast_file.write(path, FastStyle(2, 1), tiny().clip, {"text": "a mosaic"})),
              lambda path: fast_file.read(path, tiny())),
    "directions": (written(directions), lambda path: GlobalDirections.load(tiny(), path)),
    "alignment": (written(lambda path: LatentAlignment.compute(tiny(), faces=20, progress=False).save(path)),
                  lambda path: LatentAlignment.load(tiny(), path)),
    # pictures and videos
    **{kind: (lambda kind=kind: picture(kind), load_image) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")},
    **{f"animated {kind}": (lambda kind=kind: animation(kind), play) for kind in ("PNG", "WEBP", "GIF")},
    "video": (written(video, "a.mp4"), play),
    # texts
    "recipe": (recipe, lambda path: SavedEdit.from_json(path.read_bytes())),
    "style recipe": (lambda: json.dumps({"text": "a mosaic", "style": StyleRecipe(steps=5, region="hair").to_dict()}).encode(),
                     stylize._read),
    "domain.json of official files": (lambda: index_of("ffhq"), among("domain.json", dict, read_index)),
    "domain.json": (lambda: index_of("portraits"), among("domain.json", dict, calibration_of)),
    "settings of a network": (lambda: domain()["domain.json"], among("domain.json", domain, load_generator)),
    "dataset.json": (lambda: json.dumps(FACTS).encode(), among("dataset.json", dict, read_facts)),
    "manifest": (written(lambda path: write_rows(path, [Row("a.png", sha256=64 * "0", attributes=[1, -1]), Row("b.png", left_out="dark")])),
                 read_rows),
    "CelebA's list": (lambda: CELEBA, among("list_attr_celeba.txt", lambda: {"000001.jpg": b""}, find_source)),
    "FFHQ's index": (lambda: FFHQ, among("ffhq-dataset-v2.json", lambda: {"in-the-wild-images/00000.png": b""}, find_source)),
    "notebook": (notebook, read_notebook),
    "message of a student's process": (lambda: encode([torch.ones(2, 3), {"a": (1, 2.5, None)}, "b"]),
                                       lambda path: decode(path.read_bytes())),
}  # fmt: skip

changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=4)
"""Where, how many bytes are taken away, and what comes in their place."""


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_file_is_read_or_refused(kind, tmp_path):
    make, read = KINDS[kind]
    honest, path, end = make(), tmp_path / "file", time.monotonic() + SECONDS
    path.write_bytes(honest)
    read(path)

    @settings(max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(changes)
    def some(places):
        content = bytearray(honest)
        for share, lost, new in places:
            at = int(share * len(content))
            content[at : at + lost] = new
        path.write_bytes(content)
        try:
            read(path)
        except (StyleclipError, WireError) as error:
            assert str(error).isprintable() and len(str(error)) <= 1000

    some()
    while time.monotonic() < end:
        some()
