"""Training the reader that measures from beginning to end, very small, and what its figures say."""

import json
import shutil

import pytest
import torch
import torch.nn.functional as F

from styleclip_lib.cli.main import main
from styleclip_lib.images import save_image
from styleclip_lib.networks.examiner import CATEGORIES, CODE_SIZE, CODE_SLICES, Examiner
from styleclip_lib.portraits.aligned.world.attributes import ATTRIBUTES
from styleclip_lib.portraits.aligned.world.factors import sample
from styleclip_lib.training.coding import attribute_loss
from styleclip_lib.training.examiner import (
    CALIBRATED,
    LEARNT,
    TESTED,
    Settings,
    best_temperature,
    calibrate,
    calibration_error,
    codes,
    measure,
    measure_again,
    portraits_of,
    train,
)
from styleclip_lib.weights.domain import load_network

pytestmark = pytest.mark.slow

SMALL = {"widths": (8, 12), "depths": (1, 1), "size": 32, "input_size": 32, "count": 24, "tested": 20, "batch_size": 12,
         "muon_lr": 4e-3, "adam_lr": 4e-3}


def settings(folder, **changes):
    return Settings(run=folder / "run", data=folder / "data", domain=folder / "domain", **{**SMALL, **changes})


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("examiner")


@pytest.fixture(scope="module")
def metrics(folder):
    return train(settings(folder, steps=60, strength=0.2))


def test_it_learns_the_portraits_that_it_is_shown(folder, metrics):
    s = settings(folder)
    portraits = portraits_of(s.data, s.count, s.size, LEARNT)

    def loss(network):
        return attribute_loss(codes(network.eval(), portraits, s, 0.0), portraits.factors, 0.0, ATTRIBUTES).item()

    torch.manual_seed(0)
    assert loss(load_network(s.domain, "examiner", Examiner)) < 0.8 * loss(Examiner(s.widths, s.depths, 32))


def test_every_attribute_is_measured_on_renders_and_on_degraded_ones(metrics):
    assert set(metrics) == {"renders", "degraded renders"}
    for figures in metrics.values():
        assert {attribute.name for attribute in ATTRIBUTES} <= set(figures)
        assert all(0 <= share <= 1 for share in figures.values())


def test_the_network_is_entered_in_the_domain_and_measures_the_same_again(folder, metrics):
    entry = json.loads((folder / "domain" / "domain.json").read_text(encoding="utf-8"))["files"]["examiner"]
    assert entry["config"] == {"widths": [8, 12], "depths": [1, 1], "input_size": 32}
    assert entry["training"]["command"] == "styleclip train examiner" and entry["training"]["metrics"] == metrics
    assert str(folder) not in json.dumps(entry), "no folder of this machine is written down"
    assert (folder / "domain" / "examiner.md").is_file()
    again = measure_again(settings(folder, strength=0.2))
    assert again["renders"] == pytest.approx(metrics["renders"], abs=0.11), "weights are stored in half precision"


def test_the_same_command_again_finds_nothing_left_to_do(folder, metrics):
    before = (folder / "domain" / "examiner.safetensors").read_bytes()
    assert train(settings(folder, steps=60, strength=0.2)) == metrics
    assert (folder / "domain" / "examiner.safetensors").read_bytes() == before


def test_other_portraits_are_learnt_from_calibrated_on_and_measured_on(folder, metrics):
    """And none of them is one that the networks of training see: these have small seeds."""
    s = settings(folder)
    lots = [portraits_of(s.data, s.tested, s.size, seed).images(torch.arange(20)) for seed in (LEARNT, CALIBRATED, TESTED)]
    assert not torch.equal(lots[0], lots[1]) and not torch.equal(lots[1], lots[2]) and not torch.equal(lots[0], lots[2])
    assert min(LEARNT, CALIBRATED, TESTED) > 1000
    assert {path.name.split("-each")[0] for path in s.data.iterdir()} == {f"aligned-32px-seed{n}" for n in (LEARNT, CALIBRATED, TESTED)}


class Knows(Examiner):
    """Says what is true of the portraits it is measured on, with some confidence."""

    def __init__(self, factors, confidence):
        super().__init__((4, 8), (1, 1), 32)
        self.truth = torch.zeros(len(factors), CODE_SIZE)
        for attribute in ATTRIBUTES:
            value, where = getattr(factors, attribute.name), CODE_SLICES[attribute.name]
            if attribute.is_scale:
                self.truth[:, where.start] = value
            else:
                self.truth[:, where] = confidence * F.one_hot(value, len(attribute.values)).float()

    def code(self, image):
        return self.truth[: len(image)]


@pytest.mark.parametrize("confidence", [30.0, 0.0])
def test_who_knows_everything_is_always_right_and_who_knows_nothing_guesses(confidence, folder, metrics):
    s = settings(folder)
    people = portraits_of(s.data, s.tested, s.size, TESTED).factors
    figures = measure(Knows(people, confidence), s)["renders"]
    if confidence:
        assert figures["mean accuracy"] == 1 and figures["calibration error"] == pytest.approx(0, abs=1e-3)
    else:  # says the first value of every category
        assert figures["expression"] == pytest.approx((people.expression == 0).float().mean().item(), abs=1e-3)
        assert figures["yaw"] == 1 and figures["mean accuracy"] < 0.9


@pytest.mark.parametrize("true_temperature", [0.5, 1.0, 2.5])
def test_the_temperature_is_found(true_temperature):
    """Of truths that are drawn from the probabilities of logits, logits that are T times as large need the temperature T."""
    rng = torch.Generator().manual_seed(0)
    logits = 2 * torch.randn(20_000, 4, generator=rng)
    truth = torch.multinomial(logits.softmax(1), 1, generator=rng)[:, 0]
    assert best_temperature(true_temperature * logits, truth) == pytest.approx(true_temperature, rel=0.05)


def test_calibration_lowers_the_error_of_a_network_that_is_too_sure(folder, metrics):
    s = settings(folder)
    people = portraits_of(s.data, s.tested, s.size, CALIBRATED).factors
    network = Knows(people, 12.0)
    for name in CATEGORIES:  # wrong in a quarter of the pictures, and as sure as ever
        where = CODE_SLICES[name]
        network.truth[::4, where] = network.truth[::4, where].roll(1, 1)
    before = calibration_error(network, network.truth, people)
    calibrate(network, s)
    assert before == pytest.approx(0.25, abs=0.05) and calibration_error(network, network.truth, people) < 0.5 * before


def test_a_person_with_labels_is_asked_from_the_command_line(folder, metrics, tmp_path, capsys):
    s = settings(folder)
    portraits = portraits_of(s.data, s.tested, s.size, TESTED)
    network = load_network(s.domain, "examiner", Examiner)
    rows = ["picture,expression,glasses"]
    for k in range(4):
        picture = portraits.images(torch.tensor([k]))[0].float() / 127.5 - 1
        save_image(picture, tmp_path / f"{k}.png")
        reading = network.read(picture[None])[0]
        other = next(value for value in ("none", "glasses") if value != reading.value("glasses"))
        rows.append(f"{k}.png,{reading.value('expression')},{other if k == 0 else '?' if k == 1 else reading.value('glasses')}")
    (tmp_path / "labels.csv").write_text("\n".join(rows))
    assert main(["measure", "examiner", "--domain", str(s.domain), "--labels", str(tmp_path / "labels.csv")]) == 0
    shown = capsys.readouterr().out
    assert "expression  1.000 (0.510 to 1.000), n = 4" in shown and "glasses     0.667 (0.208 to 0.939), n = 3" in shown


def test_labels_are_for_the_examiner_alone(folder, metrics, tmp_path, capsys):
    (tmp_path / "labels.csv").write_text("picture\n")
    assert main(["measure", "attributes", "--domain", str(folder / "domain"), "--labels", str(tmp_path / "labels.csv")]) == 2
    assert "styleclip measure examiner" in capsys.readouterr().err
    assert main(["measure", "examiner", "--domain", str(folder / "domain"), "--labels", str(tmp_path / "nothing.csv")]) == 2
    said = capsys.readouterr().err
    assert "There is no file" in said and said.count("\n") == 1


def test_stopping_leaves_the_domain_as_it_was(folder, metrics, tmp_path, monkeypatch):
    shutil.copytree(folder / "data", tmp_path / "data")

    def stop(*arguments, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr("styleclip_lib.training.examiner.degrade", stop)
    with pytest.raises(KeyboardInterrupt):
        train(settings(tmp_path, steps=3))
    assert not (tmp_path / "domain").exists()


def test_the_tables_of_values_fit_the_loss():
    people = sample(50, seed=1)
    assert attribute_loss(Knows(people, 40.0).truth, people, 0.0, ATTRIBUTES) == pytest.approx(0, abs=1e-4)
