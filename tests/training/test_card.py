"""Model cards: what is written down about how a network was made."""

import dataclasses
import json
import platform
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import nn

from styleclip_lib.training.card import About, machine, making, publish, write_card
from styleclip_lib.weights.domain import load_network

ABOUT = About("It does something.", "From portraits.", "It knows no photographs.")


class Small(nn.Module):
    def __init__(self, width: int, table: dict):
        super().__init__()
        self.line = nn.Linear(width, 2)


@dataclass
class Settings:
    domain: Path
    run: Path = Path("secret/place")
    steps: int = 7
    channels: dict = field(default_factory=lambda: {4: 8})


def test_the_machine_has_no_name():
    assert platform.node() not in machine() or len(platform.node()) < 3
    assert "cores" in machine() or torch.cuda.is_available()
    assert f"torch {torch.__version__.split('+')[0]}" in machine()


def test_making_leaves_folders_out(tmp_path):
    made = making(Settings(tmp_path), 12.6, {"loss": 0.5}, "small")
    assert made["command"] == "styleclip train small" and made["seconds"] == 13
    assert made["settings"] == {"steps": 7, "channels": {4: 8}}
    assert made["metrics"] == {"loss": 0.5}


def test_publishing_a_network(tmp_path):
    torch.manual_seed(0)
    network = Small(3, {4: 8})
    publish(
        network, "small", Settings(tmp_path), {"width": 3, "table": {4: 8}}, 90, {"loss": 0.5, "each": {"a": 1}}, ABOUT
    )
    back = load_network(tmp_path, "small", Small)
    torch.testing.assert_close(back.line.weight, network.line.weight, rtol=1e-3, atol=1e-3)
    entry = json.loads((tmp_path / "domain.json").read_text(encoding="utf-8"))["files"]["small"]
    assert entry["training"]["settings"]["steps"] == 7
    card = (tmp_path / "small.md").read_text(encoding="utf-8")
    for words in ("# small", ABOUT.what, ABOUT.data, ABOUT.limits, "styleclip train small", "| steps | 7 |", "a: 1"):
        assert words in card
    for path in tmp_path.glob("*.md"):
        assert "secret" not in path.read_text(encoding="utf-8")


def test_a_card_tells_what_was_tried(tmp_path):
    made, about = making(Settings(tmp_path), 60.0, {}, "thing"), dataclasses.replace(ABOUT, trials={"large / small": "3 / 2"})
    write_card(tmp_path, "thing", made, about)
    assert "## Tried\n\n| | |\n|---|---|\n| large / small | 3 / 2 |\n" in (tmp_path / "thing.md").read_text()
    write_card(tmp_path, "thing", made, ABOUT)
    assert "Tried" not in (tmp_path / "thing.md").read_text()


def test_a_card_is_written_over(tmp_path):
    training = making(Settings(tmp_path), 60, {}, "small")
    write_card(tmp_path, "small", training, ABOUT)
    write_card(tmp_path, "small", {**training, "seconds": 180}, ABOUT)
    assert "3 minutes" in (tmp_path / "small.md").read_text(encoding="utf-8")
    assert len(list(tmp_path.iterdir())) == 1


def test_a_card_says_that_a_network_went_on_from_another(tmp_path):
    @dataclass
    class Settings:
        domain: Path = tmp_path
        start: Path | None = None

    publish(torch.nn.Linear(2, 2), "toy", Settings(), {}, 60.0, {"error": 1}, ABOUT)
    assert "earlier weights" not in (tmp_path / "toy.md").read_text(encoding="utf-8")
    publish(torch.nn.Linear(2, 2), "toy", Settings(start=tmp_path / "toy.safetensors"), {}, 60.0, {"error": 1}, ABOUT)
    card = (tmp_path / "toy.md").read_text(encoding="utf-8")
    assert "earlier weights (`start`)" in card and str(tmp_path) not in card
