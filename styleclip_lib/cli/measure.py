"""``styleclip measure NETWORK``: measures again what a network's model card reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from ..errors import StyleclipError
from ..paths import check_json, check_results_folder, write_json
from .parsing import DomainName, parse
from .train import NETWORKS, module_of

HELP = "\n".join(
    [
        "usage: styleclip measure NETWORK [OPTIONS]",
        "",
        "Measure a network of a domain again, as its model card does, without training it.",
        "",
        *(f"  {name:17} {what}" for name, what in NETWORKS.items()),
        "",
        "styleclip measure NETWORK --help    the options",
    ]
)


@dataclass
class Settings:
    """Measure a network of a domain again, on the portraits that its model card used."""

    domain: DomainName = "portraits"
    """the name of a domain, or a folder with one"""
    data: Annotated[Path, tyro.conf.arg(metavar="FOLDER")] = Path("runs/data")
    """the folder of rendered portraits; missing ones are rendered"""
    labels: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """for the examiner: a CSV table of pictures labelled by eye (see tools/label_portraits.py), to measure how often it agrees with them"""
    json: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None
    """where to write the figures, too (.json)"""


def main(arguments: Sequence[str]) -> int:
    """Hands over to ``measure_again`` of ``styleclip_lib.training.NETWORK``."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(HELP)
        return 0
    name, *options = arguments
    settings = parse(Settings, f"measure {name}", options)
    check_json(settings.json)
    check_results_folder(settings.data)

    from ..weights.domain import find_domain

    module = module_of(name, "Measuring")
    if settings.labels is not None and "labels" not in module.Settings.__dataclass_fields__:
        raise StyleclipError(f"--labels is for the examiner, not for {name}: styleclip measure examiner --labels FILE.")
    figures = module.measure_again(module.Settings(**_places(module, find_domain(settings.domain), settings)))
    print("\n".join(lines(figures)))
    if settings.json is not None:
        write_json(settings.json, figures)
        print(f"Saved {settings.json}.")
    return 0


def _places(module, domain: Path, settings: Settings) -> dict[str, Path | None]:
    """The folders and files, as far as a network's settings have them."""
    places = {"domain": domain, "data": settings.data, "labels": settings.labels}
    return {name: place for name, place in places.items() if name in module.Settings.__dataclass_fields__}


def lines(figures: dict, indent: str = "") -> list[str]:
    """A line for each figure; a group's figures stand below its name."""
    width = max((len(str(name)) for name in figures), default=0)
    result = []
    for name, value in figures.items():
        if isinstance(value, dict):
            result += [f"{indent}{name}", *lines(value, indent + "  ")]
        else:
            result.append(f"{indent}{name:{width}}  {value}")
    return result
