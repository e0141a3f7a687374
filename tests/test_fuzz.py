"""Honest files, changed at random: each is read, or refused in one line. `make fuzz` does this for as long as one likes."""

from __future__ import annotations

import io
import json
import os
import time

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save as safetensors_bytes

from styleclip_lib.editing.recipes import Change, ChannelShift, Directions
from styleclip_lib.editing.saved_edit import SavedEdit
from styleclip_lib.editing.sources import Blended, Edited, File, Mixed, Portrait, Seed
from styleclip_lib.errors import StyleclipError
from styleclip_lib.images import load_image
from styleclip_lib.paths import data_folder
from styleclip_lib.photos.landmarks import read_predictor
from styleclip_lib.weights.domain import read_index
from styleclip_lib.weights.readers.any_generator import read_generator
from styleclip_lib.weights.tensor_file import read_tensors
from tests.weights.hostile_parts import saved
from tests.weights.official_files import ada_pickle, small_generator, tensorflow_pickle
from tests.weights.readers.test_dlib_landmarks import model

SECONDS = float(os.environ.get("FUZZ_SECONDS", "1"))
"""For each kind of file."""


def picture(kind: str) -> bytes:
    file = io.BytesIO()
    Image.effect_noise((40, 30), 60).convert("RGB").save(file, kind)
    return file.getvalue()


def recipe() -> bytes:
    """A saved edit with every kind of face in it."""
    faces = (Seed(3, 0.5), Portrait(name="anna", steps=4), File(name="me.png", face=1), Mixed(Seed(1), Seed(2), (2, 4)))
    face = Edited(Blended(faces, (0.25,) * 4), ChannelShift(layer="b8.conv1", number=3))
    recipe = Directions(changes=(Change("a smiling face", alpha=2.0), Change("a hat", alpha=-1.0)))
    return json.dumps(SavedEdit(face=face, text="a smile", recipe=recipe).to_dict()).encode()


KINDS = {
    "zip": (lambda: saved({"g_ema": small_generator().state_dict()}), read_generator),
    "old format": (lambda: saved({"g_ema": small_generator().state_dict()}, old=True), read_generator),
    "StyleGAN2-ADA": (lambda: ada_pickle(small_generator()), read_generator),
    "TensorFlow": (lambda: tensorflow_pickle(small_generator()), read_generator),
    "safetensors": (lambda: safetensors_bytes({"a": torch.ones(3, 4), "b": torch.arange(5)}, {"key": "value"}), read_tensors),
    "landmarks": (model, read_predictor),
    **{kind: (lambda kind=kind: picture(kind), load_image) for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")},
    "recipe": (recipe, lambda path: SavedEdit.from_json(path.read_bytes())),
    "domain.json": (lambda: (data_folder() / "models" / "ffhq" / "domain.json").read_bytes(), lambda path: read_index(path.parent)),
}

changes = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 6), st.binary(max_size=6)), min_size=1, max_size=4)
"""Where, how many bytes are taken away, and what comes in their place."""


@pytest.mark.full
@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_file_is_read_or_refused(kind, tmp_path):
    make, read = KINDS[kind]
    honest, path, end = make(), tmp_path / "domain.json", time.monotonic() + SECONDS

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
        except StyleclipError as error:
            assert str(error).isprintable() and len(str(error)) <= 1000

    some()
    while time.monotonic() < end:
        some()
