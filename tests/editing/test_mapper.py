"""The latent mapper: its network, its training, its files, and the official ones."""

import argparse
import copy
import dataclasses
import itertools
import json
import os

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib import __version__
from styleclip_lib.editing.alignment import latent_alignment_of
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.mapper import EVERY, HELD_OUT, STEPS, LatentMapper, chosen_levels, train_mapper
from styleclip_lib.editing.mapper_file import find_mapper, shipped_mappers
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import MapperEdit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.mapper import Mapper, layers_of
from styleclip_lib.weights.domain import enter_file
from tests.rosinality import to_rosinality

TEXT = "a smiling face"


def trained(tiny, text=TEXT, **settings) -> LatentMapper:
    return train_mapper(tiny, text, progress=False, **{"steps": 4, "people": 12, "batch_size": 3, **settings})


@pytest.fixture(scope="module")
def w_plus(tiny):
    return torch.cat([tiny.sample(seed) for seed in (1, 2, 3)])


@pytest.fixture(scope="module")
def mapper(tiny) -> LatentMapper:
    return trained(tiny, steps=20, lambda_l2=0.0, lambda_id=0.0, clip_cap=1.0)


# --- the network ---------------------------------------------------------------------------------------------------


def test_levels_are_the_same_sizes_of_picture_in_every_generator():
    for size, fine in ((1024, [64, 128, 128, 256, 256, 512, 512, 1024, 1024, 1024]), (128, [64, 128, 128, 128])):
        resolutions = Generator(size, 8, 8, 1, {2**i: 4 for i in range(2, 11)}).layer_resolutions
        assert resolutions[layers_of("coarse", len(resolutions))] == [4, 8, 8, 16]
        assert resolutions[layers_of("medium", len(resolutions))] == [16, 32, 32, 64]
        assert resolutions[layers_of("fine", len(resolutions))] == fine
        assert resolutions[layers_of("all", len(resolutions))] == resolutions
    assert [layers_of(level, 6) for level in ("coarse", "medium", "fine")] == [slice(0, 4), slice(4, 6), slice(6, 6)]


def test_a_new_mapper_changes_nothing(w_plus):
    assert not Mapper(8, 10)(w_plus).any()


def test_a_new_mapper_can_begin_with_one_offset_for_every_face(w_plus):
    mapper, offset = Mapper(8, 10, ["coarse"]), torch.randn(8, 10)
    mapper.begin_at(offset)
    begun = mapper(w_plus)
    torch.testing.assert_close(begun[:, :4], offset[:4].mean(0).expand(3, 4, -1))
    assert not begun[:, 4:].any(), "levels that the mapper has not"
    whole = Mapper(8, 10, ["all"])
    whole.begin_at(offset[:1].expand(8, -1))
    torch.testing.assert_close(whole(w_plus), offset[:1].expand(3, 8, -1))


def random_mapper(*levels) -> Mapper:
    torch.manual_seed(0)
    mapper = Mapper(12, 10, levels)
    for parameter in mapper.parameters():
        torch.nn.init.normal_(parameter, std=100.0)
    return mapper


def test_one_level_is_what_the_paper_says_it_is():
    """Written out: PixelNorm over the layers, four times W x + b with the learning rate inside, leaky ReLU times sqrt(2), 0.1."""
    mapper, w_plus = random_mapper("medium"), torch.randn(2, 12, 10)
    x = w_plus[:, 4:8] / (w_plus[:, 4:8].square().mean(1, keepdim=True) + 1e-8).sqrt()
    for layer in mapper.levels["medium"].layers:
        x = F.leaky_relu(x @ (0.01 / 10**0.5 * layer.weight).T + 0.01 * layer.bias, 0.2) * 2**0.5
    offset = mapper(w_plus)
    torch.testing.assert_close(offset[:, 4:8], 0.1 * x)
    assert not offset[:, :4].any() and not offset[:, 8:].any() and offset[:, 4:8].abs().min() > 0


def test_the_same_w_in_every_layer_leaves_only_its_signs():
    mapper, w = random_mapper("coarse", "fine"), torch.randn(2, 1, 10).expand(-1, 12, -1)
    torch.testing.assert_close(mapper(w), mapper(w.sign()), rtol=1e-3, atol=1e-4)


def test_around_the_mean_w_faces_can_be_told_apart(models):
    """Far from zero all faces have the same signs, so that a mapper that is not centered takes the same step for all of them."""
    faces = torch.cat([models.sample(seed) for seed in range(6)])
    torch.manual_seed(0)
    mapper = Mapper(models.generator.num_ws, models.generator.w_dim, ["coarse"])
    torch.nn.init.normal_(mapper.levels["coarse"].layers[-1].weight, std=100.0)

    def spread():
        steps = F.normalize(mapper(faces).flatten(1), dim=1)
        return 1 - (steps @ steps.T)[~torch.eye(6, dtype=torch.bool)].mean().item()

    away = spread()
    mapper.center.copy_(models.generator.mapping.w_avg)
    assert spread() > 0.05 and spread() > 3 * away


def test_levels_do_not_look_at_each_other():
    mapper, w_plus = random_mapper("coarse", "medium", "fine"), torch.randn(1, 12, 10)
    other = w_plus.clone()
    other[:, 4:8] += 1
    moved = (mapper(other) - mapper(w_plus)).abs().amax((0, 2)) > 0
    assert moved.tolist() == [False] * 4 + [True] * 4 + [False] * 4


@pytest.mark.parametrize("levels", [["coarse", "wide"], ["all", "fine"], "coarse", [], ["fine"]])
def test_levels_that_cannot_be(levels):
    with pytest.raises(StyleclipError, match="level"):
        Mapper(8, 10, levels)


@pytest.mark.parametrize("shape", [(1, 10), (1, 7, 10), (1, 8, 9)])
def test_a_latent_of_the_wrong_shape(mapper, shape):
    with pytest.raises(StyleclipError, match=r"\[B, 8, 10\]"):
        mapper.edit(torch.zeros(shape))


# --- training ------------------------------------------------------------------------------------------------------


def test_what_comes_back(tiny):
    result = trained(tiny, steps=EVERY + 2)
    assert {name: len(values) for name, values in result.history.items()} == {
        "loss": EVERY + 2, "clip": EVERY + 2, "l2": EVERY + 2, "identity": EVERY + 2, "off_direction": EVERY + 2, "held_out": 3}
    assert not any(parameter.requires_grad for parameter in result.parameters())
    assert result.levels == ["coarse", "medium"]
    assert torch.equal(result.network.center, tiny.generator.mapping.w_avg)
    assert all(name.startswith("network.") for name in result.state_dict()), "the domain's networks are no part of it"


def test_the_loss_is_that_of_the_paper(tiny):
    history = trained(tiny, lambda_l2=0.3, lambda_id=0.7, lambda_off_direction=40.0, clip_cap=1.0).history
    for loss, clip, l2, identity, side in zip(*(history[name] for name in ("loss", "clip", "l2", "identity", "off_direction"))):
        assert loss == pytest.approx(clip + 0.3 * l2 + 0.7 * identity + 40 * side, rel=1e-4)
    assert history["l2"][0] == 0 and history["identity"][0] == pytest.approx(0, abs=1e-5)
    assert history["l2"][1] > 0


def test_the_text_is_approached_on_held_out_faces(tiny, mapper):
    faces = torch.cat([tiny.sample(seed) for seed in range(50, 62)])
    text = tiny.clip.encode_text([TEXT])

    def near(strength):
        return (tiny.clip.encode_image(mapper.edit(faces, strength).image) @ text.T).mean().item()

    assert near(1) > near(0.5) > near(0) > near(-0.5)
    assert mapper.history["held_out"][-1] < mapper.history["held_out"][0]


@pytest.mark.slow
def test_the_weights_hold_the_offset_back(tiny):
    def size(**weights):
        result = trained(tiny, steps=25, clip_cap=1.0, **weights)
        return result(torch.cat([tiny.sample(seed) for seed in range(4)])).square().mean().item()

    assert size(lambda_l2=50.0, lambda_id=0.0) < 0.7 * size(lambda_l2=0.0, lambda_id=0.0)


def test_the_similarity_cap_ends_the_clip_loss(tiny, w_plus):
    result = trained(tiny, clip_cap=-1.0, lambda_id=0.0, lambda_off_direction=0.0)
    assert result.history["clip"] == [2.0] * 4
    assert not result(w_plus).any()


def test_the_best_is_kept_not_the_last(tiny, w_plus):
    """A learning rate that breaks everything: the best on the held-out faces is the mapper that changes nothing."""
    result = trained(tiny, lr=1e6, steps=3, lambda_l2=1000.0)
    assert result.history["held_out"][1] > result.history["held_out"][0]
    assert not result(w_plus).any()


def test_a_seed_means_the_same_mapper_and_leaves_other_random_numbers_alone(tiny, w_plus):
    torch.manual_seed(5)
    one, two, other = (trained(tiny, seed=seed, views=2) for seed in (1, 1, 2))
    after = torch.rand(1)
    assert torch.equal(one(w_plus), two(w_plus)) and one.history == two.history != other.history
    torch.manual_seed(5)
    assert torch.equal(after, torch.rand(1))


@pytest.mark.parametrize("start", ["face", "alignment"])
def test_the_recipe_trains_it_again(aligned, w_plus, start):
    settings = {"levels": ["coarse"], "steps": 3, "batch_size": 2, "lr": 0.3, "lambda_l2": 0.1, "lambda_id": 0.2,
                "lambda_off_direction": 0.3, "clip_cap": 0.9, "start": start, "views": 2, "people": 5, "jitter": 0.1,
                "truncation_psi": 0.5, "seed": 7, "stop_after": None}
    result = train_mapper(aligned, TEXT, progress=False, **settings)
    assert result.recipe == {"domain": "tiny", "method": "mapper", "text": TEXT, "version": __version__, **settings}
    assert json.loads(json.dumps(result.recipe)) == result.recipe
    told = {name: value for name, value in result.recipe.items() if name not in ("domain", "method", "version", "text")}
    assert torch.equal(train_mapper(aligned, TEXT, progress=False, **told)(w_plus), result(w_plus))


FREE = {"lambda_l2": 0.0, "lambda_id": 0.0, "lambda_off_direction": 0.0, "clip_cap": 1.0}


def alignments_offset(models, people=12, truncation_psi=0.7):
    """That of the mean of the constants predicted for the training faces, which are drawn from the seed 0."""
    z = torch.randn(people + HELD_OUT, models.generator.z_dim, generator=torch.Generator().manual_seed(0))[:people]
    embedding = models.clip.encode_image(models.generator.synthesis(models.generator.mapping(z, truncation_psi)))
    return latent_alignment_of(models).mean_offset(embedding, Prompt.of(models, TEXT))


def test_a_training_begins_with_the_alignments_offset(aligned, w_plus):
    offset = alignments_offset(aligned)
    offset[:, 8:] = 0
    assert offset.abs().mean() > 0.5
    begun = trained(aligned, start="alignment", stop_after=1, **FREE)
    torch.testing.assert_close(begun(w_plus), offset.expand(3, -1, -1), atol=1e-4, rtol=1e-4)
    further, nothing = trained(aligned, start="alignment", steps=20, **FREE), trained(aligned, steps=20, **FREE)
    assert further.history["held_out"][0] == begun.history["held_out"][0] < nothing.history["held_out"][0]
    assert further.history["held_out"][-1] < min(begun.history["held_out"][0], nothing.history["held_out"][-1])
    assert further.history["l2"][0] == pytest.approx(float(offset.square().mean()), rel=1e-3)


def test_levels_that_are_not_trained_do_not_begin_elsewhere(aligned, w_plus):
    begun = trained(aligned, start="alignment", levels=["medium"], stop_after=1, **FREE)(w_plus)
    torch.testing.assert_close(begun[:, 4:], alignments_offset(aligned)[:, 4:].expand(3, -1, -1), atol=1e-4, rtol=1e-4)
    assert not begun[:, :4].any()


def test_a_mapper_that_changes_nothing_stays_where_no_other_is_better(aligned, w_plus):
    result = trained(aligned, start="alignment", clip_cap=-1.0, lambda_l2=10.0)
    assert result.history["l2"][0] > 0 and not result(w_plus).any()


def test_where_a_training_begins_is_the_domains_unless_told_otherwise(aligned, w_plus):
    there = dataclasses.replace(aligned, calibration=dataclasses.replace(aligned.calibration, start="alignment"))
    there.memo["alignment"] = aligned.memo["alignment"]
    assert torch.equal(trained(there)(w_plus), trained(aligned, start="alignment")(w_plus))
    assert trained(there).recipe["start"] == "alignment" and trained(aligned).recipe["start"] == "face"
    assert torch.equal(trained(there, start="face")(w_plus), trained(aligned)(w_plus))
    with pytest.raises(StyleclipError, match="start must be 'face' or 'alignment', not 'mean'"):
        trained(aligned, start="mean")


def test_which_levels_a_text_needs(tiny):
    def levels_of(text, *levels):
        return chosen_levels(Prompt.of(tiny, text), *levels)

    assert levels_of("a smiling face") == ["coarse", "medium"]
    assert levels_of("a face with blue hair") == levels_of("a furious face") == ["coarse", "medium", "fine"]
    assert levels_of("a face with blue hair", ["medium"]) == ["medium"]
    assert levels_of("a smiling face", "all") == ["all"]


@pytest.mark.parametrize("text, hint", [("", "empty"), ("a face with glases", "'glasses'")])
def test_a_text_that_cannot_be_read(tiny, text, hint):
    with pytest.raises(StyleclipError, match=hint):
        trained(tiny, text)


@pytest.mark.parametrize("settings", [{"steps": 0}, {"batch_size": 0}, {"people": 0}, {"views": 0}])
def test_numbers_that_are_too_small(tiny, settings):
    with pytest.raises(StyleclipError, match="at least 1"):
        trained(tiny, **settings)


def test_ctrl_c_returns_the_best_so_far(tiny, w_plus, capsys):
    def interrupted(step, picture):
        if step == EVERY + 5:
            raise KeyboardInterrupt

    result = trained(tiny, steps=100, lambda_id=0.0, lambda_l2=0.0, clip_cap=1.0, on_step=interrupted)
    assert f"Stopped after {EVERY + 6} of 100 steps" in capsys.readouterr().out
    assert len(result.history["held_out"]) == 3, "at the beginning, after EVERY steps, and where it ended"
    assert result(w_plus).any() and result.recipe["text"] == TEXT


def test_ctrl_c_at_once_returns_a_mapper_that_changes_nothing(tiny, w_plus):
    result = trained(tiny, on_step=interrupt)
    assert not result(w_plus).any() and result.stopped_after == 1


def interrupt(step, picture):
    raise KeyboardInterrupt


def test_each_step_shows_what_the_mapper_makes_of_a_face(tiny, w_plus):
    pictures = []
    result = trained(tiny, lr=5.0, shown=w_plus[:1], on_step=lambda step, picture: pictures.append((step, picture)))
    assert [step for step, _ in pictures] == [0, 1, 2, 3] and result.stopped_after is None
    torch.testing.assert_close(pictures[0][1], tiny.generator.synthesis(w_plus[:1]))
    assert all(not torch.equal(one, other) for (_, one), (_, other) in itertools.pairwise(pictures))
    assert torch.equal(trained(tiny, lr=5.0)(w_plus), result(w_plus)), "who looks on changes nothing"


def test_a_training_that_is_stopped_can_be_made_again(tiny, w_plus):
    stopped = trained(tiny, steps=20, lambda_l2=0.0, lambda_id=0.0, clip_cap=1.0, on_step=lambda step, picture: step == 6)
    assert stopped.stopped_after == 7 and len(stopped.history["loss"]) == 7 and stopped(w_plus).any()
    again = trained(tiny, steps=20, lambda_l2=0.0, lambda_id=0.0, clip_cap=1.0, stop_after=7)
    assert torch.equal(again(w_plus), stopped(w_plus)) and again.recipe == stopped.recipe
    assert stopped.history["held_out"][-1] < stopped.history["held_out"][0], "the last state counts, too"


def test_a_text_that_no_mapper_was_trained_for_has_one_trained_once(tiny, w_plus):
    models, recipe, steps = dataclasses.replace(tiny), MapperEdit(seed=4), []
    prompt, face = Prompt.of(models, TEXT), Face(w_plus[:1], tiny.generator)
    assert recipe.steps_ahead(models, prompt) == STEPS
    first, second = (recipe.apply(models, face, prompt, lambda step, picture: steps.append(step), progress=False) for _ in range(2))
    assert steps == list(range(STEPS)) and recipe.steps_ahead(models, prompt) == 0
    assert torch.equal(first.image, second.image) and first.recipe == recipe == recipe.prepare(models, prompt)


def test_a_mapper_that_was_stopped_does_not_stand_for_the_whole_one(tiny, w_plus):
    models, recipe = dataclasses.replace(tiny), MapperEdit()
    prompt, face = Prompt.of(models, TEXT), Face(w_plus[:1], tiny.generator)
    edit = recipe.apply(models, face, prompt, lambda step, picture: step == 2, progress=False)
    assert edit.recipe == recipe.as_done(edit.recipe) == MapperEdit(stop_after=3)
    assert edit.recipe.steps_ahead(models, prompt) == 0 < recipe.steps_ahead(models, prompt)
    again = edit.recipe.apply(dataclasses.replace(tiny), face, prompt, progress=False)
    assert torch.equal(again.image, edit.image) and again.recipe == edit.recipe


# --- editing -------------------------------------------------------------------------------------------------------


def test_an_edit(tiny, mapper, w_plus):
    edit = mapper.edit(w_plus, 0.5)
    torch.testing.assert_close(edit.w_plus, w_plus + 0.5 * mapper(w_plus))
    torch.testing.assert_close(edit.image, tiny.generator.synthesis(edit.w_plus))
    assert edit.recipe == MapperEdit(strength=0.5)
    assert torch.equal(mapper.edit(w_plus, 0).w_plus, w_plus)
    torch.testing.assert_close(mapper.edit(w_plus[:1]).w_plus, mapper.edit(w_plus).w_plus[:1])


def test_levels_of_an_edit(mapper, w_plus):
    whole, coarse, none = (mapper.edit(w_plus, levels=levels) for levels in (["coarse", "medium"], ["coarse"], []))
    torch.testing.assert_close(whole.w_plus, mapper.edit(w_plus).w_plus)
    assert torch.equal(coarse.w_plus[:, :4], whole.w_plus[:, :4]) and torch.equal(coarse.w_plus[:, 4:], w_plus[:, 4:])
    assert torch.equal(none.w_plus, w_plus)
    assert coarse.recipe.levels == ("coarse",) and mapper.edit(w_plus).recipe.levels is None
    with pytest.raises(StyleclipError, match="coarse, medium, not all of fine"):
        mapper.edit(w_plus, levels=["fine"])


def test_no_warnings(tiny, recwarn):
    trained(tiny, steps=2)
    assert [str(w.message) for w in recwarn] == []


# --- files ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", ["face", "alignment"])
def test_where_the_training_began_is_kept_and_changes_no_tensor(aligned, w_plus, tmp_path, start):
    made = trained(aligned, start=start, **FREE)
    made.save(tmp_path / "a.safetensors")
    again = LatentMapper.load(aligned, tmp_path / "a.safetensors")
    assert again.recipe == made.recipe and again.recipe["start"] == start
    assert {key: value.shape for key, value in again.state_dict().items()} == {
        key: value.shape for key, value in trained(aligned, steps=1).state_dict().items()}
    torch.testing.assert_close(again(w_plus), made(w_plus), atol=0.01, rtol=0.01)


@pytest.fixture
def saved(mapper, tmp_path):
    path = tmp_path / "smile.safetensors"
    mapper.save(path)
    return path


def test_a_file_holds_the_mapper_and_nothing_else(tiny, mapper, saved, w_plus):
    again = LatentMapper.load(tiny, saved)
    assert again.recipe == mapper.recipe and again.levels == mapper.levels and again.history == {}
    shades = 255 / 2 * (again.edit(w_plus).image - mapper.edit(w_plus).image).abs().max()
    assert shades < 0.5, "half precision is not seen"
    numbers = sum(parameter.numel() for parameter in mapper.parameters())
    assert os.path.getsize(saved) < 2.2 * numbers + 3000
    assert os.listdir(saved.parent) == [saved.name]


def test_a_file_of_the_version_before_has_its_settings_by_todays_names(tiny, mapper, tmp_path):
    former = {**mapper.recipe, "lambda_side": 0.1, "enough": 0.9}
    del former["lambda_off_direction"], former["clip_cap"], former["start"]
    LatentMapper(tiny, mapper.network, former).save(tmp_path / "a.safetensors")
    recipe = LatentMapper.load(tiny, tmp_path / "a.safetensors").recipe
    assert recipe["lambda_off_direction"] == 0.1 and recipe["clip_cap"] == 0.9 and recipe["start"] == "face"
    assert recipe.keys() == mapper.recipe.keys()


def test_a_mapper_of_the_portraits_has_less_than_a_megabyte(models, tmp_path):
    network = Mapper(models.generator.num_ws, models.generator.w_dim)
    LatentMapper(models, network, {"text": TEXT}).save(tmp_path / "a.safetensors")
    assert os.path.getsize(tmp_path / "a.safetensors") < 1_000_000


def test_another_generator_is_refused(tiny, saved):
    torch.manual_seed(1)
    other = Generator(32, z_dim=12, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8}).requires_grad_(False)
    with pytest.raises(StyleclipError, match=r"another generator.*train_mapper"):
        LatentMapper.load(dataclasses.replace(tiny, generator=other), saved)


def fitted(tiny):
    """The tiny domain with a generator that was tuned from its own."""
    generator = copy.deepcopy(tiny.generator)
    for weight in generator.synthesis.parameters():
        weight.mul_(1.1)
    return dataclasses.replace(tiny, generator=generator, tuned_from=tiny.generator)


def test_a_generator_tuned_from_the_mappers_own_is_no_other(tiny, saved, mapper, w_plus):
    tuned = fitted(tiny)
    edited = LatentMapper.load(tuned, saved).edit(w_plus)
    torch.testing.assert_close(edited.image, tuned.generator.synthesis(edited.w_plus))
    assert not torch.allclose(edited.image, mapper.edit(w_plus).image, atol=1e-2)


def test_a_mapper_for_other_shapes_is_refused(tiny):
    with pytest.raises(StyleclipError, match=r"w_plus \[B, 12, 10\].*\[B, 8, 10\]"):
        LatentMapper(tiny, Mapper(12, 10), {})


@pytest.mark.parametrize("content", [b"", b"no safetensors", None])
def test_other_files_are_refused(tiny, tmp_path, content):
    path = tmp_path / "a.safetensors"
    if content is None:
        from safetensors.torch import save_file
        save_file({"x": torch.zeros(1)}, str(path))
    else:
        path.write_bytes(content)
    with pytest.raises(StyleclipError, match="does not hold a mapper"):
        LatentMapper.load(tiny, path)


def test_a_broken_save_leaves_the_old_file(mapper, saved, monkeypatch):
    before = saved.read_bytes()

    def broken(tensors, path, metadata):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("styleclip_lib.weights.learnt.save_file", broken)
    with pytest.raises(StyleclipError, match="the disk is full"):
        mapper.save(saved)
    assert saved.read_bytes() == before and os.listdir(saved.parent) == [saved.name]


def test_mappers_that_come_with_a_domain_are_found_by_name(tiny, tiny_folder, saved, w_plus, mapper):
    import shutil

    assert shipped_mappers(tiny) == [], "a domain without a folder"
    folder = shutil.copytree(tiny_folder, saved.parent / "models" / "tiny")
    shutil.copy(saved, folder / "mapper_smile.safetensors")
    enter_file(folder, "mapper_smile", folder / "mapper_smile.safetensors", {}, {})
    here = dataclasses.replace(tiny, folder=folder)
    assert shipped_mappers(here) == ["smile"]
    assert find_mapper(here, "smile") == folder / "mapper_smile.safetensors"
    loaded = LatentMapper.load(here, "smile")
    torch.testing.assert_close(loaded(w_plus), mapper(w_plus), rtol=0, atol=0.01)
    face, prompt = Face(w_plus[:1], tiny.generator), Prompt.of(here, TEXT)
    for recipe in (MapperEdit(), MapperEdit(mapper="smile"), MapperEdit(mapper=str(saved))):  # the one for the text, by name, a file
        edit = recipe.apply(here, face, prompt)
        assert torch.equal(edit.image, loaded.edit(w_plus[:1]).image) and edit.recipe.mapper in ("smile", str(saved))
    with pytest.raises(StyleclipError, match=r"no mapper 'frown'.*ships smile.*train_mapper"):
        LatentMapper.load(here, "frown")


# --- official checkpoints ------------------------------------------------------------------------------------------

THEIRS = {"coarse": "course_mapping", "medium": "medium_mapping", "all": "mapping"}


def official(path, levels=("coarse", "medium"), generator=None, opts=None, w_dim=10, **content):
    """A file in the authors' layout; -> what was written for each of their names."""
    torch.manual_seed(2)
    state = {f"mapper.{THEIRS[level]}.mapping.{i}.{kind}": 30 * torch.randn(*(w_dim, w_dim)[: 2 if kind == "weight" else 1])
             for level in levels for i in (1, 2, 3, 4) for kind in ("weight", "bias")}  # fmt: skip
    if generator is not None:
        decoder, _ = to_rosinality(generator.state_dict())
        state |= {f"decoder.{key}": value for key, value in decoder.items()}
    torch.save({"state_dict": state, "opts": opts, **content}, path)
    return state


@pytest.mark.parametrize("levels", [("coarse", "medium"), ("medium",), ("all",)])
@pytest.mark.parametrize("opts", [{"description": "angry"}, argparse.Namespace(description="angry", no_fine_mapper=True), None])
def test_an_official_checkpoint(tiny, tmp_path, w_plus, levels, opts):
    state = official(tmp_path / "angry.pt", levels, tiny.generator, opts)
    mapper = LatentMapper.load(tiny, tmp_path / "angry.pt")
    assert mapper.levels == list(levels)
    assert mapper.recipe["text"] == ("angry" if opts else "") and not mapper.network.center.any()
    first = mapper.network.levels[levels[0]].layers[0]
    assert torch.equal(first.weight, state[f"mapper.{THEIRS[levels[0]]}.mapping.1.weight"])
    assert mapper.edit(w_plus).image.shape == (3, 3, 32, 32) and mapper(w_plus).any()


def test_an_official_checkpoint_of_another_generator_is_refused(tiny, tmp_path):
    torch.manual_seed(1)
    other = Generator(32, z_dim=12, w_dim=10, num_mapping_layers=2, channels={4: 8, 8: 8, 16: 8, 32: 8})
    official(tmp_path / "angry.pt", generator=other)
    with pytest.raises(StyleclipError, match="another generator"):
        LatentMapper.load(tiny, tmp_path / "angry.pt")
    LatentMapper.load(dataclasses.replace(tiny, tuned_from=other), tmp_path / "angry.pt")


class Trap:
    """An object that runs code when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, "w")


def test_a_file_that_would_run_code_is_refused_and_runs_nothing(tiny, tmp_path):
    official(tmp_path / "trap.pt", opts=Trap(str(tmp_path / "was_here")))
    with pytest.raises(StyleclipError, match="would run code"):
        LatentMapper.load(tiny, tmp_path / "trap.pt")
    assert not (tmp_path / "was_here").exists()


def test_official_files_that_do_not_fit(tiny, tmp_path):
    path = tmp_path / "a.pt"

    def refused(match):
        with pytest.raises(StyleclipError, match=match):
            LatentMapper.load(tiny, path)

    official(path, w_dim=12)
    refused("does not fit this domain")
    state = official(path)
    del state["mapper.course_mapping.mapping.2.bias"]
    torch.save({"state_dict": state, "opts": {}}, path)
    refused("are missing or have other shapes")
    torch.save({"state_dict": {"mapper.mapper_0.mapping.1.weight": torch.zeros(2, 2)}, "opts": {}}, path)
    refused("not those for StyleSpace")
    torch.save({"state_dict": {"encoder.x": torch.zeros(2)}, "opts": {}}, path)
    refused("no mapper in this checkpoint")
    torch.save([1, 2], path)
    refused("no state_dict")
    path.write_bytes(b"PK broken")
    refused(r"a\.pt")
    path.unlink()
    refused("There is no mapper")
