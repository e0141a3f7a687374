"""Training the perceptual network from beginning to end, very small, on pictures that show nothing but a background."""

import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.portraits.world.attributes import BY_NAME
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.training import attributes, perceptual
from styleclip_lib.training.loop import Run
from styleclip_lib.training.perceptual import Settings, train
from styleclip_lib.weights.domain import load_network, load_tensors

pytestmark = pytest.mark.slow

WIDTHS = (8, 8, 8)
COLORS = torch.tensor([[255, 255, 255], [128, 128, 128], [30, 60, 220], [30, 190, 60],
                       [250, 230, 40], [250, 130, 20], [250, 150, 190], [130, 30, 170]], dtype=torch.uint8)  # fmt: skip


class Backgrounds:
    """As `Portraits`, without people: a picture has the colour of its background and nothing else."""

    asked: list = []

    def __init__(self, settings):
        self.factors = sample(settings.count, settings.seed)
        self.asked.append((settings.count, settings.seed))

    def __len__(self):
        return len(self.factors)

    def images(self, index):
        return COLORS[self.factors.background[index]][:, :, None, None].expand(-1, -1, 32, 32).clone()


@pytest.fixture
def losses(monkeypatch):
    return watched(monkeypatch)


def watched(monkeypatch, stop_at=None):
    """Puts the small pictures into place. Returns a list to which every step adds its loss; a Ctrl-C may come at one."""
    losses, all_steps = [], Run.steps

    def steps(run, total):
        for step in all_steps(run, total):
            if step == stop_at:
                raise KeyboardInterrupt
            yield step

    def log(run, **values):
        losses.append(values["loss"].item())

    monkeypatch.setattr(attributes, "Portraits", Backgrounds)
    monkeypatch.setattr(Run, "log", log)
    monkeypatch.setattr(Run, "steps", steps)
    return losses


def settings(folder, **changes):
    return Settings(
        run=folder / "run",
        domain=folder / "domain",
        **{"count": 200, "steps": 100, "batch_size": 32, "lr": 0.01, "focus": 0.0, "widths": WIDTHS, **changes},
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("perceptual")
    with pytest.MonkeyPatch.context() as monkeypatch:
        losses = watched(monkeypatch)
        return SimpleNamespace(folder=folder, metrics=train(settings(folder)), losses=losses)


@pytest.fixture(scope="module")
def entry(trained):
    return json.loads((trained.folder / "domain" / "domain.json").read_text(encoding="utf-8"))["files"]["perceptual"]


@pytest.fixture(scope="module")
def saved(trained):
    return load_network(trained.folder / "domain", "perceptual", Perceptual)


def test_reading_attributes_is_learnt(trained):
    assert len(trained.losses) == 100
    assert np.mean(trained.losses[-5:]) < np.mean(trained.losses[:5]) - 0.5


def test_what_is_measured_is_how_well_attributes_are_read(trained):
    accuracy = trained.metrics["accuracy"]
    assert set(trained.metrics) == {"accuracy", "mean accuracy"} and set(accuracy) == set(BY_NAME)
    assert all(0 <= share <= 1 for share in accuracy.values())
    assert trained.metrics["mean accuracy"] == pytest.approx(np.mean(list(accuracy.values())), abs=1e-3)
    assert accuracy["background"] > 0.6, "the only thing that can be seen, and one in eight by chance"
    assert accuracy["clothes"] < 0.3 and accuracy["gender"] < 0.65, "nobody reads what cannot be seen"


def test_a_linear_map_reads_what_can_be_seen(trained, monkeypatch):
    monkeypatch.setattr(perceptual, "Portraits", Backgrounds)
    again = perceptual.measure_again(settings(trained.folder), learnt=300, unseen=200)
    accuracy = again["accuracy of a linear reading"]
    assert accuracy["background"] > 0.9 and accuracy["gender"] < 0.65
    assert again["mean accuracy of a linear reading"] == pytest.approx(np.mean(list(accuracy.values())), abs=1e-3)


def test_the_ridge_is_the_least_of_its_objective():
    rng = torch.Generator().manual_seed(0)
    features, wanted = torch.randn(50, 6, generator=rng), torch.randn(50, 2, generator=rng)

    def objective(w):
        return (features @ w - wanted).square().sum() + 0.1 * features.square().sum() / 6 * w.square().sum()

    least = perceptual.ridge(features, wanted, damping=0.1)
    for _ in range(20):
        assert objective(least) < objective(least + 0.05 * torch.randn(6, 2, generator=rng))


def test_it_is_measured_on_portraits_that_were_never_seen(trained):
    assert Backgrounds.asked[:2] == [(200, 0), (1000, 1)]


def test_the_network_is_entered_in_the_domain(trained, entry):
    path = trained.folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry["bytes"] == path.stat().st_size
    assert entry["config"] == {"widths": list(WIDTHS)}
    assert entry["training"]["command"] == "styleclip train perceptual"
    assert entry["training"]["metrics"] == trained.metrics
    assert entry["training"]["settings"]["steps"] == 100
    card = (trained.folder / "domain" / "perceptual.md").read_text(encoding="utf-8")
    assert card.startswith("# perceptual") and str(trained.metrics["mean accuracy"]) in card


def test_the_trunk_is_kept_and_the_reader_is_not(trained):
    state = torch.load(trained.folder / "run" / "checkpoint.pt", weights_only=True, map_location="cpu")["network"]
    kept = load_tensors(trained.folder / "domain" / "perceptual.safetensors")
    assert set(kept) == {name for name in state if name.startswith("trunk.")}
    assert any(name.startswith("head.") for name in state)
    for name, value in kept.items():
        torch.testing.assert_close(value.float(), state[name].float(), rtol=1e-3, atol=1e-4)


def test_it_tells_what_it_had_to_read(saved):
    """A lighter shade of one background looks more like it than any other background does."""
    images = (COLORS.float() / 127.5 - 1)[:, :, None, None].expand(-1, -1, 32, 32)
    distance = saved(images.repeat_interleave(8, 0), images.repeat(8, 1, 1, 1)).view(8, 8)
    assert (distance.diagonal() < 1e-6).all()
    torch.testing.assert_close(distance, distance.T)
    shades = saved(images, (images + 0.03).clamp(-1, 1))
    assert (shades < (distance + 9 * torch.eye(8)).min(1).values).all()


def test_the_same_command_again_finds_nothing_left_to_do(trained, losses):
    before = (trained.folder / "domain" / "perceptual.safetensors").read_bytes()
    assert train(settings(trained.folder)) == trained.metrics
    assert losses == []
    assert (trained.folder / "domain" / "perceptual.safetensors").read_bytes() == before


def test_stopping_leaves_no_domain_and_the_same_command_goes_on(tmp_path, monkeypatch):
    few = settings(tmp_path, steps=5)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        watched(patch, stop_at=3)
        train(few)
    assert not (tmp_path / "domain").exists()
    losses = watched(monkeypatch)
    train(few)
    assert len(losses) == 2
    assert load_network(tmp_path / "domain", "perceptual", Perceptual)


def test_it_has_a_folder_of_its_own():
    """In that of the attributes network it would go on with the wrong weights."""
    assert Settings().run != attributes.Settings().run and Settings().domain == attributes.Settings().domain
