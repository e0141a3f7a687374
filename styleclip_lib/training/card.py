"""Model cards: how a network was made, and what was measured."""

import os
import platform
from dataclasses import dataclass, field
from pathlib import Path

import torch

from ..paths import written_whole
from ..processes import this_process
from ..weights.domain import save_network


@dataclass(frozen=True)
class About:
    """The text of a model card: what the network does, its training data, its limits, and earlier trials by name."""

    what: str
    data: str
    limits: str
    trials: dict[str, str] = field(default_factory=dict)


def publish(network: torch.nn.Module, name: str, settings, config: dict, seconds: float, metrics: dict, about: About) -> None:
    """Adds a trained network to `settings.domain`: its weights, its entry in `domain.json`, and its card.

    config: the arguments of the network's class; seconds: how long it was trained. Of several processes only the first writes.
    """
    if not this_process().is_main_process:
        return
    training = making(settings, seconds, metrics, name)
    save_network(settings.domain, name, network, config, training)
    write_card(settings.domain, name, training, about)


def making(settings, seconds: float, metrics: dict, name: str) -> dict:
    """How a network was made: the command, settings, time, machine, and metrics."""
    shown = {key: value for key, value in vars(settings).items() if not isinstance(value, Path)}
    if shown.get("start"):
        shown["start"] = Path(shown["start"]).name  # a domain, which may be given by a path
    before = {"before": "Training started from earlier weights (`start`)."} if getattr(settings, "start", None) else {}
    return {"command": f"styleclip train {name}", "settings": shown, **before, "seconds": round(seconds), "machine": machine(),
            "metrics": metrics}


def machine() -> str:
    """The kind of machine, without its name: cores or device, and PyTorch's version."""
    device = torch.cuda.get_device_name(0) if torch.cuda.is_available() else f"{os.cpu_count()} {platform.machine()} CPU cores"
    return f"{device}, torch {torch.__version__.split('+')[0]}"


def write_card(domain: Path, name: str, training: dict, about: About) -> None:
    """Writes NAME.md next to the weights."""
    lines = [f"# {name}", "", about.what, "", "## Data", "", about.data, "", "## Making", "",
             f"`{training['command']}` makes it again, with these settings, in {training['seconds'] / 60:.0f} minutes "
             f"on {training['machine']}:",
             "", *_table(training["settings"]), *(["", training["before"]] if "before" in training else []),
             "", "## Measured", "", *_table(training["metrics"]), "", "## Limits", "", about.limits, "",
             *(["## Tried", "", *_table(about.trials), ""] if about.trials else [])]
    with written_whole(Path(domain) / f"{name}.md") as temporary:
        temporary.write_text("\n".join(lines), encoding="utf-8")


def _table(values: dict) -> list[str]:
    rows = []
    for key, value in values.items():
        if isinstance(value, dict):
            value = ", ".join(f"{k}: {v}" for k, v in value.items())
        rows.append(f"| {key} | {value} |")
    return ["| | |", "|---|---|", *rows]
