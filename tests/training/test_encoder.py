"""Training the encoder from beginning to end, very small, on pictures that the generator can draw."""

import dataclasses
import hashlib
import json
import math
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.encoder import Encoder
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.identity import Identity
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.training import encoder, encoding
from styleclip_lib.training.encoder import Settings, measured, train
from styleclip_lib.training.loop import Run
from styleclip_lib.training.worlds import ALIGNED, FREE
from styleclip_lib.weights.domain import load_network, save_network

pytestmark = pytest.mark.slow

WIDTHS = (8, 8, 8)
CONFIG = {"img_resolution": 16, "z_dim": 12, "w_dim": 10, "num_mapping_layers": 2, "channels": {4: 8, 8: 8, 16: 8}}


def make_generator():
    torch.manual_seed(3)
    generator = Generator(**CONFIG).eval().requires_grad_(False)
    generator.mapping.w_avg.copy_(generator.mapping.w(torch.randn(2000, 12)).mean(0))
    return generator


class Drawn:
    """As `Portraits`, but the pictures are the generator's: an encoder can learn to draw them again."""

    asked: list = []

    def __init__(self, settings, world=FREE):
        self.latents = torch.randn(settings.count, 12, generator=torch.Generator().manual_seed(settings.seed))
        pictures = make_generator()(self.latents).clamp(-1, 1)
        self.pictures = ((pictures + 1) * 127.5).round().byte()
        self.world = world
        self.asked.append((settings.count, settings.size, settings.seed))

    def __len__(self):
        return len(self.latents)

    def images(self, index):
        return self.pictures[index]


def watched(monkeypatch, stop_at=None):
    """Puts the small pictures into place. Returns a list to which every step adds its losses; a Ctrl-C may come at one."""
    seen, all_steps = [], Run.steps

    def steps(run, total):
        for step in all_steps(run, total):
            if step == stop_at:
                raise KeyboardInterrupt
            yield step

    def log(run, **values):
        seen.append({name: value.item() for name, value in values.items()})

    monkeypatch.setattr(encoding, "Portraits", Drawn)
    monkeypatch.setattr(Run, "log", log)
    monkeypatch.setattr(Run, "steps", steps)
    return seen


@pytest.fixture
def seen(monkeypatch):
    return watched(monkeypatch)


def make_domain(folder):
    torch.manual_seed(0)
    save_network(folder, "generator", make_generator(), CONFIG, {})
    save_network(folder, "perceptual", Perceptual(WIDTHS), {"widths": WIDTHS}, {})
    save_network(folder, "identity", Identity(WIDTHS, 8, 16), {"widths": WIDTHS, "embedding_dim": 8, "input_size": 16}, {})


SMALL = {
    "count": 300, "widths": WIDTHS, "steps": 60, "samples_each": 12, "pictures_each": 12, "lr": 0.02, "lambda_w": 1.0,
    "lambda_l2": 1.0, "lambda_lpips": 0.3, "lambda_id": 0.1,
}  # fmt: skip


def settings(folder, **changes):
    return Settings(run=folder / "run", domain=folder / "domain", **{**SMALL, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    make_domain(folder / "domain")
    return folder


@pytest.fixture(scope="module")
def trained(folder):
    with pytest.MonkeyPatch.context() as monkeypatch:
        seen = watched(monkeypatch)
        return SimpleNamespace(metrics=train(settings(folder)), seen=seen)


def mean_of(seen, name, where):
    return np.mean([step[name] for step in seen[where]])


def test_the_losses_fall(trained):
    assert len(trained.seen) == 60
    for name, share in (("loss", 0.7), ("loss_w", 0.8), ("loss_lpips", 0.9)):
        assert mean_of(trained.seen, name, slice(-10, None)) < share * mean_of(trained.seen, name, slice(0, 5)), name


@pytest.mark.parametrize(("resolution", "world"), [(128, FREE), (256, ALIGNED)])
def test_renders_are_of_the_world_that_the_generator_draws(monkeypatch, resolution, world):
    def asked(settings, world):
        worlds.append(world)
        return SimpleNamespace(images=lambda index: index)

    worlds: list = []
    monkeypatch.setattr(encoding, "Portraits", asked)
    monkeypatch.setattr(encoding, "sensitivity", lambda *arguments: torch.eye(2))
    generator = SimpleNamespace(img_resolution=resolution)
    encoding.Renders(Settings(), generator)
    encoding.held_out_renders(Settings(), generator, 3)
    assert worlds == [world, world]


def test_held_out_pictures_are_drawn_better_than_the_mean_picture(trained, monkeypatch):
    assert trained.metrics["pictures"] == 200
    value = trained.metrics["median psnr (dB)"]
    held_out = Drawn(SimpleNamespace(count=1000, size=16, seed=1)).pictures[:200].float()
    generator = make_generator()
    mean = generator.synthesis(generator.mapping.w_avg.expand(1, generator.num_ws, -1)).clamp(-1, 1)
    error = (held_out / 255 - (mean + 1) / 2).square().mean((1, 2, 3))
    assert value > -10 * math.log10(error.median()) + 1


def test_it_is_measured_on_unseen_pictures(trained):
    assert sorted(Drawn.asked[:2]) == [(300, 16, 0), (1000, 16, 1)]


def test_the_network_is_entered_in_the_domain(folder, trained):
    text = (folder / "domain" / "domain.json").read_text(encoding="utf-8")
    assert set(json.loads(text)["files"]) == {"generator", "perceptual", "identity", "encoder"}
    entry = json.loads(text)["files"]["encoder"]
    path = folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry["bytes"] == path.stat().st_size
    assert entry["config"] == {"num_ws": 6, "w_dim": 10, "widths": list(WIDTHS), "input_size": 16}
    assert entry["training"]["command"] == "styleclip train encoder"
    assert entry["training"]["metrics"] == trained.metrics
    assert entry["training"]["settings"]["steps"] == 60
    assert str(folder) not in text, "no folder of this machine is written down"
    card = (folder / "domain" / "encoder.md").read_text(encoding="utf-8")
    assert card.startswith("# encoder") and str(trained.metrics["median psnr (dB)"]) in card


def test_what_was_saved_reads_as_the_trained_one(folder, trained):
    saved = load_network(folder / "domain", "encoder", Encoder)
    state = torch.load(folder / "run" / "checkpoint.pt", weights_only=True, map_location="cpu")["network"]
    network = Encoder(6, 10, WIDTHS, 16)
    network.load_state_dict(state)
    images = torch.rand(4, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.testing.assert_close(saved(images), network.eval()(images), rtol=0.02, atol=0.02)
    torch.testing.assert_close(saved.w_avg, make_generator().mapping.w_avg)


def test_it_is_measured_again(folder, trained, monkeypatch):
    monkeypatch.setattr(encoding, "Portraits", Drawn)
    again = encoder.measure_again(settings(folder))
    assert again == pytest.approx(trained.metrics, abs=0.05), "up to half precision"


def test_a_sheet_shows_pictures_and_what_became_of_them(folder, trained):
    assert [path.name for path in (folder / "run").glob("encoder-*.png")] == ["encoder-000000.png"]


def test_the_same_command_again_finds_nothing_left_to_do(folder, trained, seen):
    before = (folder / "domain" / "encoder.safetensors").read_bytes()
    assert train(settings(folder)) == trained.metrics
    assert seen == []
    assert (folder / "domain" / "encoder.safetensors").read_bytes() == before


def test_stopping_leaves_the_domain_as_it_was(folder, trained, monkeypatch):
    before = {path: path.read_bytes() for path in (folder / "domain").iterdir()}
    other = dataclasses.replace(settings(folder), run=folder / "stopped")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        watched(patch, stop_at=50)
        train(other)
    assert {path: path.read_bytes() for path in (folder / "domain").iterdir()} == before
    seen = watched(monkeypatch)
    assert train(other) == pytest.approx(trained.metrics, abs=0.1), "as if nobody had stopped it"
    np.testing.assert_allclose([step["loss"] for step in seen], [step["loss"] for step in trained.seen[50:]], rtol=0.01)


def test_offsets_stay_small_where_they_cost_something(trained, tmp_path, seen):
    make_domain(tmp_path / "domain")
    train(settings(tmp_path, steps=30, lambda_delta=0.8))
    late, before = (mean_of(steps, "total_delta_loss", slice(25, 30)) for steps in (seen, trained.seen))
    assert late < 0.7 * before


def test_without_losses_of_pictures_nothing_is_drawn_and_w_is_learnt(tmp_path, seen, monkeypatch):
    make_domain(tmp_path / "domain")
    monkeypatch.setattr(encoder, "_picture_losses", None)  # calling it fails
    train(settings(tmp_path, samples_each=0, lambda_l2=None, lambda_lpips=None, lambda_id=None))
    assert set(seen[0]) == {"loss", "loss_w", "total_delta_loss"}
    assert mean_of(seen, "loss_w", slice(-10, None)) < 0.8 * mean_of(seen, "loss_w", slice(0, 5))


def test_a_sheet_does_not_change_the_training():
    network = Encoder(6, 10, WIDTHS, 16).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    run = SimpleNamespace(autocast=nullcontext)
    sheet = encoder._compared(network, make_generator(), torch.rand(4, 3, 16, 16), run)
    assert sheet.shape == (8, 3, 16, 16) and network.training
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


@pytest.mark.parametrize("world", [FREE, ALIGNED])
def test_every_other_portrait_is_mirrored_with_its_latent_where_that_is_known(world):
    images, z = torch.rand(200, 3, 4, 4), torch.randn(200, world.z_dim)
    turned, latents = encoding.turned(images, z, world, torch.Generator().manual_seed(0))
    are_turned = torch.tensor([torch.equal(a, b.flip(2)) for a, b in zip(turned, images)])
    assert torch.equal(turned[~are_turned], images[~are_turned]) and torch.equal(latents[~are_turned], z[~are_turned])
    if world is FREE:
        assert not are_turned.any()
    else:
        assert 60 < are_turned.sum() < 140
        torch.testing.assert_close(latents[are_turned], world.mirrored(z)[are_turned])


@pytest.mark.parametrize("missing", ["generator", "perceptual", "identity"])
def test_a_network_that_is_not_there_is_asked_for(missing, tmp_path, seen):
    make_domain(tmp_path / "domain")
    index = tmp_path / "domain" / "domain.json"
    content = json.loads(index.read_text(encoding="utf-8"))
    del content["files"][missing]
    index.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(StyleclipError, match=f"no {missing}"):
        train(settings(tmp_path))
    assert seen == []


@pytest.mark.parametrize("grey", [-1.0, 0.25, 1.0, 7.0])
def test_the_measurement_is_the_formula(grey):
    """Pictures of one grey each, all drawn in another grey: PSNR = -20 log10 of the difference in [0, 1]. Their w's lie 5 apart."""

    class Draws(torch.nn.Module):
        def parts(self, images):
            offsets = torch.zeros(len(images), 3, 4)
            offsets[:, 1:, :2] = torch.tensor([3.0, 4.0])
            return torch.zeros(len(images), 4), offsets

    greys = torch.where(torch.arange(200) < 150, 51, 250).to(torch.uint8)[:, None, None, None].expand(-1, 3, 16, 16)
    draws = SimpleNamespace(synthesis=lambda w_plus: torch.full((len(w_plus), 3, 16, 16), grey))
    looks = {"perceptual": lambda a, b: (a - b).abs().mean((1, 2, 3)), "identity": lambda a: torch.ones(len(a), 1)}
    metrics = measured(Draws(), draws, looks, greys)
    difference = abs((min(grey, 1) + 1) / 2 - 51 / 255)
    assert metrics["median psnr (dB)"] == pytest.approx(-20 * math.log10(difference), abs=0.006)
    assert (metrics["pictures"], metrics["identity"], metrics["distance to W"]) == (200, 1.0, 5.0)
