"""Training the attributes network from beginning to end, very small, into a domain of its own."""

import hashlib
import json

import numpy as np
import pytest
import torch

from styleclip_lib.networks.attributes import Attributes
from styleclip_lib.portraits.aligned.world.attributes import BY_NAME
from styleclip_lib.training import attributes
from styleclip_lib.training.attributes import Settings, train
from styleclip_lib.weights.domain import load_network

pytestmark = pytest.mark.slow

WIDTHS = (4, 4, 4, 4, 4)
NAMES = set(BY_NAME)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of portraits that stand on the disk already; their pictures are noise, nothing is learnt in six steps."""
    folder = tmp_path_factory.mktemp("attributes")
    (folder / "data").mkdir()
    rng = np.random.default_rng(0)
    for seed, chunks in ((0, 1), (1, 2)):
        for chunk in range(chunks):
            some = rng.integers(0, 256, (10, 3, 64, 64), dtype=np.uint8)
            np.save(
                folder / "data" / f"aligned-64px-seed{seed}-each1-{chunk:04d}.npy",
                np.resize(some, (500, 3, 64, 64)),
            )
    return folder


def settings(folder, name="attributes", **changes):
    return Settings(
        run=folder / "run" / name,
        data=folder / "data",
        domain=folder / "domain",
        count=64,
        steps=6,
        batch_size=8,
        size=64,
        input_size=32,
        widths=WIDTHS,
        **changes,
    )


@pytest.fixture(scope="module")
def metrics(folder):
    return train(settings(folder))


def test_every_attribute_is_measured(metrics):
    assert set(metrics["accuracy"]) == NAMES
    assert all(0 <= share <= 1 for share in metrics["accuracy"].values())
    assert metrics["mean accuracy"] == pytest.approx(np.mean(list(metrics["accuracy"].values())), abs=1e-3)


def test_the_network_is_entered_in_the_domain(folder, metrics):
    index = json.loads((folder / "domain" / "domain.json").read_text(encoding="utf-8"))
    entry = index["files"]["attributes"]
    path = folder / "domain" / entry["file"]
    assert entry["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
    assert entry["bytes"] == path.stat().st_size
    assert entry["config"] == {"widths": list(WIDTHS), "input_size": 32}
    assert entry["training"]["command"] == "styleclip train attributes"
    assert entry["training"]["metrics"] == metrics
    assert entry["training"]["settings"]["steps"] == 6
    assert str(folder) not in json.dumps(index), "no folder of this machine is written down"
    assert (folder / "domain" / "attributes.md").is_file()


def test_what_was_saved_reads_as_the_trained_one(folder, metrics):
    saved = load_network(folder / "domain", "attributes", Attributes)
    trained = Attributes(WIDTHS, input_size=32)
    trained.load_state_dict(torch.load(folder / "run" / "attributes" / "checkpoint.pt", weights_only=True)["network"])
    images = torch.rand(2, 3, 64, 64) * 2 - 1
    torch.testing.assert_close(saved.code(images), trained.eval().code(images), rtol=1e-2, atol=1e-2)
    assert not saved.training and not any(p.requires_grad for p in saved.parameters())


def test_it_is_measured_again(folder, metrics):
    again = attributes.measure_again(settings(folder))
    assert set(again["accuracy"]) == NAMES
    assert again["mean accuracy"] == pytest.approx(metrics["mean accuracy"], abs=0.01), "up to half precision"


def test_the_same_command_again_finds_nothing_left_to_do(folder, metrics):
    before = (folder / "domain" / "attributes.safetensors").read_bytes()
    assert train(settings(folder)) == metrics
    assert (folder / "domain" / "attributes.safetensors").read_bytes() == before


def test_stopping_leaves_the_domain_as_it_was(folder, metrics, monkeypatch):
    before = (folder / "domain" / "domain.json").read_bytes()

    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(attributes, "augment", stop)
    with pytest.raises(KeyboardInterrupt):
        train(settings(folder, "stopped"))
    assert (folder / "domain" / "domain.json").read_bytes() == before
