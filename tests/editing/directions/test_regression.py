"""Global directions by regression: what it finds in a made-up linear world and in the tiny domain, and what is done with it."""

import itertools
import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.editing.directions.auto import moves_rgb
from styleclip_lib.editing.directions.channel_effects import image_embeddings
from styleclip_lib.editing.directions.file import belongs_to, cached_path, kept_paths, read_facts, write
from styleclip_lib.editing.directions.global_directions import GlobalDirections
from styleclip_lib.editing.directions.prompt_templates import text_direction
from styleclip_lib.editing.directions.regression import regressed_effects, regression, standardised
from styleclip_lib.editing.directions.style_statistics import style_statistics
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Directions
from styleclip_lib.errors import StyleclipError
from tests.conftest import make_tiny_models

FEW = {"faces": 200, "samples": 300, "progress": False}
COLOUR = "a face with blue hair"


@pytest.fixture(scope="module")
def regressed(tiny) -> GlobalDirections:
    return GlobalDirections.regressed(tiny, **FEW)


@pytest.fixture(scope="module")
def world():
    """Faces that vary in two attributes: embeddings [4000, 8], channels [4000, 4], and the directions of both texts [2, 8].

    The second attribute is five times as visible, and partly along the first one's direction. Channels: the first attribute; a little of
    it and much else; the second attribute; nothing that can be seen.
    """
    rng = torch.Generator().manual_seed(0)
    attributes, noise = torch.randn(4000, 2, generator=rng), torch.randn(4000, 2, generator=rng)
    texts = torch.zeros(2, 8)
    texts[0, 0], texts[1, :2] = 1.0, torch.tensor([0.6, 0.8])
    embeddings = 0.02 * (attributes * torch.tensor([1.0, 5.0])) @ texts + 0.001 * torch.randn(4000, 8, generator=rng) + 0.3
    channels = torch.stack([attributes[:, 0], 0.3 * attributes[:, 0] + 0.954 * noise[:, 0], attributes[:, 1], noise[:, 1]], dim=1)
    return embeddings, channels, texts


def test_the_channel_of_an_attribute_is_found_in_a_linear_world(world):
    """How far each channel of the faces with the attribute differs from the mean: 1, 0.3, 0 and 0 σ for the first."""
    embeddings, channels, texts = world
    first, second = (regression(embeddings, channels, 1e-3) @ texts.T).T
    torch.testing.assert_close(first / first[0], torch.tensor([1.0, 0.3, 0.0, 0.0]), rtol=0, atol=0.06)
    assert second.abs().argmax() == 2 and second[[0, 1, 3]].abs().max() < 0.1 * second[2]


def test_the_world_is_hard_for_simpler_formulas(world):
    """Without the inverse the more visible attribute drowns the other; with rows of length one all that goes with it counts the same."""
    embeddings, channels, texts = world
    covariance = (channels.T @ (embeddings - embeddings.mean(0)) / len(channels)) @ texts[0]
    assert covariance.abs().argmax() == 2
    alike = F.normalize(regression(embeddings, channels, 1e-3), dim=1) @ texts[0]
    assert alike[1] > 0.8 * alike[0]


@pytest.mark.parametrize("ridge", [0.1, 3.0])
def test_the_effects_are_those_of_ridge_regression(ridge):
    """Each channel by itself, as least squares with λ m N as further rows; then all divided by the longest."""
    rng = torch.Generator().manual_seed(1)
    embeddings = F.normalize(torch.randn(50, 6, generator=rng) * torch.arange(1.0, 7) + 2, dim=1).double()
    z = torch.randn(50, 9, generator=rng).double() + 0.1
    v = embeddings - embeddings.mean(0)
    penalty = (ridge * v.square().sum() / 6).sqrt() * torch.eye(6).double()
    rows = [torch.linalg.lstsq(torch.cat([v, penalty]), torch.cat([channel, torch.zeros(6)])[:, None]).solution[:, 0] for channel in z.T]
    slow = torch.stack(rows)
    found = regression(embeddings, z, ridge)
    torch.testing.assert_close(found, slow / slow.norm(dim=1).max())
    assert found.norm(dim=1).max() == pytest.approx(1) and found.norm(dim=1).min() < 0.9


def test_a_channel_that_is_alike_in_all_faces_has_no_effect():
    models = make_tiny_models()
    (_, where), (_, rgb_where) = models.generator.style_slices[2], models.generator.rgb_style_slices[1]
    with torch.no_grad():
        models.generator.synthesis.b8.conv1.affine.weight[3] = 0
        models.generator.synthesis.b8.torgb.affine.weight[5] *= 1e-6  # as good as alike: rounding
    directions = GlobalDirections.regressed(models, **FEW)
    lengths, rgb_lengths = directions.effects.norm(dim=1), directions.rgb_effects.norm(dim=1)
    assert (lengths == 0).nonzero().flatten().tolist() == [where.start + 3]
    assert (rgb_lengths == 0).nonzero().flatten().tolist() == [rgb_where.start + 5]


def test_channels_are_measured_in_their_standard_deviations():
    styles = torch.tensor([[1.0, 5.0, 7.0], [3.0, 5.0, 9.0]])
    z = standardised(styles, torch.tensor([2.0, 5.0, 6.0]), torch.tensor([0.5, 0.0, 2.0]), [("a", slice(0, 2)), ("b", slice(2, 3))])
    assert z.tolist() == [[-2.0, 0.0, 0.5], [2.0, 0.0, 1.5]]
    assert not standardised(styles, styles[0], torch.zeros(3), [("a", slice(0, 3))]).any(), "a layer that is alike in all faces"


def test_faces_and_pictures_are_those_of_the_statistics(tiny):
    """The formula applied by hand to styles of both kinds of layers and to what CLIP sees of their pictures."""
    statistics = style_statistics(tiny.generator, 100, 300, 1.0, 3)
    z = torch.cat([(statistics.styles - statistics.mean) / statistics.std,
                   (statistics.rgb_styles - statistics.rgb_mean) / statistics.rgb_std], dim=1)
    by_hand = regression(image_embeddings(tiny, statistics.styles, statistics.rgb_styles, 32), z, 0.2)
    torch.testing.assert_close(regressed_effects(tiny, statistics, 0.2, 32, progress=False), by_hand)
    directions = GlobalDirections.regressed(tiny, faces=100, samples=300, ridge=0.2, seed=3, progress=False)
    torch.testing.assert_close(torch.cat([directions.effects, directions.rgb_effects]), by_hand, rtol=1e-3, atol=1e-6)
    assert torch.equal(directions.std, statistics.std) and torch.equal(directions.rgb_std, statistics.rgb_std)


def test_layers_above_the_resolution_of_clip_take_part(tiny, regressed):
    statistics = style_statistics(tiny.generator, 100, 300, 1.0, 0)
    assert regressed_effects(tiny, statistics, 0.1, 8, progress=False).norm(dim=1).min() > 0
    assert regressed.settings["stop_at"] == 32


def test_what_it_is_known_by(regressed):
    assert regressed.settings == {"kind": "regression", "images": 200, "samples": 300, "truncation_psi": 1.0, "seed": 0, "ridge": 0.1,
                                  "stop_at": 32, "rgb": True}
    assert regressed.effects.shape == (56, 16) and regressed.rgb_effects.shape == (32, 16)


def test_the_relevance_is_what_the_regression_says(regressed, tiny):
    """Not jointly solved once more, as the domain has it for a scan (ridge 3)."""
    wanted = text_direction(tiny.clip, COLOUR, "a face")
    assert tiny.calibration.ridge == 3.0 and regressed.ridge == 0.0
    torch.testing.assert_close(regressed.relevance(COLOUR), regressed.effects @ wanted)
    torch.testing.assert_close(regressed.relevance(COLOUR, rgb=True), torch.cat([regressed.effects, regressed.rgb_effects]) @ wanted)


def test_a_seed_means_the_same_regression(tiny, regressed):
    again, other = GlobalDirections.regressed(tiny, **FEW), GlobalDirections.regressed(tiny, **FEW, seed=1)
    assert torch.equal(again.effects, regressed.effects) and torch.equal(again.rgb_effects, regressed.rgb_effects)
    assert not torch.equal(other.effects, regressed.effects)


def test_a_file_keeps_all_of_it(regressed, tiny, tmp_path):
    regressed.save(tmp_path / "d.safetensors")
    loaded = GlobalDirections.load(tiny, tmp_path / "d.safetensors")
    for name in ("mean", "std", "effects", "rgb_std", "rgb_effects"):
        assert torch.equal(getattr(loaded, name), getattr(regressed, name)), name
    assert loaded.settings == regressed.settings and loaded.ridge == 0.0


@pytest.mark.parametrize(("text", "moved"), [(COLOUR, True), ("a face with glasses", False)])
def test_a_text_with_colours_moves_the_torgb_layers(tiny, regressed, text, moved):
    models = make_tiny_models()
    models.memo["directions"] = regressed
    assert moves_rgb(regressed, Prompt.of(models, text)) is moved
    edit = Directions(beta=0.0).apply(models, Face.of_seed(models, 1), Prompt.of(models, text))
    assert edit.recipe.changes[0].rgb is moved
    assert torch.equal(edit.rgb_styles, models.generator.styles(edit.w_plus)[1]) is not moved


@pytest.mark.parametrize(("settings", "said"), [
    ({"faces": 1}, "faces must be at least 2, not 1."), ({"samples": 100}, "at least faces, which is 200"),
    *(({"ridge": number}, "ridge must be a finite number above 0") for number in (0.0, -1.0, math.nan, math.inf)),
])  # fmt: skip
def test_settings_that_make_no_sense(tiny, settings, said):
    with pytest.raises(StyleclipError, match=said) as error:
        GlobalDirections.regressed(tiny, **{**FEW, **settings})
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(("embeddings", "said"), [
    (torch.full((5, 4), 0.5), "no difference among the 5 faces"), (torch.full((5, 4), math.nan), "infinite or undefined")])
def test_faces_that_teach_nothing(embeddings, said):
    with pytest.raises(StyleclipError, match=said):
        regression(embeddings, torch.randn(5, 3, generator=torch.Generator().manual_seed(0)), 0.1)


@pytest.mark.parametrize("better, worse", list(itertools.pairwise([
    ("scan", 100), ("scan", 24), ("regression", 2000), ("regression", 1000), ("first order", 64), ("scan", 4), ("regression", 200),
    ("something new", 10**6)])))  # fmt: skip
def test_which_of_several_is_the_best(regressed, tiny, tmp_path, better, worse):
    tensors = {"mean": regressed.mean, "std": regressed.std, "effects": regressed.effects.half()}
    for kind, images in (better, worse):
        facts = {**belongs_to(tiny), "kind": kind, "images": images}
        write(cached_path(tmp_path, facts), tensors, facts)
    assert [read_facts(path)["kind"] for path in kept_paths(tiny, tmp_path)] == [worse[0], better[0]]
    assert read_facts(kept_paths(tiny, tmp_path)[-1])["images"] == better[1]


def test_a_bar_and_no_warnings(tiny, recwarn, capsys):
    GlobalDirections.regressed(tiny, faces=20, samples=20)
    assert "faces for the regression" in capsys.readouterr().err
    assert [str(w.message) for w in recwarn] == []
