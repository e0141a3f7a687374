"""Measurements by groups of people, and gaps between groups."""

import math

import pytest
import torch
from scipy.stats import t as student_t

from styleclip_lib.editing.recipes import Optimization
from styleclip_lib.errors import StyleclipError
from styleclip_lib.evaluation import groups
from styleclip_lib.evaluation.groups import by_groups, gap, measure_people
from styleclip_lib.portraits.world.factors import sample


@pytest.fixture(scope="module")
def people():
    return sample(40, seed=3)


def test_every_group_has_its_number_and_its_means(people):
    measured = {"found": torch.arange(40) % 2.0, "psnr": people.age.clone()}
    found = by_groups(people, measured, ["age", "gender"])
    assert {(group.attribute, group.value) for group in found} == {("age", value) for value in ("child", "young", "old")} | {
        ("gender", "woman"), ("gender", "man")}
    women = next(group for group in found if group.value == "woman")
    assert women.n == (people.gender == 0).sum() and women.means["psnr"][0] == pytest.approx(people.age[people.gender == 0].mean().item())
    old = next(group for group in found if group.value == "old")
    assert old.n == (people.age >= 0.74).sum() and old.means["psnr"][0] > 0.74 and old.means["psnr"][1] > 0


def test_what_cannot_be_counted_is_left_out(people):
    success = torch.where(people.gender == 0, 1.0, math.nan)
    groups = {group.value: group for group in by_groups(people, {"success": success}, ["gender"])}
    assert groups["woman"].means["success"] == (1.0, 0.0) and groups["man"].means == {} and groups["man"].n > 1
    assert groups["woman"].counts == {"success": groups["woman"].n} and groups["man"].counts == {"success": 0}
    with pytest.raises(StyleclipError, match="no attribute 'nose'"):
        by_groups(people, {"success": success}, ["nose"])


def test_a_gap_is_welchs():
    """t · sqrt(a + b) with a = s²/N and b = s'²/M, and (a + b)² / (a²/(N - 1) + b²/(M - 1)) degrees of freedom."""
    rng = torch.Generator().manual_seed(0)
    one, other = 2 + torch.randn(12, generator=rng), 3 * torch.randn(30, generator=rng)
    a, b = float(one.var()) / 12, float(other.var()) / 30
    t = student_t.ppf(0.975, (a + b) ** 2 / (a**2 / 11 + b**2 / 29))
    difference, half = gap(torch.cat([one, torch.tensor([math.nan])]), other)
    assert difference == pytest.approx(float(one.mean() - other.mean())) and half == pytest.approx(t * math.sqrt(a + b), rel=1e-4)
    assert gap(torch.ones(3), torch.zeros(4)) == (1.0, 0.0)
    with pytest.raises(StyleclipError, match="two values"):
        gap(torch.ones(1), torch.zeros(4))


@pytest.mark.slow
def test_people_are_found_inverted_and_edited(tiny, monkeypatch):
    few = sample(3, seed=5).replace(glasses="none")
    answers = iter([0.5, -0.25, 1.0] * 2)
    monkeypatch.setattr(groups, "face_score", lambda image: next(answers))
    measured = measure_people(tiny, few, progress=False)
    assert set(measured) == {"score", "found", "psnr", "identity"}
    assert measured["score"].tolist() == [0.5, -0.25, 1.0] and measured["found"].tolist() == [1.0, 0.0, 1.0]
    edited = measure_people(tiny, few, Optimization(steps=1, auxiliary_latents=0), "a face with glasses", progress=False)
    assert torch.equal(edited["psnr"], measured["psnr"]) and edited["success"].shape == (3,)
    assert all(value.isnan() or value in (0, 1) for value in edited["success"])
