"""The ArcFace loss against its formula; training the identity network from beginning to end, very small."""

import dataclasses
import hashlib
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.errors import StyleclipError
from styleclip_lib.networks.attributes import Attributes
from styleclip_lib.networks.identity import Identity
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.portraits.aligned.world.factors import IDENTITY, sample
from styleclip_lib.training import identity
from styleclip_lib.training.identity import ArcFace, Settings, identity_numbers, measure, train, with_discriminant
from styleclip_lib.training.loop import Run
from styleclip_lib.weights.domain import load_network, load_tensors, save_network

pytestmark = pytest.mark.slow


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


def slow_identity_numbers(people):
    """Column by column: a number of a person as it is, a category as yes or no for each of its values."""
    columns = []
    for name in IDENTITY:
        values = getattr(people, name).double().numpy()
        if name in BY_NAME and not BY_NAME[name].is_scale:
            columns += [(values == k).astype(float) for k in range(len(BY_NAME[name].values))]
        else:
            columns.append(values)
    return np.stack([(column - column.mean()) / column.std(ddof=1) for column in columns], 1)


def test_what_makes_up_a_person():
    people = sample(300, seed=0)
    numbers = identity_numbers(people)
    np.testing.assert_allclose(numbers.numpy(), slow_identity_numbers(people), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(numbers.mean(0), torch.zeros(numbers.shape[1]), rtol=0, atol=1e-4)
    torch.testing.assert_close(numbers.std(0), torch.ones(numbers.shape[1]), rtol=1e-3, atol=0)


def test_what_changes_between_pictures_makes_up_nobody():
    people, others = sample(50, seed=0), sample(50, seed=1)
    redrawn = {name: value for name, value in others.items() if name not in IDENTITY}
    assert torch.equal(identity_numbers(people), identity_numbers(dataclasses.replace(people, **redrawn)))
    for name in ("gender", "age", "jaw", "eye_color"):
        changed = dataclasses.replace(people, **{name: getattr(others, name)})
        assert not torch.equal(identity_numbers(people), identity_numbers(changed)), name


def test_what_everybody_shares_is_zero():
    women = identity_numbers(sample(20, seed=0).replace(gender="woman", jaw=0.5))
    assert torch.isfinite(women).all()
    assert (women == 0).all(0).sum() == 3, "woman, man, jaw"


PEOPLE, EACH, WIDTHS = 20, 3, (8, 8, 8)


class Faces:
    """As `Portraits`: a field of colours made of who somebody is, and a brightness that changes from picture to picture."""

    asked: list = []

    def __init__(self, settings, world):
        each, people = settings.pictures_each, sample(settings.count, settings.seed)
        self.person = torch.arange(settings.count) // each
        same = {name: value[self.person * each] for name, value in people.items() if name in IDENTITY}
        self.factors = dataclasses.replace(people, **same)
        numbers = identity_numbers(self.factors)
        colors = numbers @ torch.randn(numbers.shape[1], 48, generator=torch.Generator().manual_seed(0))
        light = 20 * self.factors.light[:, None]
        self.pictures = (128 + 10 * colors + light).clamp(0, 255).byte().view(-1, 3, 4, 4)
        self.asked.append(settings)

    def __len__(self):
        return len(self.person)

    def images(self, index):
        return self.pictures[index].repeat_interleave(8, 2).repeat_interleave(8, 3)


def watched(monkeypatch, stop_at=None):
    """Puts the small pictures into place. Returns a list to which every step adds its losses; a Ctrl-C may come at one."""
    seen, all_steps = [], Run.steps

    def steps(run, total):
        for step in all_steps(run, total):
            if step == stop_at:
                raise KeyboardInterrupt
            yield step

    def log(run, **values):
        seen.append({name: value.item() for name, value in values.items()})

    monkeypatch.setattr(identity, "Portraits", Faces)
    monkeypatch.setattr(Run, "log", log)
    monkeypatch.setattr(Run, "steps", steps)
    return seen


@pytest.fixture
def seen(monkeypatch):
    return watched(monkeypatch)


SMALL = {
    "people": PEOPLE, "pictures_each": EACH, "size": 32, "widths": WIDTHS, "embedding_dim": 32, "steps": 60,
    "batch_size": 30, "muon_lr": 2e-3, "adam_lr": 0.02, "strength": 0.1, "start_trunk": False, "new_people": 40, "kept": 12,
}  # fmt: skip


def settings(folder, **changes):
    return Settings(run=folder / "run", domain=folder / "domain", **{**SMALL, **changes})


def mean_of(seen, name, where):
    return np.mean([step[name] for step in seen[where]])


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity")
    with pytest.MonkeyPatch.context() as monkeypatch:
        seen = watched(monkeypatch)
        return SimpleNamespace(folder=folder, metrics=train(settings(folder)), seen=seen)


def test_both_losses_fall(trained):
    assert len(trained.seen) == 60
    start, end = slice(0, 5), slice(-5, None)
    assert mean_of(trained.seen, "aid", end) < mean_of(trained.seen, "aid", start) - 0.2
    assert mean_of(trained.seen, "loss", slice(15, 20)) < mean_of(trained.seen, "loss", start) - 0.5, "before the margin"


def test_unseen_people_are_told_apart(trained):
    assert set(trained.metrics) == {"verification auc", "cosine of one person", "cosine of two people"}
    assert 0.8 < trained.metrics["verification auc"] <= 1
    assert trained.metrics["cosine of one person"] > trained.metrics["cosine of two people"] + 0.3
    seeds = [asked.seed for asked in Faces.asked[:2]]
    assert seeds[0] != seeds[1] and not {0, 1} & set(seeds), "other people than the generator's"
    assert all(asked.pictures_each == EACH and asked.size == 32 for asked in Faces.asked[:2])


def test_the_network_is_entered_in_the_domain(trained):
    text = (trained.folder / "domain" / "domain.json").read_text(encoding="utf-8")
    entry = json.loads(text)["files"]["identity"]
    path = trained.folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry["bytes"] == path.stat().st_size
    assert entry["config"] == {"widths": list(WIDTHS), "embedding_dim": 12, "input_size": 32}
    assert entry["training"]["command"] == "styleclip train identity"
    assert entry["training"]["metrics"] == trained.metrics
    assert entry["training"]["settings"]["people"] == PEOPLE
    assert str(trained.folder) not in text, "no folder of this machine is written down"
    assert (trained.folder / "domain" / "identity.md").read_text(encoding="utf-8").startswith("# identity")


def test_what_was_saved_reads_as_the_trained_one(trained, monkeypatch):
    """Centers and reader are needed for going on, and not published. The last layer is that of the discriminant, the rest as trained."""
    monkeypatch.setattr(identity, "Portraits", Faces)
    state = torch.load(trained.folder / "run" / "checkpoint.pt", weights_only=True, map_location="cpu")
    assert state["head"]["centers"].shape == (PEOPLE, 32)
    assert state["reader"]["weight"].shape == (identity_numbers(sample(9, seed=0)).shape[1], 32)
    network = Identity(WIDTHS, 32, 32)
    network.load_state_dict(state["network"])
    saved = load_network(trained.folder / "domain", "identity", Identity)
    images = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    torch.testing.assert_close(saved.features(images), network.eval().features(images), rtol=0.02, atol=0.02)
    better = with_discriminant(network, settings(trained.folder))
    torch.testing.assert_close(saved(images), better(images), rtol=0.02, atol=0.02)


def test_it_is_measured_again(trained, monkeypatch):
    monkeypatch.setattr(identity, "Portraits", Faces)
    assert identity.measure_again(settings(trained.folder)) == pytest.approx(trained.metrics, abs=0.01), "up to half precision"


def test_the_discriminant_brings_unseen_people_together(trained, monkeypatch):
    """Pictures of one person are more alike with it than with the layer that ArcFace trained, and no less told apart from others'."""
    monkeypatch.setattr(identity, "Portraits", Faces)
    network = Identity(WIDTHS, 32, 32)
    network.load_state_dict(torch.load(trained.folder / "run" / "checkpoint.pt", weights_only=True, map_location="cpu")["network"])
    before = measure(network.eval(), settings(trained.folder))
    assert trained.metrics["cosine of one person"] > before["cosine of one person"]
    assert trained.metrics["verification auc"] > before["verification auc"] - 0.005
    asked = {settings.seed: settings.count for settings in Faces.asked}
    assert asked[4] == SMALL["new_people"] * EACH, "people who were neither trained on nor measured with"


def test_the_same_command_again_finds_nothing_left_to_do(trained, seen):
    before = (trained.folder / "domain" / "identity.safetensors").read_bytes()
    assert train(settings(trained.folder)) == trained.metrics
    assert seen == []
    assert (trained.folder / "domain" / "identity.safetensors").read_bytes() == before


def test_stopping_leaves_the_domain_as_it_was(trained, monkeypatch):
    before = {path: path.read_bytes() for path in (trained.folder / "domain").iterdir()}
    other = dataclasses.replace(settings(trained.folder), run=trained.folder / "stopped")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        watched(patch, stop_at=50)
        train(other)
    assert {path: path.read_bytes() for path in (trained.folder / "domain").iterdir()} == before
    seen = watched(monkeypatch)
    metrics = train(other)
    assert metrics == pytest.approx(trained.metrics, abs=2e-3), "as if nobody had stopped it"
    np.testing.assert_allclose([step["loss"] for step in seen], [step["loss"] for step in trained.seen[50:]], rtol=1e-3)


def test_the_aid_teaches_who_it_is(trained, tmp_path, seen):
    """Without its weight the reader learns nothing, and the embedding nothing for it."""
    train(settings(tmp_path, aid=0.0, steps=30))
    assert mean_of(seen, "aid", slice(-5, None)) > mean_of(trained.seen, "aid", slice(25, 30)) + 0.1


@pytest.fixture
def with_attributes(tmp_path):
    """A domain that holds an attributes network with random weights."""
    torch.manual_seed(7)
    network = Attributes(WIDTHS, hidden=4)
    for norm in network.modules():
        if isinstance(norm, torch.nn.BatchNorm2d):
            norm.running_mean.normal_()
    save_network(tmp_path / "domain", "attributes", network, {"widths": WIDTHS, "hidden": 4}, {})
    return tmp_path


@pytest.mark.parametrize("start", [True, False])
def test_the_trunk_may_be_that_of_the_attributes_network(start, with_attributes, seen):
    train(settings(with_attributes, start_trunk=start, steps=0))
    published, attributes = (
        {key: value for key, value in load_tensors(with_attributes / "domain" / f"{name}.safetensors").items() if "trunk." in key}
        for name in ("identity", "attributes")
    )
    assert set(published) == set(attributes)
    assert all(torch.equal(published[name], attributes[name]) for name in attributes) == start


def test_a_trunk_that_is_not_there_is_asked_for(tmp_path, seen):
    with pytest.raises(StyleclipError, match="domain"):
        train(settings(tmp_path, start_trunk=True))
    save_network(tmp_path / "domain", "other", torch.nn.Linear(1, 1), {}, {})
    with pytest.raises(StyleclipError, match="no attributes"):
        train(settings(tmp_path, start_trunk=True))
    assert seen == []


@pytest.mark.parametrize("sign,area", [(1.0, 1.0), (0.0, 0.5)])
def test_who_knows_everybody_has_area_one(sign, area, tmp_path, monkeypatch):
    """Every person a direction of their own; or all people the same one."""

    class Named(Faces):
        def images(self, index):
            return self.person[index].to(torch.uint8)[:, None, None, None].expand(-1, 3, 8, 8)

    def knows(images):
        person = ((images[:, 0, 0, 0] + 1) * 127.5).round().long()
        return F.one_hot((sign * person).long(), 200).float()

    monkeypatch.setattr(identity, "Portraits", Named)
    metrics = measure(knows, settings(tmp_path))
    assert metrics == {"verification auc": area, "cosine of one person": 1.0, "cosine of two people": 1.0 - sign}
