"""Latent optimisation: the paper's loss, what comes back, Ctrl-C, and an edit that reaches its target."""

import copy
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from styleclip_lib.calibration import Calibration
from styleclip_lib.editing.alignment import latent_alignment_of
from styleclip_lib.editing.auxiliary_latents import FIRST_SEED, POOL, AuxiliaryLatents
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.move_space import move_space
from styleclip_lib.editing.objective import Objective, search_resolution
from styleclip_lib.editing.optimization import optimize_latent
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Optimization
from styleclip_lib.editing.result import Edit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.evaluate import HeldOut, portraits_for
from styleclip_lib.evaluation.outside import with_text
from styleclip_lib.evaluation.questions import questions_for_tuning
from styleclip_lib.evaluation.report import measure_edit
from styleclip_lib.models import load_models
from styleclip_lib.networks.generator import Synthesis
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample

TEXT = "a smiling face"


@pytest.fixture(scope="module")
def w_plus(tiny):
    return tiny.sample(1)


def edit(tiny, w_plus, text=TEXT, **settings) -> Edit:
    return optimize_latent(tiny, w_plus, text, progress=False, **{"steps": 6, "auxiliary_latents": 0, "space": "w+", **settings})


def test_what_comes_back(tiny, w_plus):
    result = edit(tiny, w_plus)
    assert isinstance(result, Edit)
    assert result.w_plus.shape == w_plus.shape and not result.w_plus.requires_grad
    torch.testing.assert_close(result.image, tiny.generator.synthesis(result.w_plus))
    assert set(result.history) == {"loss", "clip", "l2", "identity", "off_direction"}
    assert all(len(values) == 6 for values in result.history.values())
    assert result.frames == []


def test_the_loss_is_that_of_the_paper(tiny, w_plus):
    result = edit(tiny, w_plus, views=1, lambda_l2=0.3, lambda_id=0.7, lambda_off_direction=0.4, clip_cap=1.0)
    for loss, clip, l2, identity, side in zip(*result.history.values()):
        assert loss == pytest.approx(clip + 0.3 * l2 + 0.7 * identity + 0.4 * side, rel=1e-4)
    before = tiny.generator.synthesis(w_plus)
    at_start = 1 - (tiny.clip.encode_image(before) @ tiny.clip.encode_text([TEXT]).T).item()
    assert result.history["clip"][0] == pytest.approx(at_start, rel=1e-4)
    assert result.history["l2"][0] == 0 and result.history["off_direction"][0] == pytest.approx(0, abs=1e-6)
    assert result.history["identity"][0] == pytest.approx(0, abs=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("text, layers, free", [
    ("a smiling face", "auto", "shape"), ("a face with blue hair", "auto", "color"), ("a smiling face with blue hair", "auto", "all"),
    ("a face with blue hair", "shape", "shape"), ("a smiling face", "color", "color"), ("a smiling face", "all", "all")])
def test_only_the_layers_that_a_text_needs_move(models, text, layers, free):
    w_plus = models.sample(3)
    result = optimize_latent(models, w_plus, text, steps=4, lr=0.02, early_exit=1.0, lambda_id=0.0, lambda_l2=0.0, lambda_off_direction=0.0,
                             views=1, layers=layers, space="w+", progress=False)
    assert result.recipe.layers == layers
    moved = (result.w_plus - w_plus).abs().amax((0, 2)) > 0
    wanted = {"shape": lambda r: r <= 32, "color": lambda r: r >= 32, "all": lambda r: True}[free]
    assert moved.tolist() == [wanted(resolution) for resolution in models.generator.layer_resolutions]


def test_which_layers_a_text_needs(tiny):
    def layers_for(text):
        return Prompt.of(tiny, text).layers

    assert {layers_for(t) for t in ("a smiling face with glasses", "an old man with a beard", "a sad woman")} == {"shape"}
    assert {layers_for(t) for t in ("a face with green eyes", "a person with a red top", "a face with red hair")} == {"color"}
    assert {layers_for(t) for t in ("a man with blue eyes and a hat", "a face")} == {"all"}


def test_in_the_space_of_styles(tiny, w_plus):
    result = edit(tiny, w_plus, space="styles", steps=20, lambda_l2=0.0, lambda_id=0.0, lambda_off_direction=0.0, views=1)
    styles, rgb_styles = tiny.generator.styles(w_plus)
    assert torch.equal(result.w_plus, w_plus) and torch.equal(result.rgb_styles, rgb_styles)
    assert (result.styles - styles).abs().max() > 0.1
    torch.testing.assert_close(result.image, tiny.generator.from_styles(result.styles, rgb_styles))
    assert min(result.history["clip"]) < result.history["clip"][0] - 0.001 and result.recipe.space == "styles"
    few = edit(tiny, w_plus, space="styles", lambda_l2=5.0)
    best = few.history["loss"].index(min(few.history["loss"]))
    assert (few.styles - styles).square().sum().item() == pytest.approx(few.history["l2"][best], rel=1e-3, abs=1e-6)


@pytest.mark.slow
def test_styles_of_torgb_layers_stay_too(models):
    w_plus = models.sample(3)
    result = optimize_latent(models, w_plus, TEXT, steps=4, lr=0.02, early_exit=1.0, views=1, space="styles", layers="auto",
                             progress=False)
    moved = (result.styles - models.generator.styles(w_plus)[0]).abs()[0]
    for (_, where), resolution in zip(models.generator.style_slices, models.generator.layer_resolutions):
        assert (moved[where].max() > 0) == (resolution <= 32)


def test_styles_are_what_moves_unless_told_otherwise(tiny, w_plus):
    result = optimize_latent(tiny, w_plus, TEXT, steps=2, progress=False)
    assert result.face.changed_styles is not None and result.recipe.space == "styles"


@pytest.mark.parametrize("text, rgb, moves", [("a smiling face", None, False), ("a face with blue hair", None, True),
                                              ("a smiling face", True, True), ("a face with blue hair", False, False)])
def test_rgb_styles_move_if_the_text_speaks_of_a_colour(tiny, w_plus, text, rgb, moves):
    result = edit(tiny, w_plus, text, space="styles", rgb=rgb, lambda_l2=0.0)
    assert (not torch.equal(result.rgb_styles, tiny.generator.styles(w_plus)[1])) == moves
    assert result.recipe.rgb == moves
    assert edit(tiny, w_plus, text, space="w+", rgb=rgb).recipe.rgb is False


def test_one_offset_for_all_layers(tiny, w_plus):
    result = edit(tiny, w_plus, space="w", lambda_l2=0.0)
    moved = result.w_plus - w_plus
    assert moved.norm() > 0.01
    torch.testing.assert_close(moved, moved[:, :1].expand_as(moved), atol=1e-5, rtol=0)
    torch.testing.assert_close(result.image, tiny.generator.synthesis(result.w_plus))


@pytest.mark.parametrize("space, lr, lambda_l2", [("w", 0.1, 0.0005), ("w+", 0.2, 0.0002), ("styles", 0.2, 0.0002)])
def test_the_usual_settings_of_a_space(tiny, w_plus, space, lr, lambda_l2):
    usual, told = edit(tiny, w_plus, space=space), edit(tiny, w_plus, space=space, lr=lr, lambda_l2=lambda_l2)
    assert usual.recipe == told.recipe and torch.equal(usual.image, told.image)


@pytest.mark.parametrize("space", ["w", "w+", "styles"])
def test_an_edit_at_another_strength(tiny, w_plus, space):
    result = edit(tiny, w_plus, "a face with blue hair", space=space, lambda_l2=0.0)
    none, half, whole = (result.at(strength).image for strength in (0.0, 0.5, 1.0))
    torch.testing.assert_close(none, tiny.generator.synthesis(w_plus))
    assert torch.equal(whole, result.image)
    assert (half - none).abs().mean() > 0 and (half - whole).abs().mean() > 0


def test_an_unknown_space(tiny, w_plus):
    with pytest.raises(StyleclipError, match="'styles', 'w\\+' or 'w'"):
        edit(tiny, w_plus, space="z")


def test_the_text_is_approached(tiny, w_plus):
    result = edit(tiny, w_plus, steps=30, lambda_l2=0.0, lambda_id=0.0, lambda_off_direction=0.0, views=1)
    assert min(result.history["clip"]) < result.history["clip"][0] - 0.01
    assert (result.w_plus - w_plus).norm() > 0.1


def test_the_weights_hold_the_face_back(tiny, w_plus):
    def moved(**weights):
        return (edit(tiny, w_plus, steps=20, views=1, **weights).w_plus - w_plus).norm().item()

    free = moved(lambda_l2=0.0, lambda_id=0.0)
    assert moved(lambda_l2=10.0, lambda_id=0.0) < 0.5 * free


def test_the_best_is_kept_not_the_last(tiny, w_plus):
    result = edit(tiny, w_plus, steps=10, lr=30.0, views=1)
    best = result.history["loss"].index(min(result.history["loss"]))
    assert (result.w_plus - w_plus).square().sum().item() == pytest.approx(
        result.history["l2"][best], rel=1e-3, abs=1e-6
    )


def test_a_seed_means_the_same_edit(tiny, w_plus):
    one, two, other = (edit(tiny, w_plus, views=3, lambda_l2=0.0, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(one.w_plus, two.w_plus) and one.history == two.history
    assert one.history != other.history


@pytest.mark.parametrize("space, start", [("w+", "face"), ("styles", "face"), ("styles", "alignment"), ("w", "alignment")])
def test_the_recipe_makes_the_edit_again(aligned, w_plus, space, start):
    settings = {"steps": 4, "lr": 0.05, "lambda_l2": 0.1, "lambda_id": 0.2, "lambda_off_direction": 0.3, "early_exit": 0.95,
                "clip_cap": 0.9, "auxiliary_latents": 1, "start": start, "views": 2, "layers": "all", "space": space, "rgb": False,
                "stop_at": 16, "seed": 7, "strength": 0.5}
    result = edit(aligned, w_plus, **settings)
    assert result.recipe == Optimization(**settings) and result.prompt.text == TEXT
    again = Optimization.from_dict(result.recipe.to_dict()).apply(aligned, Face(w_plus, aligned.generator), result.prompt, progress=False)
    assert torch.equal(again.image, result.image)


def test_what_a_recipe_leaves_open_is_filled_in(tiny, w_plus):
    recipe = edit(tiny, w_plus, "a face with blue hair", space="styles", auxiliary_latents=None).recipe
    usual = tiny.calibration
    assert (recipe.clip_cap, recipe.early_exit, recipe.auxiliary_latents) == (usual.clip_cap, usual.early_exit, usual.auxiliary_latents)
    assert (recipe.lr, recipe.lambda_l2) == usual.step_styles and recipe.rgb is True and recipe.stop_at == 32
    assert recipe.start == usual.start == "face"


def test_an_edit_that_was_stopped_says_so_and_is_made_again(tiny, w_plus):
    stopped = edit(tiny, w_plus, steps=20, on_step=lambda step, image: step == 4)
    assert stopped.recipe.stop_after == 5 and stopped.recipe.steps == 20
    again = stopped.recipe.apply(tiny, Face(w_plus, tiny.generator), stopped.prompt, progress=False)
    assert torch.equal(again.w_plus, stopped.w_plus) and again.recipe == stopped.recipe


def test_an_unknown_setting(tiny, w_plus):
    with pytest.raises(StyleclipError, match=r"'step' \(did you mean 'steps'\?\)"):
        optimize_latent(tiny, w_plus, TEXT, step=3)


def test_names_of_the_version_before_are_understood(tiny, w_plus):
    with pytest.warns(FutureWarning, match="enough is now called clip_cap"):
        assert edit(tiny, w_plus, steps=1, enough=0.9).recipe.clip_cap == 0.9


def test_a_face_that_was_edited_in_stylespace_goes_on_there_and_nowhere_else(tiny, w_plus):
    first, prompt = edit(tiny, w_plus, space="styles", lambda_l2=0.0), Prompt.of(tiny, TEXT)
    again = Optimization(steps=2, space="styles", auxiliary_latents=0).apply(tiny, first.face, prompt, progress=False)
    torch.testing.assert_close(again.at(0).image, first.image)
    with pytest.raises(StyleclipError, match="no latent code"):
        Optimization(steps=2, space="w+").apply(tiny, first.face, prompt, progress=False)


def test_a_text_that_is_true_already_changes_nothing(tiny, w_plus):
    cosine = float(tiny.clip.encode_image(tiny.generator.synthesis(w_plus))[0] @ tiny.clip.encode_text([TEXT])[0])
    left = edit(tiny, w_plus, early_exit=cosine - 0.01)
    assert torch.equal(left.w_plus, w_plus) and left.history["loss"] == []
    assert len(edit(tiny, w_plus, early_exit=cosine + 0.01).history["loss"]) == 6


def test_all_that_a_text_says_has_to_be_true(models):
    embedding = models.clip.encode_image(models.generator.synthesis(models.sample(3)))
    texts = ("an old face with a hat", "an old face", "a face wearing a hat")
    both, one, other = (Prompt.of(models, text).cosine(embedding) for text in texts)
    cosine = float(embedding[0] @ models.clip.encode_text(["an old face with a hat"])[0])
    assert both == pytest.approx(min(one, other, cosine), abs=1e-5) and abs(one - other) > 0.05


@pytest.mark.slow
def test_how_true_the_pictures_are_of_which_a_text_is_true(models):
    """What lesson 04 says of them, and what `early_exit` and `clip_cap` stand for."""
    people, found = sample(60, seed=11), []
    for i, question in enumerate(questions_for_tuning()[:28]):
        prompt = Prompt.of(models, question.text)
        suited = portraits_for(HeldOut(people, []), question, 3, start=5 * i)
        for portrait in suited:
            image = render(with_text(people[portrait], question.text), models.generator.img_resolution)
            found.append(prompt.cosine(models.clip.encode_image(image)))
    low, middle, high = torch.tensor(found).quantile(torch.tensor([0.1, 0.5, 0.9])).tolist()
    assert 0.08 < low < models.calibration.early_exit < middle < 0.2
    assert middle == pytest.approx(0.17, abs=0.02) and high == pytest.approx(0.26, abs=0.03)


@pytest.mark.parametrize("space", ["w", "w+", "styles"])
def test_auxiliary_latents_count_as_much_as_the_face(tiny, w_plus, space):
    """At the first step, where nothing has moved yet, against a loop over them."""
    result = edit(tiny, w_plus, space=space, auxiliary_latents=3, views=1, clip_cap=1.0, seed=4, steps=2)
    objective, rng, terms = Objective(tiny, Prompt.of(tiny, TEXT), 1.0), torch.Generator().manual_seed(4), []
    for number in torch.randint(POOL, (3,), generator=rng).tolist():
        face = tiny.generator.synthesis(tiny.sample(FIRST_SEED + number, truncation_psi=1.0))
        terms.append(objective.terms(face, objective.before(face), 1, rng))
    face = tiny.generator.synthesis(w_plus)
    own = objective.terms(face, objective.before(face), 1, rng)
    for name in ("clip", "off_direction"):
        mean = (own[name] + sum(term[name] for term in terms) / 3) / 2
        assert result.history[name][0] == pytest.approx(mean.item(), abs=1e-5)
    assert result.recipe.auxiliary_latents == 3
    without = edit(tiny, w_plus, space=space, auxiliary_latents=0, views=1, clip_cap=1.0, seed=4, steps=2)
    assert result.history["clip"] != without.history["clip"]


def test_auxiliary_latents_are_moved_with_the_face(tiny, w_plus):
    at, prompt = move_space(Face(w_plus, tiny.generator), "w+", torch.ones(8)), Prompt.of(tiny, TEXT)
    offset = 0.3 * torch.randn(w_plus.shape, generator=torch.Generator().manual_seed(2))
    terms = AuxiliaryLatents(Objective(tiny, prompt, 1.0), at, "w+", 32, seed=3).terms(offset, 2)
    which = torch.randint(POOL, (2,), generator=torch.Generator().manual_seed(3))
    far, beside = [], []
    for number in which.tolist():
        face = tiny.sample(FIRST_SEED + number, truncation_psi=1.0)
        embedding, before = (tiny.clip.encode_image(tiny.generator.synthesis(w)) for w in (face + offset, face))
        far.append(1 - float(embedding[0] @ prompt.vector[0]))
        along = (embedding - before) @ prompt.direction[0]
        beside.append(float((embedding - before).square().sum() - along.square()))
    assert terms["clip"].item() == pytest.approx(sum(far) / 2, abs=1e-4)
    assert terms["off_direction"].item() == pytest.approx(sum(beside) / 2, abs=1e-4)


def test_the_reference_set_is_drawn_once(tiny, w_plus, monkeypatch):
    """For one text or many; `dataclasses.replace` makes networks that have not seen it."""
    seen, encode = [], tiny.clip.encode_image
    monkeypatch.setattr(tiny.clip, "encode_image", lambda images: seen.append(len(images)) or encode(images))
    for models in (replace(tiny), replace(tiny)):
        seen.clear()
        for text in (TEXT, TEXT, "a face with a hat"):
            optimize_latent(models, w_plus, text, steps=1, views=1, auxiliary_latents=1, early_exit=1.0, progress=False)
        assert sum(seen) == POOL + 3 * (1 + 1 + 1), "the set; then for each text the face before, and one step of two"


def test_ctrl_c_while_the_reference_set_is_drawn(tiny, w_plus, monkeypatch, capsys):
    def ctrl_c(*what):
        raise KeyboardInterrupt

    monkeypatch.setattr("styleclip_lib.editing.optimization.AuxiliaryLatents", ctrl_c)
    assert torch.equal(edit(tiny, w_plus, auxiliary_latents=2).w_plus, w_plus)
    assert "Stopped after 0 of 6 steps" in capsys.readouterr().out


def test_where_nothing_was_measured_the_papers_values_hold(tiny, w_plus):
    unknown = replace(tiny, calibration=Calibration())
    recipe = optimize_latent(unknown, w_plus, TEXT, steps=1, space="w+", progress=False).recipe
    paper = Optimization.PAPER
    for name in ("auxiliary_latents", "clip_cap", "early_exit", "lambda_off_direction", "lr", "lambda_l2", "start"):
        assert getattr(recipe, name) == getattr(paper, name), name


def test_steps_are_counted_and_may_end_the_search(tiny, w_plus):
    seen = []
    result = edit(tiny, w_plus, on_step=lambda step, image: seen.append(step) or step == 3)
    assert seen == list(range(4)) and len(result.history["loss"]) == 4


def test_above_the_cap_nothing_more_is_asked(tiny, w_plus):
    """Once every view is near enough to the text, nothing moves any more."""
    result = edit(tiny, w_plus, clip_cap=-1.0, lambda_id=0.0, lambda_off_direction=0.0)
    assert torch.equal(result.w_plus, w_plus)
    assert result.history["clip"] == [2.0] * 6
    assert min(edit(tiny, w_plus, clip_cap=0.9).history["clip"]) >= 0.1 - 1e-6


@pytest.mark.parametrize("steps, frames, kept", [(6, 3, 3), (6, 6, 6), (7, 4, 4), (3, 9, 3), (19, 10, 10), (5, 0, 0)])
def test_pictures_of_the_path(tiny, w_plus, steps, frames, kept):
    result = edit(tiny, w_plus, steps=steps, frames=frames, views=1)
    assert len(result.frames) == kept
    assert all(frame.shape == (1, 3, 32, 32) and frame.abs().max() <= 1 for frame in result.frames)
    if kept:
        torch.testing.assert_close(result.frames[0], tiny.generator.synthesis(w_plus).clamp(-1, 1))


@pytest.mark.parametrize(
    "text, hint", [("", "empty"), ("a face with glases", "'glasses'"), ("face " * 40, "at most 26")]
)
def test_a_text_that_cannot_be_read(tiny, w_plus, text, hint):
    with pytest.raises(StyleclipError, match=hint):
        edit(tiny, w_plus, text)


@pytest.mark.parametrize("shape", [(1, 10), (1, 3, 10), (2, 8, 10), (8, 10)])
def test_a_latent_of_the_wrong_shape(tiny, shape):
    with pytest.raises(StyleclipError, match=r"w_plus must be \[1, 8, 10\].*models\.sample"):
        edit(tiny, torch.zeros(shape))


@pytest.mark.parametrize("settings, hint", [({"steps": 0}, "from 1 to"), ({"auxiliary_latents": -1}, "from 0 to 64")])
def test_no_steps(tiny, w_plus, settings, hint):
    with pytest.raises(StyleclipError, match=hint):
        edit(tiny, w_plus, **settings)


def test_ctrl_c_returns_the_best_so_far(tiny, w_plus, monkeypatch, capsys):
    whole = edit(tiny, w_plus, steps=20)
    calls, compare = [], tiny.identity.forward

    def interrupted(image):
        calls.append(1)
        if len(calls) == 8:
            raise KeyboardInterrupt
        return compare(image)

    monkeypatch.setattr(tiny.identity, "forward", interrupted)
    result = edit(tiny, w_plus, steps=20)
    assert "Stopped after 6 of 20 steps" in capsys.readouterr().out
    assert result.history["loss"] == whole.history["loss"][:6]
    assert result.image.shape == (1, 3, 32, 32)
    assert result.prompt.text == TEXT and result.recipe.stop_after == 6


def test_ctrl_c_at_once_returns_the_face_itself(tiny, w_plus, monkeypatch):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("styleclip_lib.editing.objective.random_views", interrupted)
    assert torch.equal(edit(tiny, w_plus).w_plus, w_plus)


def test_what_is_handed_in_stays_as_it_is(tiny, w_plus):
    before = w_plus.clone()
    edit(tiny, w_plus)
    assert torch.equal(w_plus, before) and not w_plus.requires_grad


def test_no_warnings(tiny, w_plus, recwarn):
    edit(tiny, w_plus, steps=2)
    assert [str(w.message) for w in recwarn] == []


@pytest.mark.slow
def test_glasses_are_put_on(models):
    """The real thing, measured: a face without glasses gets them, and it is still the same person."""

    def wears(seed):
        return models.attributes.read(models.generator.synthesis(models.sample(seed)))[0].value("glasses")

    w_plus = models.sample(next(seed for seed in range(100) if wears(seed) == "none"))
    before = models.generator.synthesis(w_plus)
    result = optimize_latent(models, w_plus, "a face with glasses", progress=False)
    report = measure_edit(models, before, result.image, "a face with glasses")
    assert report.success and not report.true_before, str(report)
    assert report.clip_gain > 0.05 and report.identity > 0.4, str(report)
    assert len(report.side_effects) <= 8, str(report)


def test_a_search_at_a_lower_resolution_comes_back_in_full(tiny, w_plus):
    result = edit(tiny, w_plus, stop_at=16, frames=2, lambda_l2=0.0)
    moved = (result.w_plus - w_plus).abs().amax((0, 2)) > 0
    assert moved.tolist() == [True] * 6 + [False] * 2
    torch.testing.assert_close(result.image, tiny.generator.synthesis(result.w_plus))
    assert result.image.shape == result.frames[1].shape == (1, 3, 32, 32)
    with pytest.raises(StyleclipError, match="stop_at is 20"):
        edit(tiny, w_plus, stop_at=20)


@pytest.mark.parametrize("resolution, clip_size, seen", [(128, 64, 128), (256, 224, 256), (1024, 224, 256), (1024, 336, 512)])
def test_how_large_a_face_is_drawn_for_the_search(resolution, clip_size, seen):
    with torch.device("meta"):
        synthesis = Synthesis(resolution, 4, {2**i: 4 for i in range(2, resolution.bit_length())})
    models = SimpleNamespace(generator=SimpleNamespace(synthesis=synthesis), clip=SimpleNamespace(image_size=clip_size))
    assert search_resolution(models) == seen


# --- where the search begins ---------------------------------------------------------------------------------------

FREE = {"lambda_l2": 0.0, "lambda_id": 0.0, "lambda_off_direction": 0.0, "clip_cap": 1.0, "views": 1}


def alignment_edit(models, w_plus) -> Edit:
    return latent_alignment_of(models).apply(Face(w_plus, models.generator), Prompt.of(models, TEXT))


def first_picture(models, w_plus, **settings):
    seen = []
    edit(models, w_plus, start="alignment", on_step=lambda step, image: seen.append(image) or True, **settings)
    return seen[0]


@pytest.mark.parametrize("space", ["w", "w+", "styles"])
def test_a_search_begins_at_the_alignments_edit(aligned, w_plus, space):
    expected = alignment_edit(aligned, w_plus)
    assert (expected.image - aligned.generator.synthesis(w_plus)).abs().mean() > 0.01
    result = edit(aligned, w_plus, start="alignment", space=space, rgb=True, steps=1, **FREE)
    torch.testing.assert_close(result.image, expected.image, atol=1e-3, rtol=1e-3)
    assert result.recipe.start == "alignment" and len(result.history["loss"]) == 1
    further = edit(aligned, w_plus, start="alignment", space=space, rgb=True, **FREE)
    assert further.history["loss"][0] == result.history["loss"][0] > min(further.history["loss"])
    assert min(further.history["loss"]) < min(edit(aligned, w_plus, space=space, rgb=True, **FREE).history["loss"])


@pytest.mark.parametrize("space", ["w", "w+", "styles"])
def test_the_losses_measure_from_the_face_wherever_the_search_begins(aligned, w_plus, space):
    expected, generator = alignment_edit(aligned, w_plus), aligned.generator
    history = edit(aligned, w_plus, start="alignment", space=space, rgb=True, views=1, steps=1).history
    before, after = (aligned.identity(face.draw()) for face in (Face(w_plus, generator), expected.face))
    assert history["identity"][0] == pytest.approx(1 - float((before * after).sum()), abs=1e-4) and history["off_direction"][0] > 1e-6
    offset = {"w+": lambda: expected.w_plus - w_plus,
              "styles": lambda: torch.cat(generator.styles(expected.w_plus), 1) - torch.cat(generator.styles(w_plus), 1)}
    if space in offset:
        assert history["l2"][0] == pytest.approx(float(offset[space]().square().sum()), rel=1e-3)


@pytest.mark.parametrize("space", ["w", "w+", "styles"])
def test_what_may_not_move_does_not_begin_elsewhere(aligned, w_plus, space):
    generator = aligned.generator
    free = torch.tensor(generator.layer_resolutions)[None, :, None] >= 32
    code, (convs, rgbs) = w_plus + free * (alignment_edit(aligned, w_plus).w_plus - w_plus), generator.styles(w_plus)
    image = generator.from_styles(generator.styles(code)[0], rgbs) if space == "styles" else generator.synthesis(code)
    torch.testing.assert_close(first_picture(aligned, w_plus, space=space, layers="color", rgb=False), image, atol=1e-3, rtol=1e-3)
    result = edit(aligned, w_plus, start="alignment", space=space, layers="color", rgb=False, **FREE)
    first = generator.layer_resolutions.index(32)
    assert torch.equal(result.w_plus[:, :first], w_plus[:, :first]) and result.history["l2"][0] > 0
    assert not (result.styles - convs)[:, : generator.style_slices[first][1].start].any()
    assert space != "styles" or torch.equal(result.rgb_styles, rgbs)


@pytest.mark.parametrize("space", ["w", "w+", "styles"])
def test_the_face_stays_where_no_step_is_better(aligned, w_plus, space):
    """Above the cap nothing is gained, and the way to the alignment's edit costs."""
    face = aligned.generator.synthesis(w_plus)
    result = edit(aligned, w_plus, start="alignment", space=space, clip_cap=-1.0)
    assert len(result.history["loss"]) == 6 and result.history["l2"][0] > 0
    torch.testing.assert_close(result.image, face)


@pytest.mark.parametrize("views", [1, 2], ids=["while the face is compared", "while its first step is"])
def test_ctrl_c_before_the_first_step_returns_the_face_wherever_the_search_begins(aligned, w_plus, views, monkeypatch, capsys):
    from styleclip_lib.editing import objective

    called, random_views = [], objective.random_views

    def interrupted(*arguments):
        called.append(1)
        if len(called) == views:
            raise KeyboardInterrupt
        return random_views(*arguments)

    monkeypatch.setattr(objective, "random_views", interrupted)
    result = edit(aligned, w_plus, start="alignment", frames=2)
    assert torch.equal(result.w_plus, w_plus) and "Stopped after 0 of 6 steps" in capsys.readouterr().out
    assert all(torch.allclose(frame, aligned.generator.synthesis(w_plus).clamp(-1, 1)) for frame in result.frames)


def test_ctrl_c_while_the_alignment_is_solved_returns_the_face(tiny, w_plus, monkeypatch, capsys):
    def ctrl_c(*what, **how):
        raise KeyboardInterrupt

    monkeypatch.setattr("styleclip_lib.inversion.alignment.closed_form", ctrl_c)
    assert torch.equal(edit(replace(tiny), w_plus, start="alignment").w_plus, w_plus)
    assert "Stopped after 0 of 6 steps" in capsys.readouterr().out


def test_a_search_from_the_alignment_that_was_stopped_is_made_again(aligned, w_plus):
    settings = {"start": "alignment", "steps": 20, **FREE}
    stopped = edit(aligned, w_plus, on_step=lambda step, image: step == 4, **settings)
    assert stopped.recipe.stop_after == 5 == len(stopped.history["loss"])
    again = stopped.recipe.apply(aligned, Face(w_plus, aligned.generator), stopped.prompt, progress=False)
    assert torch.equal(again.w_plus, stopped.w_plus) and again.recipe == stopped.recipe


def test_a_text_that_is_true_already_needs_no_alignment(tiny, w_plus):
    models = replace(tiny)
    left = edit(models, w_plus, start="alignment", early_exit=-1.0)
    assert torch.equal(left.w_plus, w_plus) and left.history["loss"] == [] and "alignment" not in models.memo


def test_pictures_of_a_path_from_the_alignment_begin_with_the_face(aligned, w_plus):
    frames = edit(aligned, w_plus, start="alignment", steps=3, frames=9).frames
    assert len(frames) == 4
    torch.testing.assert_close(frames[0], aligned.generator.synthesis(w_plus).clamp(-1, 1))
    torch.testing.assert_close(frames[1], alignment_edit(aligned, w_plus).image.clamp(-1, 1), atol=1e-4, rtol=1e-4)


def test_where_a_search_begins_is_the_domains_unless_told_otherwise(aligned, w_plus):
    there = replace(aligned, calibration=replace(aligned.calibration, start="alignment"))
    there.memo["alignment"] = aligned.memo["alignment"]
    told, usual = edit(aligned, w_plus, start="alignment"), edit(there, w_plus)
    assert usual.recipe == told.recipe and torch.equal(usual.w_plus, told.w_plus)
    told, usual = edit(there, w_plus, start="face"), edit(aligned, w_plus)
    assert usual.recipe == told.recipe and torch.equal(usual.w_plus, told.w_plus) and usual.history["l2"][0] == 0
    assert edit(there, w_plus, recipe=Optimization.PAPER, steps=1).recipe.start == "face"
    with pytest.raises(StyleclipError, match="start must be 'face' or 'alignment'") as error:
        edit(aligned, w_plus, start="mean")
    assert "\n" not in str(error.value)


def test_a_face_with_a_generator_of_its_own_begins_at_the_domains_alignment(aligned, w_plus):
    tuned = copy.deepcopy(aligned.generator)
    for weight in tuned.synthesis.parameters():
        weight.mul_(1.05)
    face, prompt, seen = Face(w_plus, tuned), Prompt.of(aligned, TEXT), []
    Optimization(steps=1, space="w+", start="alignment", auxiliary_latents=0).apply(
        aligned, face, prompt, lambda step, image: seen.append(image), progress=False)
    torch.testing.assert_close(seen[0], latent_alignment_of(aligned).apply(face, prompt).image)


def test_a_face_that_was_edited_in_stylespace_begins_at_the_alignment_too(aligned, w_plus):
    first, prompt, generator = edit(aligned, w_plus, space="styles", **FREE), Prompt.of(aligned, TEXT), aligned.generator
    again = Optimization(steps=1, space="styles", start="alignment", auxiliary_latents=0, **FREE).apply(aligned, first.face, prompt,
                                                                                                      progress=False)
    offset = latent_alignment_of(aligned).offset(first.face, prompt)
    expected = first.styles + generator.styles(w_plus + offset)[0] - generator.styles(w_plus)[0]
    torch.testing.assert_close(again.styles, expected, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(again.at(0).image, first.image)


def test_an_alignment_is_read_before_a_face_is_inverted(tiny_domain):
    models = load_models(tiny_domain, device="cpu")
    prompt = Prompt.of(models, TEXT)
    assert Optimization().prepare(models, prompt) == Optimization() and "alignment" not in models.memo
    recipe = Optimization(start="alignment")
    assert recipe.prepare(models, prompt) == recipe and "alignment" in models.memo
