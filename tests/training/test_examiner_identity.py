"""The supervised contrastive loss against its formula; training the identity network that measures, very small."""

import json
import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.networks.examiner import ExaminerIdentity
from styleclip_lib.training.examiner import LEARNT, PICTURES_EACH, portraits_of
from styleclip_lib.training.examiner_identity import Settings, batch, measure_again, supervised_contrastive, train
from styleclip_lib.weights.domain import load_network

PERSON = torch.tensor([0, 1, 0, 2, 1, 2, 0])


@pytest.fixture
def embedding():
    return F.normalize(torch.randn(len(PERSON), 5, generator=torch.Generator().manual_seed(1)), dim=1)


def slow_loss(embedding, temperature):
    """Khosla et al. 2020, equation 2, one picture after the other."""
    total = 0.0
    for i, vector in enumerate(embedding):
        scores = [math.exp(float(vector @ other) / temperature) for other in embedding]
        others = sum(score for a, score in enumerate(scores) if a != i)
        positives = [p for p in range(len(embedding)) if p != i and PERSON[p] == PERSON[i]]
        total -= sum(math.log(scores[p] / others) for p in positives) / len(positives)
    return total / len(embedding)


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_the_formula(embedding, temperature):
    assert supervised_contrastive(embedding, PERSON, temperature).item() == pytest.approx(slow_loss(embedding, temperature), rel=1e-4)


def test_people_who_are_alone_have_the_least_loss():
    apart = F.one_hot(PERSON, 5).float()
    together = torch.ones(len(PERSON), 5) / 5**0.5
    assert supervised_contrastive(apart, PERSON, 0.1) < supervised_contrastive(together, PERSON, 0.1)
    assert supervised_contrastive(together, PERSON, 0.1) == pytest.approx(math.log(len(PERSON) - 1), rel=1e-4)


def test_gradients_are_finite(embedding):
    some = embedding.clone().requires_grad_()
    supervised_contrastive(some, PERSON, 0.1).backward()
    assert some.grad.isfinite().all() and some.grad.abs().max() > 0


def test_a_batch_holds_some_different_pictures_of_some_people():
    s = Settings(people=50, people_at_once=6, pictures_at_once=3)
    index = batch(s, torch.Generator().manual_seed(0))
    assert len(set(index.tolist())) == 18 and index.max() < 50 * PICTURES_EACH
    people, counts = (index // PICTURES_EACH).unique(return_counts=True)
    assert len(people) == 6 and counts.tolist() == [3] * 6
    assert not torch.equal(index, batch(s, torch.Generator().manual_seed(1)))


@pytest.mark.slow
def test_it_learns_and_is_entered_in_the_domain(tmp_path):
    s = Settings(run=tmp_path / "run", data=tmp_path / "data", domain=tmp_path / "domain", people=5, people_at_once=5, steps=30,
                 muon_lr=4e-3, adam_lr=4e-3, strength=0.1, widths=(8, 12), depths=(1, 1), embedding_dim=8, size=32, input_size=32, tested=5)
    metrics = train(s)
    assert set(metrics) == {"renders", "degraded renders"}
    assert all(0 <= figures["verification auc"] <= 1 for figures in metrics.values())
    entry = json.loads((tmp_path / "domain" / "domain.json").read_text(encoding="utf-8"))["files"]["examiner_identity"]
    assert entry["config"] == {"widths": [8, 12], "depths": [1, 1], "embedding_dim": 8, "input_size": 32}
    assert measure_again(s)["renders"] == pytest.approx(metrics["renders"], abs=0.05)

    portraits = portraits_of(s.data, s.people * PICTURES_EACH, s.size, LEARNT)
    pictures = portraits.images(torch.arange(len(portraits))).float() / 127.5 - 1
    torch.manual_seed(0)
    fresh, trained = ExaminerIdentity(s.widths, s.depths, 8, 32).eval(), load_network(s.domain, "examiner_identity", ExaminerIdentity)
    before, after = (supervised_contrastive(network(pictures), portraits.person, 0.1).item() for network in (fresh, trained))
    assert after < 0.8 * before
