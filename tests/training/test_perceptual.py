"""The perceptual network: the trunk of an attributes network that has learnt to tell backgrounds apart."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from styleclip_lib.networks.attributes import Attributes
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.training import attributes, perceptual
from styleclip_lib.training.perceptual import Settings, ridge, train
from styleclip_lib.weights.domain import load_network, load_tensors

pytestmark = pytest.mark.slow

WIDTHS = (8, 8, 8)
COLORS = torch.tensor([[255, 255, 255], [128, 128, 128], [30, 60, 220], [30, 190, 60],
                       [250, 230, 40], [250, 130, 20], [250, 150, 190], [130, 30, 170]], dtype=torch.uint8)  # fmt: skip


class Backgrounds:
    """As `Portraits`, without people: a picture has the colour of its background and nothing else."""

    asked: list = []

    def __init__(self, settings, world):
        self.factors = sample(settings.count, settings.seed)
        self.asked.append((settings.count, settings.seed))

    def __len__(self):
        return len(self.factors)

    def images(self, index):
        return COLORS[self.factors.background[index]][:, :, None, None].expand(-1, -1, 32, 32).clone()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("perceptual")
    reader = attributes.Settings(run=folder / "run", domain=folder / "domain", count=200, input_size=32, steps=60, batch_size=32,
                                 muon_lr=1e-3, adam_lr=0.01, focus=0.0, widths=WIDTHS)
    settings = Settings(domain=folder / "domain", learnt=300, unseen=200)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(attributes, "Portraits", Backgrounds)
        patch.setattr(perceptual, "Portraits", Backgrounds)
        attributes.train(reader)
        Backgrounds.asked.clear()
        metrics = train(settings)
        again = perceptual.measure_again(settings)
    return SimpleNamespace(folder=folder, metrics=metrics, again=again, settings=settings)


@pytest.fixture(scope="module")
def saved(trained):
    return load_network(trained.folder / "domain", "perceptual", Perceptual)


def test_a_linear_map_reads_what_can_be_seen(trained):
    accuracy = trained.metrics["accuracy of a linear reading"]
    assert set(accuracy) == set(BY_NAME)
    assert accuracy["background"] > 0.9 and accuracy["gender"] < 0.65
    mean, again = (found["mean accuracy of a linear reading"] for found in (trained.metrics, trained.again))
    assert mean == pytest.approx(np.mean(list(accuracy.values())), abs=1e-3) and again == pytest.approx(mean, abs=0.01)
    assert Backgrounds.asked[:2] == [(300, 0), (200, 1)], "measured on portraits that were never seen"


def test_the_ridge_is_the_least_of_its_objective():
    rng = torch.Generator().manual_seed(0)
    features, wanted = torch.randn(50, 6, generator=rng), torch.randn(50, 2, generator=rng)

    def objective(w):
        return (features @ w - wanted).square().sum() + 0.1 * features.square().sum() / 6 * w.square().sum()

    least = ridge(features, wanted, damping=0.1)
    for _ in range(20):
        assert objective(least) < objective(least + 0.05 * torch.randn(6, 2, generator=rng))


def test_the_network_is_entered_in_the_domain(trained):
    entry = json.loads((trained.folder / "domain" / "domain.json").read_text(encoding="utf-8"))["files"]["perceptual"]
    assert entry["config"] == {"widths": list(WIDTHS), "input_size": 32}
    assert entry["training"]["command"] == "styleclip train perceptual" and entry["training"]["metrics"] == trained.metrics


def test_its_trunk_is_that_of_the_attributes_network(trained, saved):
    kept = load_tensors(trained.folder / "domain" / "perceptual.safetensors")
    reader = load_network(trained.folder / "domain", "attributes", Attributes).state_dict()
    assert set(kept) == {name for name in reader if name.startswith("trunk.")}
    assert all(torch.equal(value.float(), reader[name].float()) for name, value in kept.items())


def test_a_lighter_shade_of_one_background_looks_more_like_it_than_any_other_background(saved):
    images = (COLORS.float() / 127.5 - 1)[:, :, None, None].expand(-1, -1, 32, 32)
    distance = saved(images.repeat_interleave(8, 0), images.repeat(8, 1, 1, 1)).view(8, 8)
    assert (distance.diagonal() < 1e-6).all()
    torch.testing.assert_close(distance, distance.T)
    shades = saved(images, (images + 0.03).clamp(-1, 1))
    assert (shades < (distance + 9 * torch.eye(8)).min(1).values).all()


def test_large_pictures_are_seen_at_the_networks_size(saved):
    rng = torch.Generator().manual_seed(0)
    small = torch.rand(2, 3, 32, 32, generator=rng) * 2 - 1
    large = small.repeat_interleave(3, 2).repeat_interleave(3, 3)
    assert saved.features(large)[0].shape == saved.features(small)[0].shape
    assert (saved.distance(saved.features(small), saved.features(large)) < saved(small, small.flip(0))).all()
