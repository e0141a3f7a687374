"""Trains the examiner, the network that reads attributes for measuring only: `styleclip train examiner`."""

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torchmetrics.functional.classification import multiclass_calibration_error

from ..evaluation.agreement import agreement, known_values, read_labels
from ..images import load_image
from ..networks.examiner import CATEGORIES, CODE_SLICES, Examiner
from ..portraits.aligned.world.attributes import ATTRIBUTES
from ..portraits.aligned.world.factors import Factors
from ..weights.domain import load_network
from .card import About, publish
from .coding import attribute_loss
from .data import DataSettings, Portraits, pictures
from .degrade import degrade
from .loop import Run, learn
from .muon import reader_optimizers
from .worlds import ALIGNED

ABOUT = About(
    what="Reads every attribute of a portrait, for measuring only: no network is trained with it, and no search uses it. It is a ConvNeXt, "
         "while the network that training may use (`attributes`) is VGG-like. Its probabilities are calibrated.",
    data="Aligned portraits from seeds of their own, seen at 128 pixels: warped, partly occluded, blurred, downsampled, recoloured, noisy, "
         "compressed (`training/degrade.py`). What is not visible (the colour of closed eyes) does not count.",
    limits="It knows only the procedural portraits. It gives an answer for every picture, even for photographs, for which the answer means "
           "little. The attributes of renders are known exactly; those of edited pictures are read, with the error given here.",
    trials={"AdamW (0.0015) / Muon (0.0005, 0.0015) for convolutions and matrices":
            "mean accuracy on 400 unseen portraits, of those that training may use, after 100 batches of 32: 0.638 / 0.674, 0.657; one run "
            "each"})


@dataclass
class Settings:
    """Settings of the examiner.

    run      folder of checkpoints and logs
    data     folder of the rendered portraits
    domain   the domain to which the network is added at the end
    count    number of portraits to train on
    steps    number of batches
    batch_size  portraits in a batch
    muon_lr, adam_lr  peak learning rates of convolutions and matrices (Muon), and of everything else (AdamW)
    strength of the degradations
    focus    how strongly to weight the attributes that are not learnt yet (see `coding.attribute_loss`)
    size     side of the portraits in pixels;  input_size: the side to which they are resized for the network
    tested   number of other portraits for fitting the temperatures, and of yet others for measuring
    labels   a table of pictures labelled by a person (see `evaluation.agreement.read_labels`), with which to measure the agreement
    seed     draws weights, batches, degradations; portraits have seeds of their own, from 5101 on
    """

    run: Path = Path("runs/examiner")
    data: Path = Path("runs/data")
    domain: Path = Path("data/models/portraits")
    count: int = 8_000
    steps: int = 1500
    batch_size: int = 32
    muon_lr: float = 5e-4
    adam_lr: float = 1.5e-3
    strength: float = 1.0
    focus: float = 1.0
    widths: tuple[int, ...] = (48, 96, 192, 256)
    depths: tuple[int, ...] = (1, 2, 4, 1)
    size: int = 256
    input_size: int = 128
    tested: int = 1000
    labels: Path | None = None
    seed: int = 0


PICTURES_EACH = 4  # of each person, so that `examiner_identity` can be trained on the same portraits
LEARNT, CALIBRATED, TESTED = 5101, 5103, 5102  # seeds of portraits


def portraits_of(data: Path, count: int, size: int, seed: int) -> Portraits:
    """Portraits on which the networks that only measure are trained or measured."""
    return Portraits(DataSettings(data, count, size, seed, PICTURES_EACH), world=ALIGNED)


def train(settings: Settings) -> dict:
    """Trains, calibrates, measures on held-out portraits, and adds the network to the domain. Returns the metrics."""
    torch.manual_seed(settings.seed)
    network = Examiner(settings.widths, settings.depths, settings.input_size).to(memory_format=torch.channels_last)
    seconds = fit(network, settings)
    calibrate(network, settings)
    metrics = measure(network, settings)
    config = {"widths": settings.widths, "depths": settings.depths, "input_size": settings.input_size}
    publish(network, "examiner", settings, config, seconds, metrics, ABOUT)
    return metrics


def fit(network: Examiner, s: Settings) -> float:
    """Trains the network to read the factors of degraded portraits. Returns the seconds that it took."""
    portraits = portraits_of(s.data, s.count, s.size, LEARNT)

    def loss(run: Run, rng: torch.Generator) -> torch.Tensor:
        index = torch.randint(len(portraits), (s.batch_size,), generator=rng)
        images = degrade(pictures(portraits, index, network.input_size), rng, s.strength).to(run.device)
        with run.autocast():
            code = network.code(images).cpu()
        return attribute_loss(code, portraits.factors[index], s.focus, ATTRIBUTES)

    return learn(network, reader_optimizers(network, network.head[-1], s), s, loss)


@torch.no_grad()
def codes(network: Examiner, portraits: Portraits, s: Settings, strength: float) -> torch.Tensor:
    """The network's codes [N, CODE_SIZE] of portraits degraded with a strength."""
    rng = torch.Generator().manual_seed(s.seed)
    return torch.cat([network.code(degrade(pictures(portraits, index, network.input_size), rng, strength)).float()
                      for index in torch.arange(len(portraits)).split(100)])


def calibrate(network: Examiner, s: Settings) -> None:
    """Fits the temperature of each category on portraits as degraded as the training set (Guo et al. 2017, section 4.2), since the
    pictures that will be measured come from a generator and are no perfect renders either."""
    portraits = portraits_of(s.data, s.tested, s.size, CALIBRATED)
    for number, (logits, truth) in enumerate(_known(codes(network, portraits, s, s.strength), portraits.factors)):
        network.temperature[number] = best_temperature(logits, truth)


def best_temperature(logits: torch.Tensor, truth: torch.Tensor) -> float:
    """The temperature T that minimises the cross-entropy of softmax(logits / T). logits [N, V], truth int64 [N]"""
    logarithm = torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([logarithm], max_iter=50, line_search_fn="strong_wolfe")

    def loss():
        optimizer.zero_grad()
        value = F.cross_entropy(logits / logarithm.exp(), truth)
        value.backward()
        return value

    optimizer.step(loss)
    return logarithm.exp().item()


def measure(network: Examiner, s: Settings) -> dict:
    """How often each attribute is read correctly where it is visible and clear, and the expected calibration error of the categories."""
    portraits = portraits_of(s.data, s.tested, s.size, TESTED)
    result = {}
    for name, strength in (("renders", 0.0), ("degraded renders", s.strength)):
        code = codes(network, portraits, s, strength)
        right = agreement(known_values(portraits.factors), [reading.values() for reading in network.readings(code)])
        result[name] = {"mean accuracy": round(sum(rate.share for rate in right.values()) / len(right), 4),
                        **{attribute: round(rate.share, 4) for attribute, rate in right.items()},
                        "calibration error": round(calibration_error(network, code, portraits.factors), 4)}
    return result | ({} if s.labels is None else against_labels(network, s.labels))


def calibration_error(network: Examiner, code: torch.Tensor, factors: Factors) -> float:
    """The expected calibration error in 15 bins (Guo et al. 2017, equation 3), averaged over the categories."""
    errors = [multiclass_calibration_error(logits / temperature, truth, logits.shape[1], n_bins=15).item()
              for (logits, truth), temperature in zip(_known(code, factors), network.temperature)]
    return sum(errors) / len(errors)


def against_labels(network: Examiner, labels: Path) -> dict:
    """How often the network agrees with a person, for every attribute, with 95 % intervals."""
    table = read_labels(labels)
    readings = [network.read(load_image(picture))[0].values() for picture in table]
    return {"agreement with labels": {name: str(rate) for name, rate in agreement(list(table.values()), readings).items()}}


def measure_again(settings: Settings) -> dict:
    """The metrics of the domain's network; with labels, only the agreement with them."""
    network = load_network(settings.domain, "examiner", Examiner)
    return measure(network, settings) if settings.labels is None else against_labels(network, settings.labels)


def _known(code: torch.Tensor, factors: Factors) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """For every category the logits and the index of the true value, of the portraits in which it is visible and clear."""
    known = known_values(factors)
    shown = [torch.tensor([name in values for values in known]) for name in CATEGORIES]
    return [(code[some, CODE_SLICES[name]], getattr(factors, name)[some]) for name, some in zip(CATEGORIES, shown)]
