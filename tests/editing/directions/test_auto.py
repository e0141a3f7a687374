"""Directions that find their own strength: the parts of a text in turn, each as far as it is worth it."""

import dataclasses

import pytest
import torch

from styleclip_lib.editing.directions import auto as auto_directions
from styleclip_lib.editing.directions.auto import auto_edit, neutral_of, shown_instead
from styleclip_lib.editing.directions.global_directions import ALPHA, GlobalDirections
from styleclip_lib.editing.strength import fit, seen_faces
from styleclip_lib.editing.style_edit import StyleEdit
from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.clip import Clip, WordTokenizer
from styleclip_lib.portraits.language.captions import plainly
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.world.attributes import BY_NAME


@pytest.fixture(scope="module")
def directions(tiny):
    return GlobalDirections.first_order(tiny, images=4, samples=300, progress=False)


@pytest.fixture
def strengths(monkeypatch):
    """Strengths that are found in turn, instead of looking for them; what was asked is written down."""
    given, asked = [1.5, 0.5, 0.25], []

    def weighed_strength(models, draw, text, crowd, enough):
        asked.append((text, draw(0.0), draw(1.0)))
        return given[(len(asked) - 1) % len(given)], 1.0

    monkeypatch.setattr(auto_directions, "weighed_strength", weighed_strength)
    return given, asked


def test_one_statement(tiny, directions, strengths):
    w_plus = tiny.sample(1)
    edit = auto_edit(directions, w_plus, "a smiling face", "a face")
    assert torch.equal(edit.image, directions.edit(w_plus, "a smiling face", alpha=1.5 * ALPHA).image)
    assert edit.recipe["text"] == "a smiling face" and edit.recipe["alpha"] == 1.5 * ALPHA


def test_several_statements_one_after_the_other(tiny, directions, strengths):
    """Each begins where the one before has got to."""
    w_plus = tiny.sample(1)
    edit = auto_edit(directions, w_plus, "a smiling man with glasses", "a man")
    (smile, begin, _), (glasses, after_smile, _) = strengths[1]
    assert smile == "a smiling man" and glasses.endswith("man") and "smil" not in glasses
    torch.testing.assert_close(begin, tiny.generator.synthesis(w_plus))
    torch.testing.assert_close(after_smile, directions.edit(w_plus, smile, "a man", 1.5 * ALPHA).image)
    assert [(c["text"], c["neutral"], c["alpha"]) for c in edit.recipe["changes"]] == [
        (smile, "a man", 1.5 * ALPHA), (glasses, "a man", 0.5 * ALPHA)]
    assert edit.recipe["asked"] == "a smiling man with glasses"
    again = directions.edit_several(w_plus, [(c["text"], c["neutral"], c["alpha"], c["beta"]) for c in edit.recipe["changes"]])
    assert torch.equal(again.image, edit.image)


def test_what_needs_no_strength_changes_nothing(tiny, directions, strengths):
    strengths[0][:] = [0.0, 0.0]
    edit = auto_edit(directions, tiny.sample(1), "a smiling face with glasses")
    torch.testing.assert_close(edit.image, tiny.generator.synthesis(tiny.sample(1)))
    assert edit.recipe["changes"] == []


@pytest.fixture(scope="module")
def scanned(tiny, tmp_path_factory):
    return GlobalDirections.compute(tiny, images=4, samples=300, folder=tmp_path_factory.mktemp("scan"), progress=False)


def rgb_moved(tiny, edit: StyleEdit) -> bool:
    return not torch.equal(edit.rgb_styles, tiny.generator.styles(edit.w_plus)[1])


@pytest.mark.parametrize(("text", "rgb", "moved"), [
    ("a face with blue hair", None, True), ("a face with glasses", None, False), ("a face with blue hair", False, False),
    ("a face with glasses", True, True)])
def test_a_color_moves_what_paints(tiny, scanned, strengths, text, rgb, moved):
    edit = auto_edit(scanned, tiny.sample(1), text, rgb=rgb)
    assert edit.recipe["rgb"] is moved and rgb_moved(tiny, edit) is moved


def test_each_part_of_a_text_for_itself(tiny, scanned, strengths):
    edit = auto_edit(scanned, tiny.sample(1), "a sad face with blond hair")
    assert {c["text"]: c["rgb"] for c in edit.recipe["changes"]} == {"a sad face": False, "a blond haired face": True}


def test_directions_without_the_torgb_layers_do_what_they_can(tiny, directions, strengths):
    edit = auto_edit(directions, tiny.sample(1), "a face with blue hair")
    assert edit.recipe["rgb"] is False and not rgb_moved(tiny, edit)
    with pytest.raises(StyleclipError, match="toRGB layers were not tried"):
        auto_edit(directions, tiny.sample(1), "a face with blue hair", rgb=True)


def test_a_neutral_text_and_a_beta_of_ones_own(tiny, directions, strengths):
    edit = auto_edit(directions, tiny.sample(1), "a smiling face", "a sad face", 0.01)
    assert (edit.recipe["neutral"], edit.recipe["beta"]) == ("a sad face", 0.01)


def test_for_real(tiny, directions):
    edit = auto_edit(directions, tiny.sample(1), "a smiling face with a hat")
    assert edit.image.shape == tiny.generator.synthesis(tiny.sample(1)).shape
    with pytest.raises(StyleclipError, match="fase"):
        auto_edit(directions, tiny.sample(1), "a fase")


@pytest.mark.parametrize("text, neutral", [("a man with a beard", "a man"), ("a smiling woman", "a woman"), ("a sad face", "a face")])
def test_what_a_face_is_before_the_text(text, neutral):
    assert neutral_of(text) == neutral


def test_the_neutral_text_that_is_worth_more(tiny, directions, monkeypatch):
    asked, worths = [], iter([0.1, 0.2, 0.4, 0.3])
    monkeypatch.setattr(auto_directions, "weighed_strength", lambda *_, **__: (1.0, next(worths)))

    def fits(models, image, texts, crowd):
        asked.append((image, texts))
        return torch.arange(len(texts)) % 3 == 1

    monkeypatch.setattr(auto_directions, "fits", lambda *arguments: fits(*arguments).float())
    edit = auto_edit(directions, tiny.sample(1), "a sad man with blond hair")
    (first, (*moods, sad)), (second, (*colors, blond)) = asked
    assert (sad, blond) == ("a sad man", "a blond haired man")
    torch.testing.assert_close(first, tiny.generator.synthesis(tiny.sample(1)))
    assert not torch.equal(first, second), "the second looks at what the first has made"
    assert all(dict(parse(text).statements)["expression"] != "sad" and dict(parse(text).statements)["gender"] == "man" for text in moods)
    assert {dict(parse(text).statements)["hair_color"] for text in colors} == set(BY_NAME["hair_color"].values) - {"blond"}
    assert [change["neutral"] for change in edit.recipe["changes"]] == [moods[1], "a man"], "from where it was worth more"


@pytest.mark.parametrize("text", ["a smiling face with glasses", "a face", "a woman"])
def test_where_there_is_nothing_else_to_show(tiny, text):
    assert shown_instead(tiny, tiny.generator.synthesis(tiny.sample(1)), text, torch.randn(8, 16)) == neutral_of(text)


@pytest.mark.parametrize("value", BY_NAME["hair_style"].values)
def test_what_is_shown_fits_best(tiny, value):
    """Asked for any of the values: the best of the others, or nothing if what is asked for fits best itself."""
    image, crowd = tiny.generator.synthesis(tiny.sample(1)), seen_faces(tiny, count=8)
    fitting = {other: fit(tiny, image, plainly(("hair_style", other), "face"), crowd) for other in BY_NAME["hair_style"].values}
    best = max(fitting, key=fitting.get)
    expected = "a face" if best == value else plainly(("hair_style", best), "face")
    assert shown_instead(tiny, image, plainly(("hair_style", value), "face"), crowd) == expected


def test_a_clip_that_knows_few_words_is_not_asked_for_others(tiny):
    """Whoever asks for a bald face has not said "mohawk": no error about a word that nobody has typed."""
    known = ["a", "face", "bald", "smiling", "curly"]
    clip = Clip(tiny.clip.model, WordTokenizer(known, 28))
    models, crowd = dataclasses.replace(tiny, clip=clip), torch.randn(8, 16)
    image = tiny.generator.synthesis(tiny.sample(1))
    assert set(shown_instead(models, image, "a bald face", crowd).split()) <= set(known) - {"bald"}
    few = dataclasses.replace(tiny, clip=Clip(tiny.clip.model, WordTokenizer(known[:3], 28)))
    assert shown_instead(few, image, "a bald face", crowd) == "a face"
