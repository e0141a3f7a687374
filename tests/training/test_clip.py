"""Training CLIP from beginning to end, very small, on pictures that tell in colours what holds of a portrait."""

import dataclasses
import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.attributes import Attributes
from styleclip_lib.networks.clip import WordTokenizer, clip_from_state
from styleclip_lib.networks.generator import Generator
from styleclip_lib.portraits.language.captions import heldout_captions
from styleclip_lib.portraits.language.parsing import known_words
from styleclip_lib.portraits.language.statements import STATEMENTS, statements_true, true_of
from styleclip_lib.portraits.world.attributes import BY_NAME
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.portraits.world.latents import Z_DIM
from styleclip_lib.training import clip
from styleclip_lib.training.clip import Settings, measure, train
from styleclip_lib.training.loop import Run
from styleclip_lib.weights.domain import load_tensors, save_network

pytestmark = pytest.mark.slow

POSITIONS = "visual.attnpool.positional_embedding"


class Colors:
    """As `Portraits`, without people: four by four fields of colours, mixed from the statements that hold of each."""

    asked: list = []

    def __init__(self, settings):
        self.settings = dataclasses.replace(settings, size=32)
        self.factors = sample(settings.count, settings.seed)
        mixture = torch.randn(len(STATEMENTS), 48, generator=torch.Generator().manual_seed(0))
        colors = 128 + 14 * (statements_true(self.factors).float() @ mixture)
        self.pictures = colors.clamp(0, 255).byte().view(-1, 3, 4, 4)
        self.asked.append((settings.count, settings.seed))

    def __len__(self):
        return len(self.factors)

    def images(self, index):
        return self.pictures[index].repeat_interleave(8, 2).repeat_interleave(8, 3)


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

    monkeypatch.setattr(clip, "Portraits", Colors)
    monkeypatch.setattr(Run, "log", log)
    monkeypatch.setattr(Run, "steps", steps)
    return seen


@pytest.fixture
def seen(monkeypatch):
    return watched(monkeypatch)


SMALL = {
    "count": 200, "drawn": 4, "scenes": 4, "plain_each": 24, "drawn_each": 2, "scenes_each": 2, "captions_each": 20,
    "paths": 10, "paths_each": 2, "opponents": 2,
    "image_resolution": 32, "vision_layers": (1, 1, 1, 1), "vision_width": 8, "embed_dim": 16, "context_length": 28,
    "text_width": 64, "text_layers": 1, "steps": 40, "lr": 1e-2,
}  # fmt: skip


def settings(folder, **changes):
    """Settings of a run in that folder, whose domain has what CLIP learns from: a generator and an attributes network."""
    if not (folder / "domain").exists():
        torch.manual_seed(1)
        drawn = {"img_resolution": 32, "z_dim": Z_DIM, "w_dim": 10, "num_mapping_layers": 2, "channels": {4: 8, 8: 8, 16: 8, 32: 8}}
        read = {"widths": (4, 4, 8, 8), "hidden": 16}
        save_network(folder / "domain", "generator", Generator(**drawn), drawn, {})
        save_network(folder / "domain", "attributes", Attributes(**read), read, {})
    return Settings(run=folder / "run", domain=folder / "domain", **{**SMALL, **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip")
    with pytest.MonkeyPatch.context() as monkeypatch:
        seen = watched(monkeypatch)
        return SimpleNamespace(folder=folder, metrics=train(settings(folder)), seen=seen)


@pytest.fixture(scope="module")
def entry(trained):
    return json.loads((trained.folder / "domain" / "domain.json").read_text(encoding="utf-8"))["files"]["clip"]


@pytest.fixture(scope="module")
def weights(trained):
    return load_tensors(trained.folder / "domain" / "clip.safetensors")


def test_the_contrast_is_learnt(trained):
    assert len(trained.seen) == 40
    contrast = [step["contrast"] for step in trained.seen]
    assert np.mean(contrast[-5:]) < np.mean(contrast[:5]) - 1


def test_the_reader_learns_as_far_as_it_counts(tmp_path, seen, monkeypatch):
    """Without a weight its matrix only decays, every entry alike."""
    monkeypatch.setattr(clip, "measure", lambda *arguments: {})

    def matrix(name, **changes):
        train(settings(tmp_path / name, **changes))
        return torch.load(tmp_path / name / "run" / "checkpoint.pt", weights_only=True, map_location="cpu")["reader"]["weight"]

    start = matrix("start", steps=0)
    idle, busy = (matrix(f"{aid}", steps=3, aid=aid) / start for aid in (0.0, 2.0))
    assert len(seen) == 6 and 0 < seen[-1]["aid"] < 2
    assert idle.std() < 1e-5 and idle.mean() < 1
    assert busy.std() > 1e-3


def test_hint_and_paths_are_learnt_from(trained):
    first, last = ({name: np.mean([step[name] for step in some]) for name in some[0]} for some in (trained.seen[:5], trained.seen[-5:]))
    assert last["hint"] < first["hint"] - 0.05
    assert all(0 < step["straight"] < 0.5 for step in trained.seen)


def test_every_attribute_is_measured(trained):
    areas = trained.metrics["auc"]
    assert set(trained.metrics) == {"auc", "mean auc", "optimisers"} and set(areas) == set(BY_NAME)
    assert all(0.2 < area < 0.8 for area in areas.values()), "forty steps teach no words"
    assert trained.metrics["mean auc"] == pytest.approx(np.mean(list(areas.values())), abs=1e-3)


def test_it_is_measured_on_portraits_that_were_never_seen(trained):
    assert Colors.asked[:2] == [(200, 0), (1000, 1)]


def test_the_network_is_entered_in_the_domain(trained, entry):
    path = trained.folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry["bytes"] == path.stat().st_size
    assert entry["config"] == {"words": sorted(known_words()), "context_length": 28}
    assert entry["training"]["command"] == "styleclip train clip"
    assert entry["training"]["metrics"] == trained.metrics
    assert entry["training"]["settings"]["steps"] == 40
    card = (trained.folder / "domain" / "clip.md").read_text(encoding="utf-8")
    assert card.startswith("# clip") and str(trained.metrics["mean auc"]) in card


def test_what_was_saved_reads_as_the_trained_one(trained, entry, weights, monkeypatch):
    """Built from the file and its entry alone, it sees and reads what was measured, up to half precision."""
    monkeypatch.setattr(clip, "Portraits", Colors)
    saved = clip_from_state(weights, WordTokenizer(entry["config"]["words"], entry["config"]["context_length"]))
    assert saved.image_size == 32
    again = measure(saved, settings(trained.folder))
    assert again["mean auc"] == pytest.approx(trained.metrics["mean auc"], abs=0.01)
    assert {**clip.measure_again(settings(trained.folder)), "optimisers": None} == {**again, "optimisers": None}
    state = torch.load(trained.folder / "run" / "checkpoint.pt", weights_only=True, map_location="cpu")
    assert set(state) >= {"clip", "reader", "hint", "optimizer"}, "what helps is kept for going on, and not published"
    assert set(weights) == {name.removeprefix("model.") for name in state["clip"]}


def test_the_same_command_again_finds_nothing_left_to_do(trained, seen):
    before = (trained.folder / "domain" / "clip.safetensors").read_bytes()
    assert train(settings(trained.folder)) == trained.metrics
    assert seen == []
    assert (trained.folder / "domain" / "clip.safetensors").read_bytes() == before


def test_going_on_from_a_clip_of_smaller_pictures(trained, weights, seen, tmp_path):
    start = trained.folder / "domain" / "clip.safetensors"
    train(settings(tmp_path, start=start, image_resolution=64, steps=0))
    assert seen == []
    larger = load_tensors(tmp_path / "domain" / "clip.safetensors")
    assert weights[POSITIONS].shape[0] == 1 + 1 and larger[POSITIONS].shape[0] == 1 + 4
    torch.testing.assert_close(larger[POSITIONS][1:], weights[POSITIONS][1:].expand(4, -1))
    others = set(weights) - {POSITIONS}
    assert set(larger) == set(weights) and all(torch.equal(larger[name], weights[name]) for name in others)
    text = (tmp_path / "domain" / "domain.json").read_text(encoding="utf-8")
    assert str(trained.folder) not in text, "no folder of this machine is written down"


def test_stopping_leaves_the_domain_as_it_was(trained, monkeypatch):
    before = {path: path.read_bytes() for path in (trained.folder / "domain").iterdir()}
    other = dataclasses.replace(settings(trained.folder), run=trained.folder / "stopped")
    watched(monkeypatch, stop_at=1)
    with pytest.raises(KeyboardInterrupt):
        train(other)
    assert {path: path.read_bytes() for path in (trained.folder / "domain").iterdir()} == before
    assert torch.load(trained.folder / "stopped" / "checkpoint.pt", weights_only=True)["step"] == 1


class Oracle:
    """As `Clip`, with the truth instead of eyes: each picture has a direction of its own, and a text points where it is true."""

    def __init__(self, sign):
        self.sign, self.at, self.factors = sign, 0, sample(1000, 1)

    def encode_image(self, images):
        self.at += len(images)
        return F.one_hot(torch.arange(self.at - len(images), self.at), 1000).float()

    def encode_text(self, texts):
        captions = heldout_captions()
        assert list(texts) == [caption.text for caption in captions]
        return self.sign * true_of(captions, self.factors).float()


@pytest.mark.parametrize("sign,area", [(1, 1.0), (-1, 0.0), (0, 0.5)])
def test_who_knows_everything_has_area_one(sign, area, tmp_path, monkeypatch):
    monkeypatch.setattr(clip, "Portraits", Colors)
    metrics = measure(Oracle(sign), settings(tmp_path))
    assert set(metrics["auc"].values()) == {area} and metrics["mean auc"] == area


def test_what_is_blended_lies_on_the_straight_way():
    start = {"weight": torch.tensor([0.0, 2.0], dtype=torch.float16), "steps": torch.tensor(3)}
    end = {"weight": torch.tensor([1.0, 4.0]), "steps": torch.tensor(9)}
    half = clip.blended(start, end, 0.5)
    assert half["weight"].tolist() == [0.5, 3.0] and half["weight"].dtype == torch.float32 and half["steps"] == 9
    assert clip.blended(start, end, 1.0)["weight"].tolist() == [1.0, 4.0]


def test_without_opponents(tmp_path, seen, monkeypatch):
    monkeypatch.setattr(clip, "measure", lambda *arguments: {})
    train(settings(tmp_path, steps=2, opponents=0))
    assert [step["fooled"] for step in seen] == [0.0, 0.0] and all(step["contrast"] > 0 for step in seen)


def test_what_is_published_is_blended_with_the_start(trained, weights, seen, tmp_path, monkeypatch):
    monkeypatch.setattr(clip, "measure", lambda *arguments: {})
    start = trained.folder / "domain" / "clip.safetensors"
    train(settings(tmp_path, start=start, steps=2, lr=0.5, blend=0.25))
    state = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True, map_location="cpu")["clip"]
    blended, name = load_tensors(tmp_path / "domain" / "clip.safetensors"), "text_projection"
    wanted = 0.75 * weights[name].float() + 0.25 * state[f"model.{name}"]
    assert not torch.allclose(state[f"model.{name}"], weights[name].float(), atol=1e-3)
    torch.testing.assert_close(blended[name].float(), wanted, atol=1e-3, rtol=1e-2)
