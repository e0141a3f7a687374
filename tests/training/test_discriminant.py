"""The linear discriminant against Fisher's ratio, and what it is for."""

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.training.discriminant import discriminant

PEOPLE, EACH, NUMBERS = 400, 5, 10


@pytest.fixture(scope="module")
def pictures():
    """(features, person, what makes up each person): three numbers say who it is, seven are noise, and all are mixed."""
    rng = torch.Generator().manual_seed(0)
    who, person = torch.randn(PEOPLE, 3, generator=rng), torch.arange(PEOPLE).repeat_interleave(EACH)
    clear = torch.cat([who[person] * torch.tensor([3.0, 2.0, 1.0]), torch.zeros(len(person), 7)], 1)
    noise = torch.randn(len(person), NUMBERS, generator=rng) * torch.tensor([1.0] * 3 + [5.0] * 7)
    mixed = torch.linalg.qr(torch.randn(NUMBERS, NUMBERS, generator=rng)).Q
    return (clear + noise) @ mixed + 4, person, who


def of_one_person(found, person):
    """The deviations of each picture from the mean of its person's."""
    return found - torch.stack([found[person == k].mean(0) for k in range(PEOPLE)])[person]


def test_it_finds_what_makes_up_people(pictures):
    features, person, who = pictures
    weight, bias = discriminant(features, person, 3, damping=0.0)
    found = features @ weight.T + bias
    for k in range(3):  # the strongest first, whatever its sign
        assert abs(torch.corrcoef(torch.stack([found[:, k], who[person, k]]))[0, 1]) > 0.65
    torch.testing.assert_close(found.mean(0), torch.zeros(3), rtol=0, atol=1e-3)


def test_pictures_of_one_person_differ_by_one(pictures):
    features, person, _ = pictures
    weight, bias = discriminant(features, person, 5, damping=0.0)
    apart = of_one_person(features @ weight.T + bias, person)
    torch.testing.assert_close(apart.T @ apart / (len(person) - PEOPLE), torch.eye(5), rtol=0, atol=1e-3)


def test_no_direction_tells_people_apart_better(pictures):
    """Fisher's ratio of the first direction against ten thousand others."""
    features, person, _ = pictures
    within = of_one_person(features, person)
    between = features - within

    def ratio(directions):
        return ((between - between.mean(0)) @ directions).var(0) / (within @ directions).var(0)

    weight, _ = discriminant(features, person, 1, damping=0.0)
    others = torch.randn(NUMBERS, 10_000, generator=torch.Generator().manual_seed(1))
    assert ratio(weight.T).item() >= ratio(others).max().item()


def test_unseen_people_are_told_apart_better_than_without_it(pictures):
    features, person, _ = pictures
    known, strange = person < 200, person >= 200
    weight, bias = discriminant(features[known], person[known], 3)

    def gap(vectors):
        unit, same = F.normalize(vectors, dim=1), person[strange][:, None] == person[strange]
        cosine = unit @ unit.T
        return (cosine[same].mean() - cosine[~same].mean()).item()

    assert gap(features[strange] @ weight.T + bias) > gap(features[strange] - features[known].mean(0)) + 0.3


def test_damping_keeps_out_what_hardly_ever_changes(pictures):
    """A number that is the same in all pictures has no scatter at all: without damping there is no answer."""
    features, person, _ = pictures
    flat = torch.cat([features, torch.ones(len(features), 1)], 1)
    weight, _ = discriminant(flat, person, 3, damping=0.1)
    assert torch.isfinite(weight).all() and weight[:, -1].abs().max() < 1e-6
