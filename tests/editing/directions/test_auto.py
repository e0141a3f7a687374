"""Directions that find their own strength: the parts of a text in turn, each as far as it is worth it."""

import dataclasses

import pytest
import torch

from styleclip_lib.editing.directions import auto as auto_directions
from styleclip_lib.editing.directions.auto import auto_edit, neutral_of, shown_instead
from styleclip_lib.editing.directions.global_directions import ALPHA, GlobalDirections
from styleclip_lib.editing.face import Face
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Change, Directions
from styleclip_lib.editing.strength import z_scores
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.clip import Clip, WordTokenizer
from styleclip_lib.portraits.language.captions import plainly
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.world.attributes import BY_NAME


def with_early_exit(models, cosine):
    return dataclasses.replace(models, calibration=dataclasses.replace(models.calibration, early_exit=cosine))


@pytest.fixture(scope="module")
def never(tiny):
    """The tiny domain, in which no text counts as true from the start."""
    return with_early_exit(tiny, 1.0)


@pytest.fixture(scope="module")
def directions(never):
    return GlobalDirections.first_order(never, images=4, samples=300, progress=False)


@pytest.fixture
def strengths(monkeypatch):
    """Strengths that are found in turn, instead of looking for them; what was asked is written down."""
    given, asked = [1.5, 0.5, 0.25], []

    def weighed_strength(models, draw, prompt, start, strengths, cap_z):
        asked.append((prompt.text, draw(0.0), draw(1.0)))
        return given[(len(asked) - 1) % len(given)], 1.0

    monkeypatch.setattr(auto_directions, "weighed_strength", weighed_strength)
    return given, asked


def auto(directions, text, neutral=None, beta=None, rgb=None):
    models = directions.models
    return auto_edit(directions, Face.of_seed(models, 1), Prompt.of(models, text, neutral), beta, rgb)


def test_a_text_with_one_part(tiny, directions, strengths):
    edit = auto(directions, "a smiling face", "a face")
    assert torch.equal(edit.image, directions.edit(tiny.sample(1), "a smiling face", alpha=1.5 * ALPHA).image)
    (change,) = edit.recipe.changes
    assert change.target == "a smiling face" and change.alpha == 1.5 * ALPHA


def test_several_things_one_after_the_other(tiny, directions, strengths):
    """Each begins where the one before has got to."""
    edit = auto(directions, "a smiling man with glasses", "a man")
    (smile, begin, _), (glasses, after_smile, _) = strengths[1]
    assert smile == "a smiling man" and glasses.endswith("man") and "smil" not in glasses
    torch.testing.assert_close(begin, tiny.generator.synthesis(tiny.sample(1)))
    torch.testing.assert_close(after_smile, directions.edit(tiny.sample(1), smile, "a man", 1.5 * ALPHA).image)
    assert [(c.target, c.neutral, c.alpha) for c in edit.recipe.changes] == [
        (smile, "a man", 1.5 * ALPHA), (glasses, "a man", 0.5 * ALPHA)]
    assert edit.prompt.text == "a smiling man with glasses"
    assert torch.equal(directions.edit_several(tiny.sample(1), edit.recipe.changes).image, edit.image)


def test_what_needs_no_strength_changes_nothing(tiny, directions, strengths):
    strengths[0][:] = [0.0, 0.0]
    edit = auto(directions, "a smiling face with glasses")
    torch.testing.assert_close(edit.image, tiny.generator.synthesis(tiny.sample(1)))
    assert edit.recipe.changes == ()


def test_without_a_text_there_is_nothing_to_find_a_strength_by(tiny):
    face = Face.of_seed(tiny, 1)
    for recipe in (Directions(strength="auto"), Directions(strength="auto", changes=(Change("a smiling face"),))):
        with pytest.raises(StyleclipError, match="needs a text"):
            recipe.apply(tiny, face)


def test_what_is_true_already_is_left_out(tiny, directions, monkeypatch):
    monkeypatch.setattr(auto_directions, "weighed_strength", lambda *_, **__: (1.0, 1.0))
    embedding = tiny.clip.encode_image(Face.of_seed(tiny, 1).image.clamp(-1, 1))
    less, more = sorted(Prompt.of(tiny, "a smiling face with glasses").parts, key=lambda part: part.cosine(embedding))
    between = (less.cosine(embedding) + more.cosine(embedding)) / 2
    edit = auto(directions.on(with_early_exit(tiny, between)), "a smiling face with glasses", "a face")
    assert [change.target for change in edit.recipe.changes] == [less.text]


@pytest.fixture(scope="module")
def scanned(never, tmp_path_factory):
    return GlobalDirections.compute(never, images=4, samples=300, folder=tmp_path_factory.mktemp("scan"), progress=False)


def rgb_moved(tiny, edit) -> bool:
    return not torch.equal(edit.rgb_styles, tiny.generator.styles(edit.w_plus)[1])


@pytest.mark.parametrize(("text", "rgb", "moved"), [
    ("a face with blue hair", None, True), ("a face with glasses", None, False), ("a face with blue hair", False, False),
    ("a face with glasses", True, True)])
def test_a_colour_moves_the_torgb_layers(tiny, scanned, strengths, text, rgb, moved):
    edit = auto(scanned, text, beta=0.0, rgb=rgb)  # every channel, so that some of the toRGB layers are among them
    assert edit.recipe.changes[0].rgb is moved and rgb_moved(tiny, edit) is moved


def test_each_part_of_a_text_for_itself(tiny, scanned, strengths):
    edit = auto(scanned, "a sad face with blond hair")
    assert {c.target: c.rgb for c in edit.recipe.changes} == {"a sad face": False, "a blond haired face": True}


def test_directions_without_the_torgb_layers_do_what_they_can(tiny, directions, strengths):
    edit = auto(directions, "a face with blue hair")
    assert edit.recipe.changes[0].rgb is False and not rgb_moved(tiny, edit)
    with pytest.raises(StyleclipError, match="do not include the channels of the toRGB"):
        auto(directions, "a face with blue hair", rgb=True)


def test_a_neutral_text_and_a_beta_of_ones_own(tiny, directions, strengths):
    (change,) = auto(directions, "a smiling face", "a sad face", 0.01).recipe.changes
    assert (change.neutral, change.beta) == ("a sad face", 0.01)


def test_for_real(tiny, directions):
    edit = auto(directions, "a smiling face with a hat")
    assert edit.image.shape == tiny.generator.synthesis(tiny.sample(1)).shape
    with pytest.raises(StyleclipError, match="fase"):
        auto(directions, "a fase")


def test_a_recipe_does_the_same_and_its_result_needs_no_search(tiny, never, directions):
    models, face = dataclasses.replace(never), Face.of_seed(tiny, 1)
    models.memo["directions"] = directions
    prompt = Prompt.of(models, "a smiling face with a hat")
    found = Directions(strength="auto").apply(models, face, prompt)
    assert torch.equal(found.image, auto(directions, prompt.text).image)
    assert torch.equal(found.recipe.apply(models, face).image, found.image)
    once = Directions(alpha=3.0, ridge=0.0).apply(models, face, prompt)
    (change,) = once.recipe.changes
    assert once.recipe.ridge == 0.0 and (change.target, change.alpha) == (prompt.text, 3.0)
    assert directions.ridge == tiny.calibration.ridge, "the shared directions stay as they are"


@pytest.mark.parametrize("text, neutral", [("a man with a beard", "a man"), ("a smiling woman", "a woman"), ("a sad face", "a face")])
def test_what_a_face_is_before_the_text(tiny, text, neutral):
    assert neutral_of(Prompt.of(tiny, text)) == neutral


def test_the_neutral_text_that_is_worth_more(tiny, directions, monkeypatch):
    asked, worths = [], iter([0.1, 0.2, 0.4, 0.3])
    monkeypatch.setattr(auto_directions, "weighed_strength", lambda *_, **__: (1.0, next(worths)))
    encode = tiny.clip.encode_text

    def encode_text(texts):
        asked.append(list(texts))
        return encode(texts)

    edit_of = Prompt.of(tiny, "a sad man with blond hair")
    monkeypatch.setattr(tiny.clip, "encode_text", encode_text)
    monkeypatch.setattr(auto_directions, "z_scores", lambda models, embedding, vectors: (torch.arange(len(vectors)) % 3 == 1).float())
    edit = auto_edit(directions, Face.of_seed(tiny, 1), edit_of)
    (*moods, sad), (*colors, blond) = [texts for texts in asked if texts[-1] in ("a sad man", "a blond haired man") and len(texts) > 3]
    assert (sad, blond) == ("a sad man", "a blond haired man")
    values = [dict(parse(text).attribute_values) for text in moods]
    assert all(one["expression"] != "sad" and one["gender"] == "man" for one in values)
    assert {dict(parse(text).attribute_values)["hair_color"] for text in colors} == set(BY_NAME["hair_color"].values) - {"blond"}
    assert [change.neutral for change in edit.recipe.changes] == [moods[1], "a man"], "from where it was worth more"


def embedding(tiny):
    return tiny.clip.encode_image(tiny.generator.synthesis(tiny.sample(1)))


@pytest.mark.parametrize("text", ["a smiling face with glasses", "a face", "a woman"])
def test_where_there_is_nothing_else_to_show(tiny, text):
    prompt = Prompt.of(tiny, text)
    assert shown_instead(tiny, embedding(tiny), prompt) == neutral_of(prompt)


@pytest.mark.parametrize("value", BY_NAME["hair_style"].values)
def test_what_is_shown_fits_best(tiny, value):
    """Asked for any of the values: the best of the others, or nothing if what is asked for fits best itself."""
    values, seen = BY_NAME["hair_style"].values, embedding(tiny)
    texts = [plainly(("hair_style", other), "face") for other in values]
    best = values[int(z_scores(tiny, seen, tiny.clip.encode_text(texts)).argmax())]
    expected = "a face" if best == value else plainly(("hair_style", best), "face")
    assert shown_instead(tiny, seen, Prompt.of(tiny, plainly(("hair_style", value), "face"))) == expected


def test_a_clip_that_knows_few_words_is_not_asked_for_others(tiny):
    """Whoever asks for a bald face has not said "mohawk": no error about a word that nobody has typed."""
    known = ["a", "face", "bald", "smiling", "curly"]
    models = dataclasses.replace(tiny, clip=Clip(tiny.clip.model, WordTokenizer(known, 28)))
    assert set(shown_instead(models, embedding(tiny), Prompt.of(models, "a bald face")).split()) <= set(known) - {"bald"}
    few = dataclasses.replace(tiny, clip=Clip(tiny.clip.model, WordTokenizer(known[:3], 28)))
    assert shown_instead(few, embedding(tiny), Prompt.of(few, "a bald face")) == "a face"
