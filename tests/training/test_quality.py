"""Measurements of a generator where the answer is known."""

import math
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from styleclip_lib.networks.attributes import CODE_SIZE, CODE_SLICES
from styleclip_lib.networks.generator import Generator
from styleclip_lib.networks.identity import Identity
from styleclip_lib.networks.perceptual import Perceptual
from styleclip_lib.portraits.drawing.render import render
from styleclip_lib.portraits.world.attributes import ATTRIBUTES
from styleclip_lib.portraits.world.factors import sample
from styleclip_lib.training import data, quality
from styleclip_lib.training.data import to_float
from styleclip_lib.training.quality import (
    Counts,
    discriminator_accuracy,
    faces_found,
    frechet_distance,
    inversion_psnr,
    laplacian_amplitude,
    likeness_of_people,
    measure_generator,
    pictures_of,
    psnr,
    read_shares,
    reading_compared,
    rounded,
    share_gaps,
)
from styleclip_lib.training.worlds import World
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
    shares = read_shares(read, NUMBERED, ATTRIBUTES)
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


# ---- pictures


def drawn_from(generator, count, seed):
    return pictures_of(generator, torch.randn(count, 12, generator=rng(seed)))


def test_pictures_are_the_generators(generator):
    z = torch.randn(45, 12, generator=rng(3))
    pictures = pictures_of(generator, z)
    assert pictures.shape == (45, 3, 16, 16) and pictures.dtype == torch.uint8
    wanted = generator(z).clamp(-1, 1)
    torch.testing.assert_close(pictures / 127.5 - 1, wanted, rtol=0, atol=0.51 / 127.5)
    assert (wanted.abs() == 1).any(), "some pixels are cut off"


def test_laplacian_amplitude_by_hand():
    """Around one bright pixel: four times its height at it, once at its four neighbours."""
    picture = torch.zeros(1, 3, 9, 9, dtype=torch.uint8)
    assert laplacian_amplitude(picture) == 0
    picture[:, :, 4, 4] = 98
    assert laplacian_amplitude(picture.expand(30, -1, -1, -1)) == pytest.approx(98 * ((16 + 4) / 49) ** 0.5)
    noise = torch.randint(0, 256, (4, 3, 16, 16), generator=rng(), dtype=torch.uint8)
    blurred = torch.nn.functional.avg_pool2d(noise.float(), 3, 1, 1).byte()
    assert laplacian_amplitude(blurred) < 0.4 * laplacian_amplitude(noise)


def test_psnr_by_hand():
    a = torch.full((45, 3, 4, 4), 100, dtype=torch.uint8)
    b = a + torch.arange(1, 46, dtype=torch.uint8)[:, None, None, None]
    wanted = [20 * math.log10(255 / k) for k in range(1, 46)]
    assert psnr(a, b).tolist() == pytest.approx(wanted, rel=1e-5)


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

    def pooled(self, image):
        return image.mean((2, 3))


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


# ---- identity and attributes


def test_the_likeness_of_people(generator):
    torch.manual_seed(0)
    identity = Identity((4, 4), 8, 16).eval().requires_grad_(False)
    a, b = drawn_from(generator, 25, 1), drawn_from(generator, 25, 2)
    assert likeness_of_people(identity, a, a) == pytest.approx(1, abs=1e-5)
    with torch.no_grad():
        wanted = (identity(to_float(a)) * identity(to_float(b))).sum(1).mean().item()
    assert likeness_of_people(identity, a, b) == pytest.approx(wanted, abs=1e-6) and wanted < 0.9999


class ReadsColor:
    """As an attributes network that reads one attribute, the background, from the colour of the first pixel."""

    def code(self, images):
        code = torch.zeros(len(images), CODE_SIZE)
        numbers = ((images[:, 0, 0, 0] + 1) * 127.5).round().long()
        code[:, CODE_SLICES["background"]] = torch.nn.functional.one_hot(numbers, 8).float()
        return code


def test_readings_are_compared():
    people = sample(40, seed=0)
    renders = people.background.byte()[:, None, None, None].expand(-1, 3, 4, 4).clone()
    samples = renders.clone()
    samples[:10] = (samples[:10] + 1) % 8
    found = reading_compared(ReadsColor(), samples, renders, people, ATTRIBUTES)
    assert found["each"]["background"] == 0.75 and found["worst"] == "background +25.0 points"
    assert found["renders"] - found["samples"] == pytest.approx(0.25 / len(found["each"]))


# ---- inversion


def test_what_the_generator_drew_is_recovered(generator):
    own = drawn_from(generator, 5, seed=8)
    foreign = drawn_from(make_generator(1), 5, seed=8)
    noise = torch.randint(0, 256, own.shape, generator=rng(), dtype=torch.uint8)
    of_own, of_foreign, of_noise = (inversion_psnr(generator, images, 60).median() for images in (own, foreign, noise))
    assert of_own > 20 and of_own > of_foreign + 4 and of_own > of_noise + 8
    assert of_own > inversion_psnr(generator, own, 5).median() + 2, "more steps recover more"


def test_the_number_is_the_psnr_of_the_drawn_pictures():
    """A generator that draws one grey whatever it is asked for: PSNR = -20 log10 |difference in [0, 1]|."""
    grey = nn.Parameter(torch.zeros(1))
    mean = SimpleNamespace(w_avg=torch.zeros(4))
    draws = SimpleNamespace(mapping=mean, num_ws=2, synthesis=lambda w: 0 * w.sum() + grey.detach().expand(len(w), 3, 4, 4))
    pictures = torch.tensor([0, 102, 255, 153, 102], dtype=torch.uint8)[:, None, None, None].expand(-1, 3, 4, 4)
    wanted = [20 * math.log10(255 / abs(128 - value)) for value in (0, 102, 255, 153, 102)]
    assert inversion_psnr(draws, pictures, 2).tolist() == pytest.approx(wanted, abs=1e-4)


# ---- a discriminator


def test_a_discriminator_tells_what_differs_and_not_what_is_the_same():
    noise = torch.randint(0, 200, (200, 3, 16, 16), generator=rng(), dtype=torch.uint8)
    more = torch.randint(0, 200, (200, 3, 16, 16), generator=rng(1), dtype=torch.uint8)
    assert discriminator_accuracy(noise + 55, noise, steps=40) > 0.9
    assert 0.3 < discriminator_accuracy(more, noise, steps=40) < 0.7


# ---- everything


class Codes:
    """The latents themselves, as the factors of a world that a generator draws."""

    def __init__(self, z):
        self.z = z

    def __len__(self):
        return len(self.z)

    def __getitem__(self, index):
        return Codes(self.z[index])


def world_of_generator(generator):
    def latents(u, seed=0):
        return torch.special.ndtri(u.clamp(1e-6, 1 - 1e-6))

    return World("drawn", ("z",) * 12, ("z",), (), lambda u: Codes(latents(u)), latents, Codes,
                 lambda codes, size: generator(codes.z).clamp(-1, 1), 12)  # fmt: skip


@pytest.fixture(scope="module")
def domain(tmp_path_factory, generator):
    folder = tmp_path_factory.mktemp("quality")
    torch.manual_seed(0)
    networks = {"perceptual": (Perceptual((4, 4)), {}), "identity": (Identity((4, 4), 8, 16), {"embedding_dim": 8, "input_size": 16})}
    images = to_float(drawn_from(generator, 60, seed=1))
    for name, (network, config) in networks.items():
        for _ in range(40):
            network.trunk(images)  # batch normalisation gets to know pictures, so that features differ
        save_network(folder, name, network, {"widths": (4, 4), **config}, {})
    return folder


COUNTS = Counts(latents=60, faces=4, inversions=2, steps=1)


@pytest.fixture
def quick(monkeypatch):
    """Inversion and the discriminator are tested above and take long; files are rendered here."""
    monkeypatch.setattr(quality, "inversion_psnr", lambda generator, renders: torch.full((len(renders),), 12.34567))
    monkeypatch.setattr(quality, "discriminator_accuracy", lambda samples, renders, steps: float(len(samples) == len(renders) == 60))
    drawn = data.drawn
    monkeypatch.setattr(data, "drawn", lambda world, factors, size, processes: drawn(world, factors, size, 0))


def test_a_generator_that_draws_the_renders_is_perfect(generator, domain, quick, tmp_path):
    metrics = measure_generator(generator, domain, tmp_path, world_of_generator(generator), COUNTS)
    assert metrics["laplacian"] == pytest.approx(1, abs=1e-3) and metrics["direct_psnr"] > 60
    assert metrics["identity"] == pytest.approx(1, abs=1e-4) and metrics["inverted_psnr"] == 12.3457
    assert metrics["frechet"] == pytest.approx(metrics["frechet_floor"], rel=0.05) and metrics["frechet_floor"] > 0
    assert metrics["faces"] == metrics["faces_in_renders"] == 0 and metrics["discriminator"] == 1.0
    assert "attributes" not in metrics, "the domain cannot read them"


def test_another_generator_is_not(generator, domain, quick, tmp_path):
    metrics = measure_generator(generator, domain, tmp_path, world_of_generator(make_generator(1)), COUNTS)
    assert metrics["direct_psnr"] < 20 and metrics["identity"] < 0.99
    assert metrics["frechet"] > 3 * metrics["frechet_floor"]


def test_without_networks_that_look_at_pictures(generator, quick, tmp_path):
    metrics = measure_generator(generator, tmp_path / "none", tmp_path, world_of_generator(generator), COUNTS)
    assert set(metrics) == {"laplacian", "direct_psnr", "inverted_psnr", "faces", "faces_in_renders", "discriminator"}


def test_numbers_are_rounded_also_within_groups():
    assert rounded({"a": 1.23456, "b": {"c": 0.00001, "d": "word"}, "e": 7}) == {"a": 1.2346, "b": {"c": 0.0, "d": "word"}, "e": 7}
