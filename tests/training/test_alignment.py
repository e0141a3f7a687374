"""Training the latent alignment: its losses, a run from start to end, going on, what it enters into the domain."""

import json
import shutil

import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.inversion.alignment import alignment_of, closed_form, pairs, read_facts, shipped_path
from styleclip_lib.models import load_models
from styleclip_lib.networks.alignment import Alignment
from styleclip_lib.training import alignment as module
from styleclip_lib.training.alignment import Settings, Styles, consistency, latent_losses, measure_again, train
from styleclip_lib.weights.domain import INDEX


@pytest.fixture
def folder(tiny_folder, tmp_path):
    return shutil.copytree(tiny_folder, tmp_path / "tiny")


@pytest.fixture(autouse=True)
def few_texts(monkeypatch):
    monkeypatch.setattr(module, "TEXTS", ("a smiling face",))
    monkeypatch.setattr(module, "COMBINED", ("a smiling face with glasses",))


def quick(folder, **settings) -> Settings:
    return Settings(**{"run": folder / "run", "domain": folder, "pairs": 40, "depth": 3, "width": 16, "mixing": 4, "steps": 6,
                       "batch_size": 16, "fresh": 2, "consistency_every": 3, "faces": 2, "renders": 2, "seeds": 2, **settings})


def test_a_map_is_trained_measured_and_added(folder):
    metrics = train(quick(folder))
    assert set(metrics) == {"closed form", "network"}
    assert {"alignment, psnr (dB)", "encoder, identity"} <= set(metrics["network"]["invented faces"]) and "renders" in metrics["network"]
    models = load_models(folder, "cpu")
    assert alignment_of(models).trunk[-1].weight.abs().max() > 0, "it has learnt"
    entry = json.loads((folder / INDEX).read_text())["files"]["alignment"]
    assert entry["training"]["metrics"] == metrics and shipped_path(models).is_file()
    assert read_facts(folder / "alignment.safetensors").depth == 3 and "belongs to this generator" in (folder / "alignment.md").read_text()
    assert measure_again(quick(folder))["network"]["invented faces"].keys() == metrics["network"]["invented faces"].keys()


def test_the_closed_form_alone(folder):
    assert set(train(quick(folder, depth=0))) == {"closed form"}
    assert read_facts(folder / "alignment.safetensors").depth == 0


def test_what_cannot_be_trained(folder):
    with pytest.raises(StyleclipError, match="--pairs"):
        train(quick(folder, pairs=1))
    assert "alignment" not in json.loads((folder / INDEX).read_text())["files"]


def test_the_losses_fall_on_pairs_that_are_learnt(tiny):
    torch.manual_seed(0)
    w, embedding = pairs(tiny, 60, progress=False)
    network = Alignment(tiny.generator.num_ws, 10, 16, depth=3, width=32, mixing=8)
    network.solve(embedding, w, 0.01, 0.01)
    settings, styles = Settings(batch_size=128, ridge_text=0.0), Styles(tiny, w)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.02)

    def terms(step):
        return latent_losses(network, styles, w, embedding, settings, torch.Generator().manual_seed(step))

    before = {name: term.item() for name, term in terms(0).items()}
    for step in range(80):
        optimizer.zero_grad()
        sum(terms(step).values()).backward()
        optimizer.step()
    for name, term in terms(0).items():
        assert term < 0.95 * before[name], name


def test_the_loss_of_a_perfect_map_is_zero(tiny):
    """Of pairs that are exactly linear, without noise."""
    w, _ = pairs(tiny, 40, progress=False)
    embedding = w @ torch.randn(10, 16, generator=torch.Generator().manual_seed(1))
    network = Alignment(tiny.generator.num_ws, 10, 16)
    network.solve(embedding, w, 1e-9, 1e-9)
    terms = latent_losses(network, Styles(tiny, w), w, embedding, Settings(batch_size=16, ridge_text=0.0), torch.Generator().manual_seed(0))
    assert terms["w"] < 1e-3 and terms["s"] < 1e-3


def test_consistency_is_zero_for_the_faces_own_codes_and_has_a_gradient(tiny):
    network = closed_form(tiny, 40, progress=False).requires_grad_(True)
    w, embedding = pairs(tiny, 3, seed=5, progress=False)
    terms = consistency(network, tiny, w, embedding)
    assert all(0 <= term < 2 for term in terms.values())
    network.codes = lambda embedding: w[:, None].expand(-1, tiny.generator.num_ws, -1)
    own = consistency(network, tiny, w, embedding)
    assert own["identity"] < 1e-2 and own["clip"] < 1e-2
