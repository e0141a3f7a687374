"""The networks that measure belong to a domain that lists them."""

import shutil
from types import SimpleNamespace

import pytest
import torch

from styleclip_lib import load_models, measure_edit
from styleclip_lib.editing.prompt import Prompt
from styleclip_lib.evaluation.evaluate import HeldOut, answer
from styleclip_lib.evaluation.examiner import examined, examiners_of, measured_by
from styleclip_lib.evaluation.oracle import oracle_edits
from styleclip_lib.evaluation.outside import with_text
from styleclip_lib.evaluation.questions import Question
from styleclip_lib.inversion.invert import Inversion
from styleclip_lib.networks.examiner import Examiner, ExaminerIdentity
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.weights.domain import save_network

SMALL = {"widths": (4, 8), "depths": (1, 1), "input_size": 32}


@pytest.fixture
def with_examiners(tiny_folder, tmp_path):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    torch.manual_seed(0)
    for name, network in (("examiner", Examiner(**SMALL)), ("examiner_identity", ExaminerIdentity(**SMALL))):
        save_network(folder, name, network, SMALL, {})
    return load_models(folder)


def test_a_domain_without_them_has_none(tiny_folder):
    models = load_models(tiny_folder)
    assert examiners_of(models) is None and examined(models) is models and "may use as well" in measured_by(models)


def test_edits_are_measured_with_them_and_made_without(with_examiners):
    """Also the oracle's, and also where they do not read every attribute of the portraits."""
    judges, examiners = examined(with_examiners), examiners_of(with_examiners)
    assert (judges.attributes, judges.identity) == (examiners.attributes, examiners.identity) and examined(judges) is judges
    assert "no method has used" in measured_by(with_examiners)
    w_plus, other = with_examiners.sample(1), with_examiners.sample(2)
    before, after = (with_examiners.generator.synthesis(code).clamp(-1, 1) for code in (w_plus, other))

    class Other:
        def apply(self, models, face, prompt, progress):
            assert models.identity is with_examiners.identity and models.attributes is with_examiners.attributes
            return SimpleNamespace(image=after)

    people, question = HeldOut(sample(1, seed=3), [Inversion(w_plus, before)]), Question("a smiling face")
    prompt = Prompt.of(with_examiners, question.text)
    report = answer(with_examiners, Other(), people, 0, prompt).report
    assert report.identity == pytest.approx(float((examiners.identity(before) * examiners.identity(after)).sum()), abs=1e-5)
    assert report.identity != pytest.approx(measure_edit(with_examiners, before, after, prompt).identity, abs=1e-3)
    assert report.wanted == {"expression": "smile"} and "face_size" not in report.side_effects
    assert measure_edit(judges, before, after, "a small face").wanted == {}, "what they cannot read is not measured"
    (row,) = oracle_edits(with_examiners, people, [question])
    renders = [render(factors, 32) for factors in (people.factors, with_text(people.factors, question.text))]
    by_judges = measure_edit(judges, *renders, prompt)
    assert row.answers[0].report.identity == pytest.approx(by_judges.identity, abs=1e-5)


def test_they_are_loaded_once_and_frozen(with_examiners):
    examiners = examiners_of(with_examiners)
    assert examiners is examiners_of(with_examiners)
    image = torch.zeros(1, 3, 32, 32)
    (reading,) = examiners.attributes.read(image)
    assert reading.value("glasses") in ("none", "glasses", "sunglasses")
    assert examiners.identity(image).norm() == pytest.approx(1, abs=1e-4)
    assert not any(p.requires_grad for network in (examiners.attributes, examiners.identity) for p in network.parameters())
