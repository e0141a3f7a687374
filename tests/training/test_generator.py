"""Training the generator from beginning to end, very small, on pictures of three factors."""

import dataclasses
import functools
import hashlib
import json
import math
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.attributes import Attributes
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.portraits.world.factors import from_uniform, sample
from styleclip_lib.portraits.world.latents import Z_DIM, latents_of_uniform
from styleclip_lib.training import generator as training
from styleclip_lib.training import quality
from styleclip_lib.training.coding import attribute_loss
from styleclip_lib.training.data import to_float, uniform
from styleclip_lib.training.generator import Likeness, Settings, _set_mean_w, _stage, train
from styleclip_lib.training.loop import Run
from styleclip_lib.weights.domain import load_network, save_network

pytestmark = pytest.mark.slow

CHANNELS = {4: 8, 8: 8, 16: 8}
COPIED, PLAYED = 80, 7


class Colors:
    """As `Portraits`, without people: a colour, as red as the head is turned, green as it is raised, blue as it is lit."""

    asked: list = []

    def __init__(self, settings):
        numbers = uniform(settings.count, settings.seed)
        self.factors, self.latents = from_uniform(numbers), latents_of_uniform(numbers, settings.seed)
        self.asked.append((settings.count, settings.size, settings.seed))

    def __len__(self):
        return len(self.factors)

    def images(self, index):
        three = torch.stack([self.factors.yaw, self.factors.pitch, self.factors.light], 1)[index]
        return ((three + 1) * 127.5).round().byte()[:, :, None, None].expand(-1, -1, 16, 16).clone()


def watched(monkeypatch, stop_at=None):
    """Puts small pictures and few measurements into place. Returns a list to which every step adds its losses.

    stop_at = a step of the game against the discriminator at which a Ctrl-C comes
    """
    seen, all_steps = [], Run.steps

    def steps(run, total):
        for step in all_steps(run, total):
            if step == stop_at and run.folder.name == "play":
                raise KeyboardInterrupt
            yield step

    def log(run, **values):
        seen.append({name: float(torch.as_tensor(value).detach()) for name, value in values.items()})

    counts = quality.Counts(shares=60, faces=2, distance=30, inversions=2)
    monkeypatch.setattr(training, "Portraits", Colors)
    monkeypatch.setattr(training, "measure_generator", functools.partial(quality.measure_generator, counts=counts))
    monkeypatch.setattr(quality, "faces_found", lambda images: 0.25 * len(images))
    monkeypatch.setattr(quality, "inversion_psnr", functools.partial(quality.inversion_psnr, steps=20))
    monkeypatch.setattr(Run, "log", log)
    monkeypatch.setattr(Run, "steps", steps)
    return seen


@pytest.fixture
def seen(monkeypatch):
    return watched(monkeypatch)


SMALL = {
    "count": 200, "img_resolution": 16, "w_dim": 104, "num_mapping_layers": 2, "channels": CHANNELS,
    "d_channels": CHANNELS, "mapping_steps": 100, "copy_stages": ((8, 60, 0.1), (16, 20, 0.05)), "steps": PLAYED,
    "batch_size": 32, "reading": 0.02, "r1_every": 4, "path_every": 4, "average": 120.0,
}  # fmt: skip


def settings(folder, **changes):
    return Settings(run=folder / "run", domain=folder / "domain", **{**SMALL, **changes})


def make_domain(folder, leave_out=None):
    """The networks that judge pictures, their weights random."""
    torch.manual_seed(0)
    networks = {"perceptual": (Perceptual((4, 4)), {}), "attributes": (Attributes((4, 4), 8), {"hidden": 8})}
    for name, (network, config) in networks.items():
        if name != leave_out:
            save_network(folder, name, network, {"widths": (4, 4), **config}, {})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("generator")
    make_domain(folder / "domain")
    return folder


@pytest.fixture(scope="module")
def trained(folder):
    with pytest.MonkeyPatch.context() as monkeypatch:
        seen = watched(monkeypatch)
        metrics = train(settings(folder))
    return SimpleNamespace(metrics=metrics, copied=seen[:COPIED], played=seen[COPIED:])


@pytest.fixture(scope="module")
def saved(folder, trained):
    return load_network(folder / "domain", "generator", Generator)


def test_copying_is_learnt(trained):
    assert len(trained.copied) == COPIED
    losses = [step["loss"] for step in trained.copied]
    assert np.mean(losses[55:60]) < 0.75 * np.mean(losses[:5]), "small pictures"
    assert np.mean(losses[-5:]) < np.mean(losses[60:62]) + 0.05, "and what was learnt stays, at full size"


def test_a_latent_is_drawn_as_its_portrait(saved):
    """Also if it was never seen: the more its head is turned, the redder it is, and so on."""
    portraits = Colors(SimpleNamespace(count=200, size=16, seed=1))
    renders = to_float(portraits.images(torch.arange(200)))
    drawn = saved(portraits.latents)
    found = torch.corrcoef(torch.cat([drawn.mean((2, 3)), renders.mean((2, 3))], 1).T)[:3, 3:]
    assert found.diagonal().mean() > 0.3 and found.diagonal().min() > 0.1
    assert (drawn - renders).abs().mean() < (drawn - renders.roll(1, 0)).abs().mean()


def test_the_game_is_played(trained):
    assert len(trained.played) == PLAYED
    assert all(math.isfinite(value) for step in trained.played for value in step.values())
    assert all(0 < step["d_loss"] < 10 and 0 < step["g_loss"] < 10 for step in trained.played)
    path = [step["path"] for step in trained.played]
    assert path[0] == path[3] > 0 and path[4] == path[6] != path[0], "the path length is asked for at every fourth step"
    copied = np.mean([step["copied"] for step in trained.played])
    assert copied < 1.5 * trained.copied[-1]["loss"], "what was copied is not lost"


def test_the_generator_is_measured(trained):
    metrics = trained.metrics
    assert 0 <= metrics["largest gap of a share"] <= 1 and "=" in metrics["where"]
    assert metrics["faces dlib finds in samples"] == metrics["faces dlib finds in renders"] == 0.5
    assert metrics["frechet distance"] >= metrics["frechet distance of renders"] >= -1e-3
    assert 0 < metrics["median psnr of inverted held-out renders (dB)"] < 60
    assert Colors.asked[:2] == [(200, 16, 0), (1000, 16, 1)], "inverted were portraits that were never seen"


def test_the_network_is_entered_in_the_domain(folder, trained):
    text = (folder / "domain" / "domain.json").read_text(encoding="utf-8")
    assert set(json.loads(text)["files"]) == {"attributes", "generator", "perceptual"}
    entry = json.loads(text)["files"]["generator"]
    path = folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry["bytes"] == path.stat().st_size
    channels = {str(resolution): number for resolution, number in CHANNELS.items()}
    assert entry["config"] == {
        "img_resolution": 16, "z_dim": Z_DIM, "w_dim": 104, "num_mapping_layers": 2, "channels": channels,
    }  # fmt: skip
    assert entry["training"]["command"] == "styleclip train generator"
    assert entry["training"]["metrics"] == trained.metrics
    assert entry["training"]["settings"]["copy_stages"] == [[8, 60, 0.1], [16, 20, 0.05]]
    assert str(folder) not in text, "no folder of this machine is written down"
    assert (folder / "domain" / "generator.md").read_text(encoding="utf-8").startswith("# generator")


def test_the_averaged_generator_is_published(folder, saved):
    state = torch.load(folder / "run" / "play" / "checkpoint.pt", weights_only=True, map_location="cpu")
    average, latest = (Generator(16, Z_DIM, 104, 2, CHANNELS).eval() for _ in range(2))
    average.load_state_dict(state["average"])
    latest.load_state_dict(state["generator"])
    z = torch.randn(4, Z_DIM, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        published = saved(z)
        torch.testing.assert_close(published, average(z), rtol=0.02, atol=0.02)
        to_average, to_latest = ((published - network(z)).abs().mean() for network in (average, latest))
    assert to_latest > 3 * to_average, "what lies between is half precision"


def test_truncation_moves_toward_the_mean_of_w(folder, saved):
    """Measured when training has ended, and not what the mapping network's own lessons left there."""
    state = torch.load(folder / "run" / "play" / "checkpoint.pt", weights_only=True, map_location="cpu")
    average = Generator(16, Z_DIM, 104, 2, CHANNELS)
    average.load_state_dict(state["average"])
    _set_mean_w(average)
    torch.testing.assert_close(saved.mapping.w_avg, average.mapping.w_avg, rtol=0, atol=1e-4)
    w = saved.mapping.w(torch.randn(20_000, Z_DIM, generator=torch.Generator().manual_seed(5)))
    torch.testing.assert_close(saved.mapping.w_avg, w.mean(0), rtol=0, atol=0.05)
    assert w.std(0).min() > 0.1, "and w is no constant"


def test_sheets_of_samples(folder, trained):
    small = Image.open(folder / "run" / "copy" / "copy-000000.png")
    large = Image.open(folder / "run" / "play" / "play-000000.png")
    assert small.width < large.width, "the first stage draws small pictures"


def test_the_same_command_again_finds_nothing_left_to_do(folder, trained, seen, monkeypatch):
    before = (folder / "domain" / "generator.safetensors").read_bytes()
    monkeypatch.setattr(training, "teach_mapping", None)
    assert train(settings(folder)) == trained.metrics
    assert seen == []
    assert (folder / "domain" / "generator.safetensors").read_bytes() == before


def test_stopping_leaves_the_domain_as_it_was_and_the_same_command_goes_on(folder, trained, monkeypatch):
    before = {path: path.read_bytes() for path in (folder / "domain").iterdir()}
    few = {"copy_stages": ((16, 3, 1e-2),), "mapping_steps": 2, "steps": 4}
    other = dataclasses.replace(settings(folder, **few), run=folder / "stopped")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        watched(patch, stop_at=1)
        train(other)
    assert {path: path.read_bytes() for path in (folder / "domain").iterdir()} == before
    monkeypatch.setattr(training, "teach_mapping", None)
    seen = watched(monkeypatch)
    train(dataclasses.replace(other, domain=copy_of(folder / "domain", folder / "other")))
    assert len(seen) == 3 and all("d_loss" in step for step in seen), "copying was done, and one step of the game"


def copy_of(domain, new):
    new.mkdir()
    for path in domain.iterdir():
        (new / path.name).write_bytes(path.read_bytes())
    return new


@pytest.mark.parametrize("missing", ["perceptual", "attributes"])
def test_without_the_networks_that_judge_nothing_begins(missing, tmp_path, seen):
    make_domain(tmp_path / "domain", leave_out=missing)
    with pytest.raises(StyleclipError, match=f"no {missing}"):
        train(settings(tmp_path))
    assert seen == [] and not (tmp_path / "run").exists()


def test_the_likeness_of_a_copy(folder):
    """Pixels alone where nothing else has a weight; each weight adds its part, and both parts reach the picture."""
    images, renders = (torch.rand(8, 3, 16, 16, generator=torch.Generator().manual_seed(k)) * 2 - 1 for k in (0, 1))
    factors = sample(8, seed=0)

    def likeness(**weights):
        return Likeness(settings(folder, **{"perceptual": 0.0, "reading": 0.0, **weights}))(images, renders, factors)

    pixels = (images - renders).abs().mean()
    torch.testing.assert_close(likeness(), pixels)
    judge = Likeness(settings(folder))
    seen, read = judge.perceptual(images, renders).mean(), attribute_loss(judge.attributes.code(images), factors, 1.0)
    torch.testing.assert_close(likeness(perceptual=3.0), pixels + 3 * seen, rtol=0.02, atol=0)
    torch.testing.assert_close(likeness(reading=0.5), pixels + 0.5 * read, rtol=0.02, atol=0)
    assert not any(p.requires_grad for p in judge.parameters()), "the judges learn nothing"
    images.requires_grad_()
    (plain,) = torch.autograd.grad(likeness(), images)
    for weights in ({"perceptual": 1.0}, {"reading": 1.0}):
        (gradient,) = torch.autograd.grad(likeness(**weights), images)
        assert not torch.equal(gradient, plain), weights


def test_stages_of_copying():
    stages = ((32, 100, 0.3), (64, 10, 0.03))
    assert _stage(0, stages) == (32, 0.3)
    assert [_stage(step, stages)[0] for step in (99, 100, 109, 110, 500)] == [32, 64, 64, 64, 64]
    rates = [_stage(step, stages)[1] for step in range(120)]
    assert all(a > b for a, b in pairwise(rates[:100]))
    assert rates[99] == pytest.approx(0.1, rel=0.05) and rates[100] == 0.03
    assert rates[109:] == pytest.approx([0.01] * 11, rel=0.25)
