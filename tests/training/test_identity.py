"""The ArcFace loss against its formula."""

import math

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.training.identity import ArcFace


@pytest.fixture(scope="module")
def head():
    torch.manual_seed(0)
    return ArcFace(people=5, embedding_dim=8, scale=24.0, margin=0.25)


@pytest.fixture(scope="module")
def embedding():
    return F.normalize(torch.randn(7, 8, generator=torch.Generator().manual_seed(1)), dim=1)


PERSON = torch.tensor([0, 1, 2, 3, 4, 0, 2])


def slow_loss(head, embedding, margin):
    """Deng et al. 2019, equation 3, with angles."""
    losses = []
    for vector, person in zip(embedding, PERSON.tolist()):
        angles = [math.acos(float(vector @ (center / center.norm()))) for center in head.centers.detach()]
        own = math.exp(head.scale * math.cos(angles[person] + margin))
        others = sum(math.exp(head.scale * math.cos(a)) for j, a in enumerate(angles) if j != person)
        losses.append(-math.log(own / (own + others)))
    return sum(losses) / len(losses)


@pytest.mark.parametrize("margin", [0.0, 0.1, 0.25])
def test_the_formula(head, embedding, margin):
    assert head(embedding, PERSON, margin).item() == pytest.approx(slow_loss(head, embedding, margin), rel=1e-4)


def test_the_margin_of_the_constructor_is_the_default(head, embedding):
    assert head(embedding, PERSON) == head(embedding, PERSON, 0.25)
    assert head(embedding, PERSON, 0.0) < head(embedding, PERSON, 0.25)


def test_the_length_of_a_center_does_not_matter(head, embedding):
    longer = ArcFace(5, 8, 24.0, 0.25)
    longer.load_state_dict({"centers": 3 * head.centers.detach()})
    torch.testing.assert_close(longer(embedding, PERSON), head(embedding, PERSON))


def test_gradients_are_finite_on_the_center_itself(head):
    for sign in (1, -1):
        exact = (sign * F.normalize(head.centers.detach()[:1], dim=1)).requires_grad_()
        head(exact, torch.tensor([0])).backward()
        assert torch.isfinite(exact.grad).all()


def test_training_with_it_brings_people_together():
    torch.manual_seed(0)
    vectors = torch.randn(6, 8, requires_grad=True)
    person = torch.tensor([0, 0, 1, 1, 2, 2])
    head = ArcFace(3, 8, 16.0, 0.3)
    optimizer = torch.optim.Adam([vectors, *head.parameters()], lr=0.1)
    for _ in range(60):
        optimizer.zero_grad()
        head(F.normalize(vectors, dim=1), person).backward()
        optimizer.step()
    cosine = F.normalize(vectors, dim=1) @ F.normalize(vectors, dim=1).T
    same = person[:, None] == person[None]
    assert cosine[same].min() > cosine[~same].max() + 0.2
