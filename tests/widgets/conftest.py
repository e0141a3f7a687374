"""A tiny domain with random weights, and quick stand-ins for the methods that take seconds."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
import torch
from PIL import Image

import styleclip_lib
from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.mapper import LatentMapper
from styleclip_lib.editing.recipes import Optimization
from styleclip_lib.editing.result import Edit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.mapper import Mapper
from styleclip_lib.widgets.lessons import sentence as sentence_play
from styleclip_lib.widgets.studio import edits as studio_edits
from styleclip_lib.widgets.studio import faces as studio_faces


class Toy:
    """As `Models`, with 16 pixels."""

    def __init__(self):
        torch.manual_seed(0)
        self.domain, self.device = "toy", torch.device("cpu")
        self.generator = Generator(16, 8, 8, 2, {4: 8, 8: 8, 16: 8}).eval().requires_grad_(False)
        for _, layer in self.generator.synthesis.conv_layers():
            layer.noise_strength.fill_(0.5)
        self.clip = SimpleNamespace(encode_text=self._encode_text)

    def sample(self, seed, truncation_psi=0.7):
        z = torch.randn(1, 8, generator=torch.Generator().manual_seed(seed))
        return self.generator.mapping(z, truncation_psi)

    @staticmethod
    def _encode_text(texts):
        if "tiara" in texts[0]:
            raise StyleclipError("This domain's CLIP has never seen the word 'tiara'.")


@pytest.fixture
def toy() -> Toy:
    return Toy()


@pytest.fixture
def quick(monkeypatch) -> SimpleNamespace:
    """Stand-ins; `gate` holds an edit back until it is set."""
    seen = SimpleNamespace(edits=[], gate=threading.Event())
    seen.gate.set()

    def optimize_latent(models, w_plus, text, *, steps, progress):
        seen.gate.wait(10)
        seen.edits.append((text, steps, progress))
        return Edit(Face(w_plus, models.generator), Face(w_plus + 1, models.generator), Optimization())

    def measure_edit(models, before, after, text):
        return SimpleNamespace(text=text, moved=float((after - before).abs().mean()))

    monkeypatch.setattr(sentence_play, "optimize_latent", optimize_latent)
    monkeypatch.setattr(sentence_play, "measure_edit", measure_edit)
    return seen


@pytest.fixture
def directions(tiny):
    """Of both kinds of channels, with made-up effects."""
    generator = torch.Generator().manual_seed(1)

    def made_up(channels):
        effects = torch.nn.functional.normalize(torch.randn(channels, 16, generator=generator), dim=1)
        return torch.rand(channels, generator=generator), effects

    std, effects = made_up(tiny.generator.num_channels)
    rgb_std, rgb_effects = made_up(tiny.generator.num_rgb_channels)
    return GlobalDirections(tiny, torch.zeros_like(std), std, effects, {"kind": "test"}, rgb_std=rgb_std, rgb_effects=rgb_effects)


@pytest.fixture
def world(tiny, directions, tmp_path, monkeypatch):
    """The tiny domain as if it came with directions and a mapper, and with one portrait in the gallery."""
    network = Mapper(tiny.generator.num_ws, tiny.generator.w_dim, ["coarse", "medium"])
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.3, generator=torch.Generator().manual_seed(2))
    mapper = LatentMapper(tiny, network.requires_grad_(False), {"text": "a smiling face"})
    (tmp_path / "images").mkdir()
    Image.effect_noise((32, 32), 80).convert("RGB").save(tmp_path / "images" / "anna.png")
    monkeypatch.setattr(LatentMapper, "load", classmethod(lambda cls, models, name: mapper))
    monkeypatch.setattr(GlobalDirections, "available", classmethod(lambda cls, models, progress=True: directions))
    monkeypatch.setattr(studio_faces, "data_folder", lambda: tmp_path)
    monkeypatch.setattr("styleclip_lib.paths.data_folder", lambda: tmp_path)
    monkeypatch.setattr(studio_edits, "shipped_mappers", lambda models: ["smile"])
    monkeypatch.setattr(styleclip_lib, "load_models", lambda domain: tiny, raising=False)
    monkeypatch.setattr(studio_faces, "STEPS", 2)
    monkeypatch.setattr("styleclip_lib.widgets.studio.code.STEPS", 2)
    return tiny
