"""Switching the settings of a method off, one at a time."""

import dataclasses
from typing import get_args, get_type_hints

import pytest
import torch

from styleclip_lib.cli.evaluate import Settings
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.editing.recipes import Optimization
from styleclip_lib.evaluation import ablation
from styleclip_lib.evaluation.ablation import DEFAULT, METHODS, Variant, ablate, differences, variants
from styleclip_lib.evaluation.answers import Answer, Row
from styleclip_lib.evaluation.evaluate import HeldOut
from styleclip_lib.evaluation.questions import Question
from styleclip_lib.evaluation.recipes import RECIPES
from styleclip_lib.evaluation.report import EditReport
from styleclip_lib.inversion.invert import Inversion
from styleclip_lib.portraits.world.factors import sample

TEXTS = [Question("a smiling face"), Question("a face with glasses")]


@pytest.fixture(scope="module")
def people(tiny):
    w_plus = tiny.generator.mapping(torch.randn(6, 12, generator=torch.Generator().manual_seed(0)))
    images = tiny.generator.synthesis(w_plus)
    return HeldOut(sample(6, seed=1), [Inversion(w[None], image[None]) for w, image in zip(w_plus, images)])


def answer(success, identity=0.9, true_before=False):
    return Answer(0, EditReport("t", {"glasses": "glasses"}, {"glasses": success}, true_before, {}, identity, 0.2, 0.3, 1.0), None)


@pytest.mark.parametrize("method", METHODS)
def test_every_variant_differs_from_the_default_in_one_thing(method, tiny):
    default, *others = variants(method)
    assert (default.name, default.recipe) == (DEFAULT, RECIPES[method])
    assert len({variant.name for variant in others} | {DEFAULT}) == len(others) + 1
    for variant in others:
        changed = [field.name for field in dataclasses.fields(variant.recipe)
                   if getattr(variant.recipe, field.name) != getattr(default.recipe, field.name)]
        whole = "paper" in variant.name and len(changed) > 1
        of_calibration = {name.split("_")[0] for name in variant.calibration}
        assert whole or len(changed) + len(of_calibration) + (variant.training is not None) + (variant.ask != Prompt.of) == 1, variant.name
        dataclasses.replace(tiny.calibration, **variant.calibration)


def test_the_command_line_offers_these_methods():
    offered, _ = get_args(get_type_hints(Settings)["ablate"])
    assert get_args(offered) == METHODS


def test_what_is_switched_off_is_the_papers():
    """Each setting that the paper lacks has a variant without it, with the paper's own value."""
    off = {field.name: getattr(Optimization.PAPER, field.name) for field in dataclasses.fields(Optimization)}
    switched = {name: value for variant in variants("optimization") for name, value in vars(variant.recipe).items()
                if value != getattr(Optimization.DEFAULT, name) and variant.name != "the paper's settings"}
    for name in ("lambda_off_direction", "clip_cap", "early_exit", "auxiliary_latents", "views"):
        assert switched[name] == off[name], name


def test_the_default_is_compared_edit_by_edit():
    question, other = Question("a hat"), Question("a smile")
    base = [Row("d", question, [answer(True, 0.9), answer(False, true_before=True)]), Row("d", other, [answer(True, 0.8)])]
    rows = [Row("v", question, [answer(False, 0.6), answer(True)]), Row("v", other, [answer(False, 0.5)])]
    found = differences(base, rows)
    assert found["success_rate"] == [1.0, 0.0], "what was true before does not count"
    assert found["identity"] == [pytest.approx(0.3), pytest.approx(0.0, abs=1e-6)]
    assert found["side_effects"] == [0.0, 0.0]


def test_edits_with_one_text_are_not_independent():
    """Every edit twice tells no more than once."""
    questions = [Question(text) for text in ("a hat", "a smile", "a beard")]
    base = [[answer(True, 0.9)], [answer(True, 0.8)], [answer(False, 0.7)]]
    changed = [[answer(False, 0.6)], [answer(True, 0.7)], [answer(False, 0.1)]]

    def compared(times):
        rows = ([Row(name, question, times * some) for question, some in zip(questions, answers)] for name, answers in
                (("d", base), ("v", changed)))
        return differences(*rows)

    once, twice = compared(1), compared(2)
    for name in ("success_rate", "identity"):
        assert once[name][1] > 0 and twice[name] == pytest.approx(once[name]), name


@pytest.mark.slow
def test_variants_are_measured_one_after_the_other_and_kept(tiny, people):
    few = Optimization(steps=2, auxiliary_latents=0, early_exit=1.0)
    chosen = [Variant(DEFAULT, few), Variant("again", few), Variant("further", dataclasses.replace(few, strength=5.0)),
              Variant("never", dataclasses.replace(few, early_exit=None), {"early_exit": -1.0})]
    kept = []
    results = ablate(tiny, people, TEXTS, 2, chosen, lambda results: kept.append([row["variant"] for row in results]), progress=False)
    assert kept == [["default"], ["default", "again"], ["default", "again", "further"], ["default", "again", "further", "never"]]
    default, again, further, never = results
    assert [more for more, _ in again["difference"].values()] == [0.0] * 3 and again["identity"] == default["identity"]
    assert further["difference"]["identity"][0] == pytest.approx(default["identity"] - further["identity"])
    assert further["difference"]["identity"][0] > 0 > never["difference"]["identity"][0]
    assert never["identity"] == pytest.approx(1, abs=1e-4), "the domain's number was another one"
    assert tiny.calibration.early_exit == 1.0


@pytest.mark.slow
def test_a_mapper_is_trained_with_other_settings(tiny, people, monkeypatch):
    seen = []
    train = ablation.train_mapper

    def few(models, text, **settings):
        seen.append((text, settings.pop("progress"), settings))
        return train(models, text, steps=2, people=4, progress=False, **settings)

    monkeypatch.setattr(ablation, "train_mapper", few)
    trained = next(variant for variant in variants("mapper") if variant.name == "no jitter")
    (result,) = ablate(tiny, people, TEXTS, 1, [trained], progress=False)
    assert seen == [(question.text, False, {"jitter": 0.0}) for question in TEXTS] and result["edits"] + result["true_before"] == 2


def test_ctrl_c_keeps_whole_variants(tiny, people, monkeypatch):
    class Stops:
        def prepare(self, models, prompt, progress):
            raise KeyboardInterrupt

    class Stays(Stops):
        def prepare(self, models, prompt, progress):
            return self

        def apply(self, models, face, prompt, progress):
            return face

    results = ablate(tiny, people, TEXTS, 1, [Variant(DEFAULT, Stays()), Variant("stops", Stops())], progress=False)
    assert [row["variant"] for row in results] == [DEFAULT]
