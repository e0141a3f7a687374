"""Evaluating methods: who is asked what, what counts as outside, and how answers are summed up."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
import torch

from styleclip_lib.cli.evaluate import Settings
from styleclip_lib.editing.recipes import MapperEdit, Optimization
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation import evaluate as evaluation
from styleclip_lib.evaluation.answers import THUMBNAIL, Answer, Row
from styleclip_lib.evaluation.evaluate import HeldOut, evaluate, held_out, portraits_for
from styleclip_lib.evaluation.oracle import oracle_edits
from styleclip_lib.evaluation.outside import distance_outside, region
from styleclip_lib.evaluation.questions import KINDS, Question, questions, questions_for_tuning
from styleclip_lib.evaluation.recipes import RECIPES
from styleclip_lib.evaluation.report import EditReport
from styleclip_lib.evaluation.summary import summarised, totals
from styleclip_lib.inversion.invert import Inversion
from styleclip_lib.portraits.language.attribute_values import COLUMN, values_true
from styleclip_lib.portraits.language.captions import heldout_captions, is_heldout
from styleclip_lib.portraits.language.parsing import parse
from styleclip_lib.portraits.world.factors import sample


@pytest.fixture(scope="module")
def people(tiny):
    factors = sample(30, seed=1)
    w_plus = tiny.generator.mapping(torch.randn(30, 12, generator=torch.Generator().manual_seed(0)))
    images = tiny.generator.synthesis(w_plus)
    return HeldOut(factors, [Inversion(w[None], image[None]) for w, image in zip(w_plus, images)])


def report(**changes):
    plain = {"text": "t", "wanted": {"glasses": "glasses"}, "successes": {"glasses": True}, "true_before": False, "side_effects": {},
             "identity": 0.9, "perceptual": 0.2, "clip_gain": 0.3, "seconds": 2.0}
    return EditReport(**{**plain, **changes})


@pytest.mark.parametrize("held_out", [False, True], ids=["for tuning", "held out"])
def test_the_fixed_set_is_what_the_course_promises(held_out):
    some = [question for question in questions() if question.held_out == held_out]
    kinds = [question.kind for question in some]
    assert len(some) == 32 and set(kinds) == set(KINDS) and min(map(kinds.count, KINDS)) >= 4
    for question in some:
        said = parse(question.text)
        assert said.attribute_values and not said.unknown and not said.problem, question.text
        several = len({name for name, _ in said.attribute_values} - {"gender"}) > 1
        assert several == (question.kind == "combined"), question.text
        assert set(question.of) <= set(COLUMN), question.text
        denied = question.kind != "negated" or any(value in ("none", "neutral") for _, value in said.attribute_values)
        assert denied and (question.kind != "negated" or question.of), question.text
    assert all(is_heldout(question.text) for question in some if question.kind == "paraphrase")
    assert {q.text for q in some if q.kind == "single"}.isdisjoint(caption.text for caption in heldout_captions())


def test_no_text_is_in_both_halves():
    texts = [question.text for question in questions()]
    assert len(set(texts)) == len(texts) == 64 and len(questions_for_tuning()) == 32


def test_the_usual_number_of_held_out_portraits_suits_every_question():
    usual = Settings()
    people = HeldOut(sample(usual.portraits, evaluation.SEED), [])
    asked = [len(portraits_for(people, question, usual.each)) for question in questions()]
    assert min(asked) >= 5 and sum(asked) >= 400


def test_a_question_is_asked_where_its_answer_could_be_visible(people):
    bald = portraits_for(people, Question("a bald face", "single"), None)
    assert bald == (people.factors.headwear == 0).nonzero()[:, 0].tolist(), "nobody sees baldness under a hat"
    men = portraits_for(people, Question("a smile", "single", (("gender", "man"),)), None)
    assert men == (people.factors.gender == 1).nonzero()[:, 0].tolist()
    some = portraits_for(people, Question("a smile", "single"), 4, start=28)
    assert some == [28, 29, 0, 1], "round and round"


def test_a_question_that_suits_nobody(people):
    nobody = HeldOut(people.factors[:1].replace(gender="woman"), people.inversions[:1])
    with pytest.raises(StyleclipError, match="more portraits"):
        portraits_for(nobody, Question("a beard", "single", (("gender", "man"),)), None)


def test_the_region_is_where_something_had_to_change():
    factors = sample(1, 15).replace(glasses="none", yaw=0.0, pitch=0.0, roll=0.0, headwear="none", hair_style="short", face_size=0.6)
    glasses = region(factors, "a face with glasses", 64)[0, 0]
    assert 0.01 < glasses.float().mean() < 0.3
    rows = glasses.any(1).nonzero()[:, 0]
    assert rows.min() > 12 and rows.max() < 52, "around the eyes"
    assert not region(factors, "a face without glasses", 64).any(), "true already"
    assert region(factors, "blue background", 64).float().mean() > region(factors, "a face with glasses", 64).float().mean()


def test_distance_outside_ignores_the_inside(tiny):
    torch.manual_seed(0)
    a = torch.rand(1, 3, 32, 32) * 2 - 1
    inside = torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    assert distance_outside(tiny.perceptual, a, a, inside) == 0
    b = torch.rand(1, 3, 32, 32) * 2 - 1
    whole = distance_outside(tiny.perceptual, a, b, inside)
    assert whole == pytest.approx(float(tiny.perceptual(a, b)), rel=1e-4)
    left = a.clone()
    left[..., :8] = b[..., :8]
    inside[..., :16] = True
    assert distance_outside(tiny.perceptual, a, left, inside) < 0.2 * distance_outside(tiny.perceptual, a, left, ~inside)


class Stay:
    """A recipe that changes nothing; what it is asked is written down."""

    def __init__(self, stops_at=None):
        self.asked, self.stops_at = [], stops_at

    def prepare(self, models, prompt, progress):
        return self

    def apply(self, models, face, prompt, progress):
        if prompt.text == self.stops_at:
            raise KeyboardInterrupt
        self.asked.append(prompt.text)
        return face


def test_every_recipe_is_asked_every_question_and_timed(tiny, people):
    stay = Stay()
    questions = [Question("a smile", "single"), Question("a face with a beard", "paraphrase", (("gender", "man"),))]
    rows = evaluate(tiny, {"stay": stay, "again": stay}, people, questions, each=3, progress=False)
    assert [(row.method, row.question.text, len(row.answers)) for row in rows] == [
        (name, question.text, 3) for name in ("stay", "again") for question in questions]
    assert stay.asked == 2 * (3 * ["a smile"] + 3 * ["a face with a beard"])
    answers = [a for row in rows for a in row.answers]
    assert all(a.outside < 1e-4 and a.report.identity > 0.999 and not a.report.side_effects for a in answers), "nothing was changed"
    assert all(a.report.seconds > 0 and a.thumbnails.size == (2 * THUMBNAIL + 2, THUMBNAIL) for a in answers)
    assert values_true(people.factors)[[a.portrait for a in rows[1].answers], COLUMN["gender", "man"]].all()


@pytest.mark.slow
def test_a_perfect_edit_is_what_the_renderer_draws(tiny, people):
    """The same portraits as the methods are asked; drawn twice the same where the text says what is so already."""
    people = HeldOut(people.factors.replace(expression="neutral"), people.inversions)
    rows = oracle_edits(tiny, people, questions()[:3], each=2)
    asked = evaluate(tiny, {"stay": Stay()}, people, questions()[:3], 2, progress=False)
    assert [[a.portrait for a in row.answers] for row in rows] == [[a.portrait for a in row.answers] for row in asked]
    assert {row.method for row in rows} == {"oracle"} and all(a.report.perceptual > 0 for row in rows for a in row.answers)
    smiling = HeldOut(people.factors.replace(expression="smile"), people.inversions)
    (row,) = oracle_edits(tiny, smiling, questions()[:1], each=3)
    assert all(a.report.perceptual == a.report.clip_gain == a.outside == 0 for a in row.answers)


class Watched(MapperEdit):
    """Writes down how many steps each edit has to take."""

    steps = []

    def apply(self, models, face, prompt, **settings):
        self.steps.append(self.steps_ahead(models, prompt))
        return super().apply(models, face, prompt, **settings)


@pytest.mark.slow
def test_a_mapper_is_trained_once_for_each_text_and_its_training_is_timed(tiny, people):
    questions = [Question("a smiling face", "single"), Question("a sad face", "single")]
    rows = evaluate(dataclasses.replace(tiny), {"mapper": Watched()}, people, questions, each=3, progress=False)
    assert Watched.steps == [0] * 6, "the training comes before, once for all portraits"
    for row in rows:
        first, *others = (answer.report.seconds for answer in row.answers)
        assert first > max(others)


def test_stopping_keeps_whole_rows(tiny, people, capsys):
    questions = [Question("a smile", "single"), Question("glasses", "single")]
    rows = evaluate(tiny, {"m": Stay(stops_at="glasses")}, people, questions, each=2, progress=False)
    assert len(rows) == 1 and len(rows[0].answers) == 2
    assert "Stopped after 1 of 2 rows" in capsys.readouterr().out


def test_half_an_edit_is_not_measured(tiny, people, monkeypatch):
    def ctrl_c(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("styleclip_lib.descent.Descent.follow", ctrl_c)
    recipe = Optimization(steps=2, auxiliary_latents=0)
    assert evaluate(tiny, {"m": recipe}, people, [Question("a smile", "single")], each=2, progress=False) == []
    with pytest.raises(KeyboardInterrupt):
        held_out(tiny, 2, progress=False)


@pytest.mark.slow
def test_the_recipes_edit(tiny, people):
    """Each of them, whatever the method, on a real face."""
    quick = {"steps": 2, "auxiliary_latents": 0}
    recipes = {name: dataclasses.replace(recipe, **quick) if "optimization" in name else recipe for name, recipe in RECIPES.items()
               if not name.startswith("mapper")}
    rows = evaluate(tiny, recipes, people, [Question("a smile", "single")], each=1, progress=False)
    assert [row.method for row in rows] == list(recipes) and len({row.method for row in rows}) == len(rows)
    assert RECIPES["optimization-w"].space == "w" and RECIPES["mapper"].strength == "auto"


def test_summing_up():
    answers = [Answer(0, report(), 0.1),
               Answer(1, report(successes={"glasses": False}, identity=0.7, side_effects={"age": ("a", "b")}), 0.3),
               Answer(2, report(true_before=True, side_effects={"age": ("a", "b"), "yaw": ("a", "b")}, identity=0.1), 0.9)]
    found = summarised(answers)
    t = 12.706  # of Student's distribution with one degree of freedom
    assert found == {"edits": 2, "success_rate": 0.5, "success_rate_interval": pytest.approx(t * 0.5, rel=1e-3), "side_effects": 0.5,
                     "side_effects_interval": pytest.approx(t * 0.5, rel=1e-3), "identity": pytest.approx(0.8),
                     "identity_interval": pytest.approx(t * 0.1, rel=1e-3), "outside": pytest.approx(0.2),
                     "clip_gain": pytest.approx(0.3), "seconds": 2.0, "true_before": 1, "side_effects_if_true": 2.0}
    assert summarised(answers[2:])["success_rate"] is None and summarised(answers[:2])["side_effects_if_true"] is None


def test_totals_weigh_every_answer_alike():
    rows = [Row("a", Question("x", "single"), [Answer(0, report(), 0.1)]),
            Row("a", Question("y", "combined", held_out=True), [Answer(n, report(successes={"glasses": False}), 0.1) for n in range(3)])]
    found = {(row["method"], row["kind"]): row["success_rate"] for row in totals(rows)}
    assert found == {("a", "all"): 0.25, ("a", "single"): 1.0, ("a", "combined"): 0.0, ("a", "held out"): 0.0}


def test_in_totals_texts_are_the_independent_groups():
    rows = [Row("a", Question(text, "single"), 3 * [Answer(0, report(identity=identity), 0.1)])
            for text, identity in (("x", 0.5), ("y", 0.9))]
    everything = totals(rows)[0]
    assert everything["edits"] == 6 and everything["identity_interval"] == pytest.approx(12.706 * 0.2, rel=1e-3), "as of two values"
    assert totals(rows[:1])[0]["identity_interval"] is None, "one text alone"


def test_the_readme_quotes_what_was_measured():
    root = Path(__file__).parents[2]
    measured = json.loads((root / "data/models/portraits/evaluation.json").read_text())["totals"]
    told = {(total["method"], total["kind"]): total for total in measured}
    table = re.search(r"\n(\| method \| success.*?)\n\n", (root / "README.md").read_text(encoding="utf-8"), re.DOTALL).group(1)
    quoted = [[cell.strip() for cell in row.strip("|").split("|")][1:] for row in table.splitlines()[2:]]
    for method, cells in zip(("optimization", "mapper", "directions", "oracle"), quoted, strict=True):
        everything = told[method, "all"]
        kinds = " / ".join(f"{100 * told[method, kind]['success_rate']:.0f}" for kind in ("single", "combined", "paraphrase"))
        assert cells[:2] == [f"{100 * everything['success_rate']:.0f} %", f"{kinds} %"], method
        assert cells[2:] == [f"{everything['side_effects']:.2f}", f"{everything['identity']:.2f}"], method


def test_a_domain_without_attributes_is_refused(tiny):
    with pytest.raises(StyleclipError, match="attributes"):
        held_out(dataclasses.replace(tiny, attributes=None), 1)


def test_held_out_portraits_are_rendered_and_inverted(tiny, monkeypatch):
    asked = []
    monkeypatch.setattr(evaluation, "invert", lambda models, image, progress: asked.append(image) or Inversion(torch.zeros(1), image))
    people = held_out(tiny, 2, seed=3, progress=False)
    assert len(people.inversions) == 2 and asked[0].shape == (1, 3, 32, 32)
    assert torch.equal(people.factors.age, sample(2, 3).age)
