"""Training the generator from beginning to end, very small, in a world of three colours and three shapes."""

import dataclasses
import functools
import hashlib
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.networks.generator import Generator
from styleclip_lib.training import data, quality
from styleclip_lib.training import generator as training
from styleclip_lib.training.data import DataSettings, Portraits, to_float
from styleclip_lib.training.generator import Settings, train
from styleclip_lib.training.loop import Run
from styleclip_lib.weights.domain import load_network
from tests.training.tiny_world import TINY, Z_DIM

pytestmark = pytest.mark.slow

CHANNELS = {4: 16, 8: 16, 16: 16}
SMALL = {
    "count": 300, "first": 100, "img_resolution": 16, "w_dim": 16, "num_mapping_layers": 3, "channels": CHANNELS,
    "d_channels": (8, 8, 8, 8), "copy_stages": ((8, 60, 16), (16, 40, 16)), "mapping_steps": 150, "mapping_batch": 128,
    "mapping_lr": 0.05, "affine": 1.0, "muon_lr": 0.05, "steps": 7, "batch_size": 8, "play_rate": 20.0,
    "average": 60.0, "sheet_every": 50,
}  # fmt: skip
PARTS = ("copy", "mapping", "play")


def settings(folder, **changes):
    return Settings(run=folder / "run", data=folder / "data", domain=folder / "domain", **{**SMALL, **changes})


def watched(monkeypatch, stop_at=None):
    """Small measurements, renders by this process. Returns for each part what its steps log.

    stop_at = (part, step) at which a Ctrl-C comes
    """
    seen, all_steps = {part: [] for part in PARTS}, Run.steps

    def steps(run, total):
        for step in all_steps(run, total):
            if (run.folder.name, step) == stop_at:
                raise KeyboardInterrupt
            yield step

    def log(run, **values):
        seen[run.folder.name].append({name: float(torch.as_tensor(value).detach()) for name, value in values.items()})

    counts = quality.Counts(latents=60, faces=2, inversions=2, steps=1)
    monkeypatch.setattr(data, "drawn", functools.partial(_drawn_here, data.drawn))
    monkeypatch.setattr(data, "CHUNK", 100)
    monkeypatch.setattr(training, "measure_generator", functools.partial(quality.measure_generator, counts=counts))
    monkeypatch.setattr(quality, "inversion_psnr", functools.partial(quality.inversion_psnr, steps=20))
    monkeypatch.setattr(Run, "log", log)
    monkeypatch.setattr(Run, "steps", steps)
    return seen


def _drawn_here(drawn, world, factors, size, processes):
    """As `data.drawn`, without other processes."""
    return drawn(world, factors, size, 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("generator")


@pytest.fixture(scope="module")
def trained(folder):
    with pytest.MonkeyPatch.context() as monkeypatch:
        seen = watched(monkeypatch)
        metrics = train(settings(folder), TINY)
    return SimpleNamespace(metrics=metrics, **seen)


@pytest.fixture(scope="module")
def saved(folder, trained):
    return load_network(folder / "domain", "generator", Generator)


def test_copying_is_learnt(trained):
    losses = [step["loss"] for step in trained.copy]
    assert len(losses) == 100
    assert np.mean(losses[50:60]) < 0.9 * np.mean(losses[:10]), "small pictures"
    assert np.mean(losses[-10:]) < np.mean(losses[:10]), "and what was learnt stays, at full size"


def test_a_latent_is_drawn_as_its_portrait(folder, saved, monkeypatch):
    """Also if it was never seen."""
    watched(monkeypatch)
    portraits = Portraits(DataSettings(folder / "data", 60, 16, seed=1), progress=False, world=TINY)
    renders = to_float(portraits.images(torch.arange(60)))
    drawn = saved(portraits.latents)
    found = torch.corrcoef(torch.cat([drawn.mean((2, 3)), renders.mean((2, 3))], 1).T)[:3, 3:]
    assert found.diagonal().min() > 0.5
    assert (drawn - renders).abs().mean() < 0.8 * (drawn - renders.roll(1, 0)).abs().mean()


def test_the_discriminator_is_played_against(trained):
    assert len(trained.play) == 7
    assert all(math.isfinite(value) for step in trained.play for value in step.values())
    assert np.mean([step["copied"] for step in trained.play]) < 1.5 * trained.copy[-1]["loss"], "what was copied is not lost"


def test_the_generator_is_measured(trained):
    metrics = trained.metrics
    assert {"laplacian", "direct_psnr", "inverted_psnr", "faces", "faces_in_renders", "discriminator"} == set(metrics)
    assert metrics["direct_psnr"] > 8 and 0 < metrics["laplacian"] < 3


def test_the_network_is_entered_in_the_domain(folder, trained):
    text = (folder / "domain" / "domain.json").read_text(encoding="utf-8")
    entry = json.loads(text)["files"]["generator"]
    path = folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    channels = {str(resolution): number for resolution, number in CHANNELS.items()}
    assert entry["config"] == {
        "img_resolution": 16, "z_dim": Z_DIM, "w_dim": 16, "num_mapping_layers": 3, "channels": channels,
    }  # fmt: skip
    assert entry["training"]["command"] == "styleclip train generator"
    assert entry["training"]["metrics"] == trained.metrics
    assert str(folder) not in text, "no folder of this machine is written down"
    assert (folder / "domain" / "generator.md").read_text(encoding="utf-8").startswith("# generator")


def test_the_averaged_generator_is_published(folder, saved):
    state = torch.load(folder / "run" / "play" / "checkpoint.pt", weights_only=True, map_location="cpu")
    average, latest = (Generator(16, Z_DIM, 16, 3, CHANNELS).eval() for _ in range(2))
    average.load_state_dict(state["average"])
    latest.load_state_dict(state["generator"])
    z = torch.randn(4, Z_DIM, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        published = saved(z)
        to_average, to_latest = ((published - network(z)).abs().mean() for network in (average, latest))
    assert to_latest > 3 * to_average, "what lies between is half precision"


def test_truncation_moves_toward_the_mean_of_w(saved):
    w = saved.mapping.w(torch.randn(20_000, Z_DIM, generator=torch.Generator().manual_seed(5)))
    torch.testing.assert_close(saved.mapping.w_avg, w.mean(0), rtol=0, atol=0.05)
    assert w.std(0).min() > 0.1, "and w is no constant"


def test_sheets_of_samples(folder, trained):
    small, large = (Image.open(folder / "run" / "copy" / f"copy-0000{step}.png") for step in ("00", "50"))
    assert small.size == large.size, "both in the first stage"
    assert (folder / "run" / "play" / "play-000000.png").exists()


def test_the_same_command_again_finds_nothing_left_to_do(folder, trained, monkeypatch):
    before = (folder / "domain" / "generator.safetensors").read_bytes()
    seen = watched(monkeypatch)
    assert train(settings(folder), TINY)["direct_psnr"] == trained.metrics["direct_psnr"]
    assert not any(seen.values())
    assert (folder / "domain" / "generator.safetensors").read_bytes() == before


FEW = {"count": 100, "copy_stages": ((8, 2, 8), (16, 3, 8)), "mapping_steps": 4, "steps": 3}


@pytest.fixture(scope="module")
def straight(folder):
    """The weights after a short training without a break."""
    short = dataclasses.replace(settings(folder, **FEW), run=folder / "straight", domain=folder / "straight domain")
    with pytest.MonkeyPatch.context() as monkeypatch:
        watched(monkeypatch)
        train(short, TINY)
    return load_network(short.domain, "generator", Generator).state_dict()


@pytest.mark.parametrize("part, step", [("copy", 3), ("mapping", 2), ("play", 2)])
def test_stopped_anywhere_the_same_command_goes_on(folder, straight, part, step, monkeypatch):
    stopped = dataclasses.replace(settings(folder, **FEW), run=folder / f"stopped {part}", domain=folder / f"domain {part}")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        watched(patch, stop_at=(part, step))
        train(stopped, TINY)
    assert not stopped.domain.exists(), "nothing that is trained by half is published"
    seen = watched(monkeypatch)
    train(stopped, TINY)
    done = dict(zip(PARTS, (5, 4, 3)))
    assert len(seen[part]) == done[part] - step
    assert not any(seen[earlier] for earlier in PARTS[: PARTS.index(part)])
    again = load_network(stopped.domain, "generator", Generator).state_dict()
    for name, value in straight.items():
        torch.testing.assert_close(again[name], value, rtol=0.02, atol=0.02, msg=name)
