"""Pivotal tuning: the face is met, the surroundings are kept if asked, and nothing but the copy changes."""

import functools
import importlib.util
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.editing.optimization import optimize_latent
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.report import measure_edit
from styleclip_lib.inversion.invert import Inversion, invert, psnr
from styleclip_lib.inversion.pivotal_tuning import beside, tune_generator, with_noise
from styleclip_lib.inversion.projector import w_deviation
from styleclip_lib.networks.generator import Generator
from tests.conftest import make_tiny_models

FAST = {"steps": 25, "lr": 1e-2, "progress": False}


@pytest.fixture(scope="module")
def domain():
    """A tiny domain with noise that shows."""
    models = make_tiny_models()
    for _, layer in models.generator.synthesis.conv_layers():
        layer.noise_strength.fill_(0.3)
    return models


@pytest.fixture(scope="module")
def image():
    """A picture that the tiny generator cannot draw."""
    across = torch.linspace(-1, 1, 32)
    return torch.stack([across.expand(32, 32), across.expand(32, 32).T, torch.zeros(32, 32)])[None]


@pytest.fixture(scope="module")
def found(domain, image):
    return invert(domain, image, "w+ noise", steps=15, progress=False)


@pytest.fixture(scope="module")
def tuned(domain, image, found):
    return tune_generator(domain, found, image, **FAST)


def test_the_picture_is_met_from_the_same_code(domain, image, found, tuned):
    models, again = tuned
    assert isinstance(again, Inversion) and again.psnr == pytest.approx(psnr(again.image, image))
    assert again.psnr > found.psnr + 0.3 and again.history["loss"][-1] < 0.8 * again.history["loss"][0]
    assert torch.equal(again.w_plus, found.w_plus) and again.noises is None
    assert torch.equal(models.generator.synthesis(again.w_plus), again.image)
    assert set(again.history) == {"loss", "pixel", "perceptual"} and len(again.history["loss"]) == 26
    assert again.history["pixel"][0] == pytest.approx(F.mse_loss(found.image, image).item(), rel=1e-4), "where the inversion ended"


def test_nothing_but_the_copy_changes(image, found):
    models = make_tiny_models()
    parts = [models.generator, models.clip, models.identity, models.perceptual, models.encoder]
    before = [{key: value.clone() for key, value in part.state_dict().items()} for part in parts]
    tuned, _ = tune_generator(models, found, image, steps=2, lambda_local=0.1, progress=False)
    for part, state in zip(parts, before):
        assert all(torch.equal(value, state[key]) for key, value in part.state_dict().items())
        assert all(p.grad is None and not p.requires_grad for p in part.parameters())
    assert models.tuned_from is None and tuned.tuned_from is models.generator
    shared = ("domain", "folder", "clip", "identity", "perceptual", "encoder", "attributes", "device")
    assert all(getattr(tuned, name) is getattr(models, name) for name in shared)
    assert all(p.grad is None and not p.requires_grad for p in tuned.generator.parameters())


def test_the_synthesis_network_learns_and_the_mapping_network_stays(domain, tuned):
    own, copied = domain.generator.state_dict(), tuned[0].generator.state_dict()
    assert all(torch.equal(own[key], copied[key]) for key in own if key.startswith("mapping."))
    moved = {key for key in own if not torch.equal(own[key], copied[key])}
    assert {f"synthesis.b32.{key}" for key in ("conv1.weight", "conv1.affine.weight", "conv1.bias", "torgb.weight")} < moved


def test_the_copy_holds_all_that_it_draws_with(tuned):
    """Also what a network might keep ready of its weights: a fresh one with the same state draws the same."""
    fresh = Generator(32, z_dim=12, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8})
    fresh.load_state_dict(tuned[0].generator.state_dict())
    torch.testing.assert_close(fresh.synthesis(tuned[1].w_plus), tuned[1].image)


def test_the_loss_is_the_sum_of_its_terms(domain, image, found):
    weights = {"lambda_pixel": 0.5, "lambda_perceptual": 2.0, "lambda_local": 0.3}
    _, again = tune_generator(domain, found, image, **{**FAST, "steps": 3}, **weights)
    terms = zip(*(again.history[name] for name in ("loss", "pixel", "perceptual", "local")))
    for loss, pixel, perceptual, local in terms:
        assert loss == pytest.approx(0.5 * pixel + 2 * perceptual + 0.3 * local, rel=1e-5)
    assert again.history["local"][0] == pytest.approx(0, abs=1e-9) and again.history["local"][2] > 1e-6


@pytest.mark.slow
def test_local_the_surroundings_stay_nearer_to_what_they_were(domain, image, found):
    def drift(models) -> float:
        rng = torch.Generator().manual_seed(77)
        length = w_deviation(domain.generator.mapping)
        codes = [beside(domain.generator.mapping, found.w_plus, length, rng) for _ in range(8)]
        pairs = [(domain.generator.synthesis(w, noises=found.noises), models.generator.synthesis(w)) for w in codes]
        return sum(F.mse_loss(a, b).item() for a, b in pairs)

    free, bound = (tune_generator(domain, found, image, lambda_local=x, **FAST)[0] for x in (0.0, 30.0))
    assert drift(bound) < 0.6 * drift(free)


def test_the_surroundings_do_not_change_what_the_picture_is_compared_with(domain, image, found):
    """A copy that learns next to nothing stays as far from the picture as it was."""
    _, again = tune_generator(domain, found, image, steps=3, lr=1e-12, lambda_local=0.3, progress=False)
    for name in ("pixel", "perceptual"):
        first, *later = again.history[name]
        assert len(later) >= 3 and later == pytest.approx([first] * len(later), rel=1e-4)


def test_beside_is_a_step_of_one_length_in_every_layer(domain, found):
    one, two = (beside(domain.generator.mapping, found.w_plus, 0.7, torch.Generator().manual_seed(seed)) for seed in (1, 2))
    torch.testing.assert_close((one - found.w_plus).norm(dim=2), torch.full((1, 8), 0.7))
    w = domain.generator.mapping.w(torch.randn(1, 12, generator=torch.Generator().manual_seed(1)))
    towards = F.normalize(w[:, None] - found.w_plus, dim=2)
    torch.testing.assert_close((one - found.w_plus) / 0.7, towards)
    assert not torch.allclose(one, two)


def test_the_same_again_and_the_seed_is_for_the_surroundings(domain, image, found):
    settings = {**FAST, "steps": 4, "lambda_local": 1.0}
    one, same, other = (tune_generator(domain, found, image, seed=seed, **settings)[1] for seed in (1, 1, 2))
    assert torch.equal(one.image, same.image) and one.history == same.history
    assert one.history["local"][2] != other.history["local"][2]


def test_the_best_is_kept_not_the_last(domain, image, found):
    models, again = tune_generator(domain, found, image, steps=10, lr=0.5, progress=False)
    best = min(again.history["loss"])
    assert again.history["loss"][-1] > best
    with torch.no_grad():
        loss = F.mse_loss(again.image, image) + models.perceptual(again.image, image).mean()
    assert loss.item() == pytest.approx(best, rel=1e-4)


def test_ctrl_c_returns_the_best_so_far(domain, image, found, monkeypatch, capsys):
    _, whole = tune_generator(domain, found, image, **FAST)
    compare, calls = domain.perceptual.distance, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 6:
            raise KeyboardInterrupt
        return compare(*arguments)

    monkeypatch.setattr(domain.perceptual, "distance", interrupted)
    models, again = tune_generator(domain, found, image, **FAST)
    assert "Stopped after 5 of 25 steps" in capsys.readouterr().out
    assert again.history["loss"] == whole.history["loss"][:5]
    monkeypatch.undo()
    loss = F.mse_loss(again.image, image) + models.perceptual(again.image, image).mean()
    assert loss.item() == pytest.approx(min(again.history["loss"]), rel=1e-4)
    assert not any(p.requires_grad for p in models.generator.parameters())


def test_the_noise_of_an_inversion_becomes_the_copys_own(domain, found):
    own = with_noise(domain, found.noises)
    assert torch.equal(own.generator.synthesis(found.w_plus), found.image)
    assert not torch.allclose(domain.generator.synthesis(found.w_plus), found.image, atol=1e-3)
    assert own.tuned_from is domain.generator and with_noise(domain, None) is domain
    assert with_noise(own, found.noises).tuned_from is domain.generator, "as it first came"


def test_an_inversion_without_noise_keeps_the_generators(domain, image):
    found = invert(domain, image, steps=3, progress=False)
    models, again = tune_generator(domain, found, image, steps=0, progress=False)
    assert torch.equal(again.image, found.image)
    layers = zip(domain.generator.synthesis.conv_layers(), models.generator.synthesis.conv_layers())
    assert all(torch.equal(a.noise_const, b.noise_const) for (_, a), (_, b) in layers)


@pytest.mark.parametrize(("change", "message"), [
    ({"steps": -1}, "steps must be at least 0"),
    ({"lr": 0}, "lr more than 0"),
    ({"image": torch.zeros(3, 32, 32)}, r"\[1, 3, H, W\]"),
    ({"inversion": Inversion(torch.zeros(1, 5, 10), torch.zeros(1, 3, 32, 32))}, r"w_plus has shape \[1, 5, 10\]"),
])  # fmt: skip
def test_what_makes_no_sense(change, message, domain, image, found):
    with pytest.raises(StyleclipError, match=message):
        tune_generator(**{"models": domain, "inversion": found, "image": image, "progress": False, **change})


@pytest.fixture(scope="module")
def tool():
    path = Path(__file__).parent.parent.parent / "tools" / "measure_tuning.py"
    specification = importlib.util.spec_from_file_location("measure_tuning", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.mark.slow
def test_the_table_of_what_tuning_brings(domain, image, tool, monkeypatch):
    """On the tiny domain, where the edits mean nothing."""
    monkeypatch.setattr(tool, "RECIPES", (tool.Directions(strength="auto"), tool.Optimization(steps=2)))
    monkeypatch.setattr(GlobalDirections, "available", functools.partial(GlobalDirections.first_order, images=2, samples=50))
    before, after = tool.compare(domain, [image], steps=8)[0]
    assert len(before) == len(after) == len(tool.COLUMNS)
    assert after[0] > before[0] and torch.isfinite(after).all()
    assert before[1:3].tolist() == pytest.approx(tool.likeness(domain, image, invert(domain, image, progress=False).image), rel=1e-3)


@pytest.mark.slow
def test_a_portrait_becomes_the_person_and_can_still_be_edited(models, tool):
    """With fewer steps than in the table, on a person whom no network was shown."""
    text, image = tool.TEXT, tool.render(tool.sample(1, seed=tool.SEED), models.generator.img_resolution)
    found = invert(models, image, steps=25, progress=False)
    fitted, again = tune_generator(models, found, image, steps=25, lr=1e-3, progress=False)
    (perceptual, identity), (better, nearer) = (tool.likeness(models, image, one.image) for one in (found, again))
    assert again.psnr > found.psnr + 0.3 and better < 0.6 * perceptual and nearer > identity
    directions = GlobalDirections.load(fitted)
    edits = directions.edit(again.w_plus, text, alpha=3.0), optimize_latent(fitted, again.w_plus, text, steps=15, progress=False)
    for edit in edits:
        report = measure_edit(fitted, again.image, edit.image, text)
        assert report.clip_gain > 0.05 and report.identity > 0.5
