"""Training CLIP from beginning to end, very small, on pictures that tell in colours what holds of a portrait."""

import dataclasses
import hashlib
import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.clip import WordTokenizer, clip_from_state
from styleclip_lib.networks.generator import Generator
from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.portraits.language.attribute_values import ATTRIBUTE_VALUES, true_of, values_true
from styleclip_lib.portraits.language.captions import heldout_captions
from styleclip_lib.portraits.language.sentences import sentence_words
from styleclip_lib.training import clip, clip_quality, locked
from styleclip_lib.training.clip import Settings, train
from styleclip_lib.training.clip_quality import Scores, measure_clip, negations, zero_shot
from styleclip_lib.training.coding import caption_loss
from styleclip_lib.training.loop import Run
from styleclip_lib.training.worlds import ALIGNED
from styleclip_lib.weights.domain import load_tensors, save_network

pytestmark = pytest.mark.slow

HELD_OUT = 250


class Colors:
    """As `Portraits`, without people: four by four fields of colours, mixed from the attribute values that hold of each."""

    asked: list = []
    world = ALIGNED

    def __init__(self, settings, world):
        self.settings = dataclasses.replace(settings, size=32)
        self.factors = sample(settings.count, settings.seed)
        mixture = torch.randn(len(ATTRIBUTE_VALUES), 48, generator=torch.Generator().manual_seed(0))
        colors = 128 + 14 * (values_true(self.factors).float() @ mixture)
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
    monkeypatch.setattr(clip_quality, "Portraits", Colors)
    monkeypatch.setattr(clip_quality, "COUNT", HELD_OUT)
    monkeypatch.setattr(clip_quality, "EACH", 2)
    monkeypatch.setattr(clip_quality, "STEPS", 2)
    monkeypatch.setattr(Run, "log", log)
    monkeypatch.setattr(Run, "steps", steps)
    return seen


@pytest.fixture
def seen(monkeypatch):
    return watched(monkeypatch)


SMALL = {
    "count": 200, "styled": 8, "scenes": 4, "plain_each": 24, "styled_each": 2, "scenes_each": 2, "patches_each": 6, "said_each": 18,
    "shown_each": 2, "masked": 10, "told_each": 2, "named_each": 4, "pixel_adversaries": 2, "style_adversaries": 2,
    "latent_adversaries": 2, "paths": 40, "paths_each": 2,
    "img_resolution": 32, "image_resolution": 32, "vision_layers": (1, 1, 1, 1), "vision_width": 8, "embed_dim": 16, "context_length": 32,
    "text_width": 64, "text_layers": 1, "steps": 40, "small_steps": 0, "small_resolution": 32, "locked_steps": 0, "locked_lots": 1,
}  # fmt: skip


def settings(folder, **changes):
    """Settings of a run in that folder, whose domain has a generator to learn from."""
    if not (folder / "domain").exists():
        torch.manual_seed(1)
        drawn = {"img_resolution": 32, "z_dim": ALIGNED.z_dim, "w_dim": 10, "num_mapping_layers": 2,
                 "channels": {4: 8, 8: 8, 16: 8, 32: 8}}
        save_network(folder / "domain", "generator", Generator(**drawn), drawn, {})
        (folder / "data").mkdir()
    return Settings(**{"run": folder / "run", "data": folder / "data", "domain": folder / "domain", "generator": folder / "domain",
                       **SMALL, **changes})


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
    assert np.mean(contrast[-5:]) < np.mean(contrast[:5]) - 0.5


def test_at_the_end_the_text_encoder_learns_alone(tmp_path, seen, monkeypatch):
    monkeypatch.setattr(clip, "measure_clip", lambda *arguments: {})
    monkeypatch.setattr(locked, "LOT", (20, 2, 2, 6))
    train(settings(tmp_path, steps=2, locked_steps=3, locked_pictures=(12, 2, 2, 6), locked_captions=(8, 2, 2, 1)))
    before, after = (torch.load(tmp_path / "run" / stage / "checkpoint.pt", weights_only=True)["clip"] for stage in ("full", "locked"))
    published = load_tensors(tmp_path / "domain" / "clip.safetensors")
    for name in ("visual.conv1.weight", "token_embedding.weight"):
        torch.testing.assert_close(published[name], after[f"model.{name}"], rtol=1e-3, atol=1e-3)
    assert torch.equal(before["model.visual.conv1.weight"], after["model.visual.conv1.weight"])
    assert not torch.equal(before["model.token_embedding.weight"], after["model.token_embedding.weight"])
    assert len(seen) == 5


def test_the_reader_learns_as_far_as_it_counts(tmp_path, seen, monkeypatch):
    monkeypatch.setattr(clip, "measure_clip", lambda *arguments: {})

    def matrix(name, **changes):
        train(settings(tmp_path / name, **changes))
        return torch.load(tmp_path / name / "run" / "full" / "checkpoint.pt", weights_only=True, map_location="cpu")["reader"]["bias"]

    start = matrix("start", steps=0)
    idle, busy = (matrix(f"{aid}", steps=3, aid=aid) - start for aid in (0.0, 2.0))
    assert len(seen) == 6 and 0 < seen[-1]["aid"] < 2
    assert not idle.any() and busy.any()


def test_the_reader_learns_from_captions_too(tmp_path, seen, monkeypatch):
    """Its bias after one step is another one without them."""
    monkeypatch.setattr(clip, "measure_clip", lambda *arguments: {})
    biases = []
    for name, factor in (("with", 1), ("without", 0)):
        monkeypatch.setattr(clip, "caption_loss", lambda logits, captions, factor=factor: factor * caption_loss(logits, captions))
        train(settings(tmp_path / name, steps=1))
        checkpoint = torch.load(tmp_path / name / "run" / "full" / "checkpoint.pt", weights_only=True, map_location="cpu")
        biases.append(checkpoint["reader"]["bias"])
    assert 0.2 < seen[0]["aid_of_texts"] < 1.5 and seen[1]["aid_of_texts"] == 0
    assert not torch.equal(*biases)


def test_paths_are_learnt_from(trained):
    assert all(0 < step["straight"] < 0.6 for step in trained.seen)


def test_small_pictures_first(tmp_path, seen, monkeypatch):
    """What was learnt from them is gone on from, at full size."""
    monkeypatch.setattr(clip, "measure_clip", lambda *arguments: {})
    train(settings(tmp_path, image_resolution=64, small_steps=2, steps=1))
    small, full = (torch.load(tmp_path / "run" / part / "checkpoint.pt", weights_only=True) for part in ("small", "full"))
    assert (small["step"], full["step"], len(seen)) == (2, 1, 3)
    assert small["settings"]["image_resolution"] == 32 and full["settings"]["image_resolution"] == 64
    places = "model.visual.attnpool.positional_embedding"
    assert len(small["clip"][places]) == 2 and len(full["clip"][places]) == 5
    others = [name for name in small["clip"] if name != places and name.endswith("weight")]
    assert all((full["clip"][name] - small["clip"][name]).abs().mean() < 0.02 for name in others)


def test_pictures_of_another_size_find_their_places():
    model = clip.CLIP(16, 64, (1, 1, 1, 1), 8, None, 8, 10, 64, 1, 1)
    places = model.visual.attnpool.positional_embedding.detach().clone()
    clip.enlarge(model, 128)
    larger = model.visual.attnpool.positional_embedding.detach()
    assert torch.equal(larger[0], places[0]) and len(larger) == 17
    assert torch.allclose(larger[[1, 4, 13, 16]], places[1:]), "the corners stay where they were"
    assert torch.allclose(larger[1:].mean(0), places[1:].mean(0), atol=1e-6)
    assert model.encode_image(torch.zeros(1, 3, 128, 128)).shape == (1, 16)


def test_without_a_generator_and_without_adversaries(tmp_path, seen, monkeypatch):
    monkeypatch.setattr(clip, "measure_clip", lambda *arguments: {})
    train(settings(tmp_path, steps=2, generator=None, pixel_adversaries=0, style_adversaries=0))
    assert [step["straight"] for step in seen] == [0.0, 0.0] and all(step["contrast"] > 0 for step in seen)


def test_what_is_measured(trained):
    metrics = trained.metrics
    assert set(metrics) == {"auc", "mean auc", "negations", "styles", "regions", "fooled"}
    assert set(metrics["auc"]) == {a.name for a in ALIGNED.attributes}
    assert all(0.1 < area < 0.9 for area in metrics["auc"].values()), "forty steps teach no words"
    assert metrics["mean auc"] == pytest.approx(np.mean(list(metrics["auc"].values())), abs=1e-3)
    assert set(metrics["styles"]) == {"portraits", "portraits, patches", "scenes", "scenes, patches"}
    assert set(metrics["fooled"]) == {"by pixels", "by repainting"}
    assert all(0 <= share <= 1 for part in ("styles", "regions", "fooled") for share in metrics[part].values())
    assert 0 < metrics["negations"] < 1


def test_it_is_measured_on_unseen_portraits(trained):
    assert Colors.asked[:2] == [(200, 0), (HELD_OUT, 1)]


def test_the_network_is_entered_in_the_domain(trained, entry):
    path = trained.folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry["bytes"] == path.stat().st_size
    assert entry["config"] == {"words": sorted(sentence_words()), "context_length": 32, "sentences": True}
    assert entry["training"]["command"] == "styleclip train clip"
    assert entry["training"]["metrics"] == trained.metrics
    assert entry["training"]["settings"]["steps"] == 40
    card = (trained.folder / "domain" / "clip.md").read_text(encoding="utf-8")
    assert card.startswith("# clip") and str(trained.metrics["mean auc"]) in card


def test_what_was_saved_reads_as_the_trained_one(trained, entry, weights, seen):
    """Built from the file and its entry alone, it sees and reads what was measured, up to half precision."""
    saved = clip_from_state(weights, WordTokenizer(**entry["config"]))
    assert saved.image_size == 32
    again = measure_clip(saved, trained.folder / "data", 32, ALIGNED)
    assert again["mean auc"] == pytest.approx(trained.metrics["mean auc"], abs=0.01)
    state = torch.load(trained.folder / "run" / "full" / "checkpoint.pt", weights_only=True, map_location="cpu")
    assert set(state) >= {"clip", "reader", "muon", "adam"}, "what helps is kept for going on, and not published"
    assert set(weights) == {name.removeprefix("model.") for name in state["clip"]}


def test_the_same_command_again_finds_nothing_left_to_do(trained, seen):
    before = (trained.folder / "domain" / "clip.safetensors").read_bytes()
    assert train(settings(trained.folder)) == trained.metrics
    assert seen == []
    assert (trained.folder / "domain" / "clip.safetensors").read_bytes() == before


def test_stopping_leaves_the_domain_as_it_was(trained, monkeypatch):
    before = {path: path.read_bytes() for path in (trained.folder / "domain").iterdir()}
    other = dataclasses.replace(settings(trained.folder), run=trained.folder / "stopped")
    watched(monkeypatch, stop_at=1)
    with pytest.raises(KeyboardInterrupt):
        train(other)
    assert {path: path.read_bytes() for path in (trained.folder / "domain").iterdir()} == before
    assert torch.load(trained.folder / "stopped" / "full" / "checkpoint.pt", weights_only=True)["step"] == 1


class Oracle:
    """As `Clip`, with the truth instead of eyes: each picture has a direction of its own, and a text points where it is true."""

    image_size = 32

    def __init__(self, sign):
        self.sign, self.at, self.factors = sign, 0, sample(HELD_OUT, 1)
        self.known = {c.text: c for c in heldout_captions()}

    def encode_image(self, images):
        self.at += len(images)
        return F.one_hot(torch.arange(self.at - len(images), self.at), HELD_OUT).float()

    def plain(self, text):
        return text

    def encode_text(self, texts):
        neutral = torch.full((HELD_OUT,), 0.5 * self.sign)
        return torch.stack([self.sign * true_of([self.known[text]], self.factors)[0].float() if text in self.known else neutral
                            for text in texts])


@pytest.mark.parametrize("sign,area", [(1, 1.0), (-1, 0.0), (0, 0.5)])
def test_who_knows_everything_has_area_one(sign, area, tmp_path, seen):
    scores = Scores(Oracle(sign), Colors(clip.DataSettings(tmp_path, HELD_OUT, seed=1), ALIGNED))
    assert set(zero_shot(scores, ALIGNED)["auc"].values()) == {area}
    assert negations(scores) == (1.0 if sign == 1 else 0.0 if sign == -1 else 0.5)
