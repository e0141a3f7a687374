"""Choosing the strength of an edit: curves, rules, predictors, the comparison."""

import dataclasses
import json
import shutil

import pytest
import torch

from styleclip_lib import Face, Prompt, load_models
from styleclip_lib.editing.recipes import AlignmentEdit, Directions
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation.strengths import (
    STRENGTHS,
    Case,
    best_fixed,
    cases_of,
    compare,
    fit_likeness,
    fit_searched,
    fixed,
    held_likeness,
    inputs_of,
    predicted,
    searched,
)
from styleclip_lib.networks.strength import StrengthPredictor
from styleclip_lib.training import strength


@pytest.fixture(scope="module")
def models(tiny_domain):
    return load_models(tiny_domain, "cpu")


@pytest.fixture(scope="module")
def case(models):
    return Case.of(models, AlignmentEdit(c=0.5), Face.of_seed(models, 1), Prompt.of(models, "an old face"))


def made(case, likeness, worth=None):
    """A case of which this is known."""
    one = dataclasses.replace(case, strengths=(0.0, 1.0, 2.0))
    one.__dict__["likeness"] = torch.tensor(likeness)
    one.__dict__["worth"] = torch.tensor(worth or [0.0, 1.0, 0.5])
    return one


def test_a_curve_is_what_is_seen_at_each_strength(models, case):
    assert case.embedding.shape == (len(STRENGTHS), 16) and case.likeness[0] == pytest.approx(1, abs=1e-5)
    number = STRENGTHS.index(1.5)
    picture = case.edit.at(1.5).image.clamp(-1, 1)
    torch.testing.assert_close(case.embedding[number:number + 1], models.clip.encode_image(picture))
    assert case.z.shape == case.worth.shape == (len(STRENGTHS),) and case.edit.recipe.strength == 1.0


def test_likeness_between_two_strengths_has_a_slope(case):
    one = made(case, [1.0, 0.8, 0.2])
    strength = torch.tensor(1.25, requires_grad=True)
    likeness = one.likeness_at(strength)
    likeness.backward()
    assert likeness.item() == pytest.approx(0.65) and strength.grad.item() == pytest.approx(-0.6)


def test_the_strength_that_holds_the_likeness(case):
    assert held_likeness(0.5)(made(case, [1.0, 0.8, 0.2])) == pytest.approx(1.5)
    assert held_likeness(0.1)(made(case, [1.0, 0.8, 0.2])) == 2.0, "even the largest changes less"
    assert held_likeness(1.0)(made(case, [1.0, 0.8, 0.2])) == 0.0


def test_the_best_constant(case):
    assert best_fixed([made(case, [1.0, 1, 1]), made(case, [1.0, 1, 1], [0.0, 0.0, 3.0])]) == 2.0
    assert fixed(0.4)(case) == 0.4


def test_a_layer_learns_to_hold_the_likeness_and_a_network_what_the_search_finds(models, case):
    other = Case.of(models, AlignmentEdit(c=0.5), Face.of_seed(models, 2), Prompt.of(models, "a bald face"))
    cases = [made(case, [1.0, 0.8, 0.2]), made(other, [1.0, 0.9, 0.6])]
    layer, network = StrengthPredictor(16), StrengthPredictor(16, 32)
    losses = fit_likeness(layer, cases, 0.75, steps=200)
    assert losses[-1] < 0.01 < losses[0]
    assert predicted(layer)(cases[0]) < predicted(layer)(cases[1]), "which changes less"
    cases[1].__dict__["worth"] = torch.tensor([0.0, 1.0, 2.0])
    fit_searched(network, cases, steps=300)
    assert predicted(network)(cases[0]) == pytest.approx(1.0, abs=0.15) and predicted(network)(cases[1]) == pytest.approx(2.0, abs=0.15)
    again = StrengthPredictor(16, 32)
    fit_searched(again, cases, steps=300)
    assert torch.equal(again(*inputs_of(cases[0])), network(*inputs_of(cases[0]))), "one seed, one network"


def test_every_rule_is_tried_on_the_same_edits(models):
    for recipe in (AlignmentEdit(c=0.5), Directions(beta=0.01)):
        cases = cases_of(models, recipe, range(2), ["an old face", "a face with a hat"], progress=False)
        rows = compare(cases, {"nothing": fixed(0.0), "one": fixed(1.0), "search": searched})
        assert [row["edits"] for row in rows] == [len(cases)] * 3
        nothing, one, search = rows
        assert nothing["success"] == 0 and nothing["side_effects"] == 0 and nothing["identity"] == pytest.approx(1, abs=1e-4)
        assert one["strength"] == 1 and one["deviation"] == 0 and all(row["milliseconds"] > 0 for row in rows)
        assert 0 <= search["strength"] <= recipe.STRENGTHS[-1]


def test_where_nothing_is_left_to_do(models):
    with pytest.raises(StyleclipError, match="xyzzy"):
        cases_of(models, AlignmentEdit(c=0.5), range(1), ["a xyzzy"])


def test_one_command_gives_the_table(tiny_domain, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(strength, "KNOWN", ("an old face",))
    monkeypatch.setattr(strength, "UNSEEN", ("a bald face",))
    folder = shutil.copytree(tiny_domain, tmp_path / "tiny")
    settings = strength.Settings(run=tmp_path / "run", domain=folder, methods=("alignment",), faces=2, held_out=2, steps=5)
    tables = strength.train(settings)
    names = [row["rule"] for row in tables["alignment"]["unseen texts"]]
    assert names[-4:] == ["projection layer, likeness 0.7", "likeness 0.7, solved", "small network", "search"]
    assert any("(best)" in name for name in names) and json.loads((tmp_path / "run" / "strength.json").read_text()) == tables
    assert "small network" in capsys.readouterr().out
    with pytest.raises(StyleclipError, match="no method 'magic'"):
        strength.train(dataclasses.replace(settings, methods=("magic",)))
