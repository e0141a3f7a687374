"""Measurements of a generator where the answer is known."""

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from styleclip_lib.networks.attributes import Attributes
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.attributes import ATTRIBUTES
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.training import quality
from styleclip_lib.training.data import to_float
from styleclip_lib.training.quality import (
    Counts,
    faces_found,
    frechet_distance,
    inversion_psnr,
    measure_generator,
    read_shares,
    sample_pictures,
    share_gaps,
)
from styleclip_lib.weights.domain import save_network

pytestmark = pytest.mark.slow


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def make_generator(seed=0):
    """16 pixels; the same pictures for the same seed, with noise in them."""
    torch.manual_seed(seed)
    generator = Generator(16, 12, 10, 2, {4: 8, 8: 8, 16: 8}).eval().requires_grad_(False)
    for _, layer in generator.synthesis.conv_layers():
        layer.noise_strength.fill_(0.1)
    generator.mapping.w_avg.copy_(generator.mapping.w(torch.randn(2000, 12)).mean(0))
    return generator


@pytest.fixture(scope="module")
def generator():
    return make_generator()


class Fixed:
    """As `Portraits`, with these pictures."""

    def __init__(self, pictures):
        self.pictures = pictures

    def __len__(self):
        return len(self.pictures)

    def images(self, index):
        return self.pictures[index]


# ---- shares of attributes


COUNT = 230
NUMBERED = torch.arange(COUNT, dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 4, 4)


def known_reading(seed):
    """As an attributes network that knows a reading, drawn at random, of each numbered picture."""
    readings = {
        a.name: torch.rand(COUNT, generator=rng(seed + n)) * (2.2 if a.intervals[0][0] < 0 else 1.1) - (a.intervals[0][0] < 0) * 1.1
        if a.is_scale
        else torch.randn(COUNT, len(a.values), generator=rng(seed + n)).softmax(1)
        for n, a in enumerate(ATTRIBUTES)
    }

    def read(images):
        number = ((images[:, 0, 0, 0] + 1) * 127.5).round().long()
        return {name: values[number] for name, values in readings.items()}

    return readings, read


def slow_shares(readings):
    shares = {}
    for attribute in ATTRIBUTES:
        for k, value in enumerate(attribute.values):
            number = 0
            for reading in readings[attribute.name].tolist():
                if attribute.is_scale:
                    low, high = attribute.intervals[k]
                    number += low <= reading <= high
                else:
                    number += max(range(len(reading)), key=reading.__getitem__) == k
            shares[attribute.name, value] = number / COUNT
    return shares


def test_shares_are_those_of_the_slow_count():
    """More pictures than fit into one batch, and the last batch is not full."""
    readings, read = known_reading(0)
    shares = read_shares(read, NUMBERED)
    assert shares == pytest.approx(slow_shares(readings), abs=1e-6)
    for attribute in ATTRIBUTES:
        total = sum(shares[attribute.name, value] for value in attribute.values)
        assert total < 0.99 if attribute.is_scale else total == pytest.approx(1), "what lies in between is no value"


def test_gaps_are_differences_of_shares():
    a, b = (slow_shares(known_reading(seed)[0]) for seed in (0, 50))
    gaps = share_gaps(a, b)
    assert gaps == {f"{name}={value}": abs(a[name, value] - b[name, value]) for name, value in a}
    assert gaps == share_gaps(b, a) and max(gaps.values()) > 0.02
    assert set(share_gaps(a, a).values()) == {0.0}


# ---- samples


def test_samples_are_the_generators_pictures(generator):
    pictures = sample_pictures(generator, 120, seed=3)
    assert pictures.shape == (120, 3, 16, 16) and pictures.dtype == torch.uint8
    wanted = generator(torch.randn(120, 12, generator=rng(3))).clamp(-1, 1)
    torch.testing.assert_close(pictures / 127.5 - 1, wanted, rtol=0, atol=0.1), "up to half precision"
    assert (wanted.abs() == 1).any(), "some pixels are cut off"


def test_samples_are_repeatable(generator):
    assert torch.equal(sample_pictures(generator, 4, seed=3), sample_pictures(generator, 4, seed=3))
    assert not torch.equal(sample_pictures(generator, 4, seed=3), sample_pictures(generator, 4, seed=4))


# ---- faces


def test_faces_are_found_in_portraits_and_not_in_noise():
    people = sample(2, seed=0).replace(
        yaw=0.0, pitch=0.0, roll=0.0, offset_x=0.0, offset_y=0.0, glasses="none", headwear="none", eyes="open",
        expression="neutral", facial_hair="none", light=0.0, fringe=0.0, hair_style="short", skin_tone=0.2,
    )  # fmt: skip
    portraits = ((render(people, 128) + 1) * 127.5).round().byte()
    noise = torch.randint(0, 256, (2, 3, 128, 128), generator=rng(), dtype=torch.uint8)
    assert faces_found(torch.cat([portraits, noise])) == 0.5
    assert faces_found(portraits) == 1.0


# ---- Fréchet distance


def slow_frechet(a, b):
    """Features [N, D] in double precision; the root of C_a C_b has the trace of that of C_a^½ C_b C_a^½."""
    a, b = a.double(), b.double()
    mean_a, mean_b = a.mean(0), b.mean(0)
    cov_a = (a - mean_a).T @ (a - mean_a) / (len(a) - 1)
    cov_b = (b - mean_b).T @ (b - mean_b) / (len(b) - 1)
    values, vectors = torch.linalg.eigh(cov_a)
    root = vectors @ torch.diag(values.clamp(min=0).sqrt()) @ vectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    return ((mean_a - mean_b).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross).item()


@pytest.fixture(scope="module")
def perceptual():
    torch.manual_seed(0)
    return Perceptual((6, 6, 8)).eval().requires_grad_(False)


@pytest.fixture(scope="module")
def noise():
    """Two sets of pictures, not equally many, one of them brighter and with less contrast."""
    a = torch.randint(0, 256, (130, 3, 16, 16), generator=rng(1), dtype=torch.uint8)
    b = torch.randint(90, 256, (110, 3, 16, 16), generator=rng(2), dtype=torch.uint8)
    tint = torch.randint(0, 2, (110, 3, 1, 1), generator=rng(3), dtype=torch.uint8)
    return a, b // (1 + tint)


def test_frechet_distance_is_the_formula(perceptual, noise):
    features = [perceptual.trunk(images / 127.5 - 1)[-1].mean((2, 3)) for images in noise]
    wanted = slow_frechet(*features)
    assert frechet_distance(perceptual, *noise) == pytest.approx(wanted, rel=1e-3)
    assert wanted > 100 * abs(slow_frechet(features[0], features[0].flip(0)))


class MeanColor:
    """As a perceptual network whose only feature is the colour."""

    def __init__(self):
        self.trunk = nn.Identity()
        self.trunk.widths = (3,)
        self.trunk.forward = lambda image: [image]


def test_frechet_distance_of_what_is_only_brighter(noise):
    """The covariances are equal, so only the means count: |(10, 20, 30) / 127.5|²."""
    darker = noise[0] // 2
    brighter = darker + torch.tensor([10, 20, 30], dtype=torch.uint8)[:, None, None]
    wanted = (10**2 + 20**2 + 30**2) / 127.5**2
    assert frechet_distance(MeanColor(), darker, brighter) == pytest.approx(wanted, rel=1e-3)


def test_frechet_distance_is_symmetric_and_zero_for_the_same(perceptual, noise):
    a, b = noise
    there, back = frechet_distance(perceptual, a, b), frechet_distance(perceptual, b, a)
    assert there == pytest.approx(back, rel=1e-3) and there > 0
    assert abs(frechet_distance(perceptual, a, a.flip(0))) < 1e-3 * there


# ---- inversion


def test_what_the_generator_drew_is_recovered(generator):
    own = sample_pictures(generator, 5, seed=8)
    foreign = sample_pictures(make_generator(1), 5, seed=8)
    noise = torch.randint(0, 256, own.shape, generator=rng(), dtype=torch.uint8)
    of_own, of_foreign, of_noise = (inversion_psnr(generator, Fixed(images), 5, 60) for images in (own, foreign, noise))
    assert of_own > 20 and of_own > of_foreign + 4 and of_own > of_noise + 8


def test_the_number_is_the_median_psnr_of_the_drawn_pictures():
    """A generator that draws one grey whatever it is asked for: PSNR = -20 log10 |difference in [0, 1]|."""
    grey = nn.Parameter(torch.zeros(1))
    mean = SimpleNamespace(w_avg=torch.zeros(4))
    draws = SimpleNamespace(mapping=mean, num_ws=2, synthesis=lambda w: 0 * w.sum() + grey.detach().expand(len(w), 3, 4, 4))
    pictures = torch.tensor([0, 102, 255, 153, 102])[:, None, None, None].expand(-1, 3, 4, 4)
    assert inversion_psnr(draws, Fixed(pictures), 5, 2) == pytest.approx(20, abs=1e-4)


def test_more_steps_recover_more(generator):
    own = Fixed(sample_pictures(generator, 3, seed=8))
    assert inversion_psnr(generator, own, 3, 40) > inversion_psnr(generator, own, 3, 5) + 2


# ---- everything


@pytest.fixture(scope="module")
def domain(tmp_path_factory, generator):
    folder = tmp_path_factory.mktemp("quality")
    torch.manual_seed(0)
    attributes, perceptual = Attributes((4, 4), 8), Perceptual((4, 4))
    images = to_float(sample_pictures(generator, 60, seed=1))
    for network in (attributes, perceptual):
        for _ in range(40):
            network.trunk(images)  # batch normalisation gets to know pictures, so that features differ
    attributes.head[-1].weight.data *= 10
    save_network(folder, "attributes", attributes, {"widths": (4, 4), "hidden": 8}, {})
    save_network(folder, "perceptual", perceptual, {"widths": (4, 4)}, {})
    return folder


COUNTS = Counts(shares=60, faces=4, distance=40, inversions=2)


@pytest.fixture
def quick(monkeypatch):
    """Inversion and faces are measured above and take long; notes what was asked for."""
    asked = SimpleNamespace(inverted=[], looked_at=[])
    monkeypatch.setattr(quality, "inversion_psnr", lambda *arguments: asked.inverted.append(arguments) or 12.346)
    monkeypatch.setattr(quality, "faces_found", lambda images: asked.looked_at.append(images) or 1 / len(asked.looked_at))
    return asked


def test_a_generator_that_draws_the_renders_is_perfect(generator, domain, quick):
    renders, held_out = Fixed(sample_pictures(generator, 60, seed=21)), object()
    metrics = measure_generator(generator, domain, renders, held_out, COUNTS)
    assert metrics["largest gap of a share"] == 0 and metrics["gaps over 0.05"] == 0
    assert metrics["faces dlib finds in samples"] == 1 and metrics["faces dlib finds in renders"] == 0.5
    assert metrics["frechet distance"] == pytest.approx(0, abs=1e-3)
    assert metrics["frechet distance of renders"] > 0.001, "two halves differ"
    assert metrics["median psnr of inverted held-out renders (dB)"] == 12.35
    assert quick.inverted == [(generator, held_out, 2)]
    assert all(torch.equal(looked_at, renders.pictures[:4]) for looked_at in quick.looked_at)


def test_another_generator_is_not(generator, domain, quick):
    renders = sample_pictures(make_generator(1), 60, seed=5)
    metrics = measure_generator(generator, domain, Fixed(renders), None, COUNTS)
    attributes = quality.load_network(domain, "attributes", Attributes)
    gaps = share_gaps(read_shares(attributes, sample_pictures(generator, 60, seed=21)), read_shares(attributes, renders))
    largest = max(gaps.values())
    assert largest > 0.05 and metrics["largest gap of a share"] == pytest.approx(largest, abs=0.04)
    assert gaps[metrics["where"]] == pytest.approx(largest, abs=0.04) and metrics["gaps over 0.05"] >= 1
    assert metrics["frechet distance"] > 3 * abs(metrics["frechet distance of renders"])


def test_fewer_portraits_than_counts(generator, domain, quick):
    renders = Fixed(sample_pictures(generator, 20, seed=5))
    assert measure_generator(generator, domain, renders, None, COUNTS)["frechet distance"] >= 0
