"""A tiny domain with random weights, and quick stand-ins for the methods that take seconds."""

from __future__ import annotations

import threading
from types import SimpleNamespace

import pytest
import torch

from styleclip_lib.editing.edit import Edit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.widgets import sentence_play


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
        return Edit(w_plus + 1, models.generator.synthesis(w_plus + 1))

    def measure_edit(models, before, after, text):
        return SimpleNamespace(text=text, moved=float((after - before).abs().mean()))

    monkeypatch.setattr(sentence_play, "optimize_latent", optimize_latent)
    monkeypatch.setattr(sentence_play, "measure_edit", measure_edit)
    return seen
