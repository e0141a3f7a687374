"""``styleclip measure``: the figures of a card, on the screen and in a file."""

from __future__ import annotations

import json
import shutil

import pytest

from styleclip_lib.cli.main import main
from styleclip_lib.cli.measure import lines
from styleclip_lib.cli.train import NETWORKS
from styleclip_lib.training import mappers


def test_the_mappers_of_a_domain(tiny_domain, tmp_path, capsys, monkeypatch):
    measure = mappers.measure
    monkeypatch.setattr(mappers, "measure", lambda models, mapper, faces: measure(models, mapper, 3))
    file = tmp_path / "figures.json"
    assert main(["measure", "mappers", "--domain", str(tiny_domain), "--json", str(file)]) == 0
    figures = json.loads(file.read_text())
    assert set(figures) == {"smile"} and figures["smile"]["edits"] <= 3
    shown = capsys.readouterr().out
    assert "smile\n  edits" in shown and f"Saved {file}." in shown


def test_every_network_can_be_measured(capsys):
    from importlib import import_module

    assert main(["measure"]) == 0
    shown = capsys.readouterr().out
    for name in NETWORKS:
        assert f"  {name} " in shown and callable(import_module(f"styleclip_lib.training.{name}").measure_again)


def test_figures_are_lines_and_groups_are_indented():
    assert lines({"psnr": 27.1, "shares": {"where": "age=old", "largest gap": 0.04}, "n": 3}) == [
        "psnr    27.1", "shares", "  where        age=old", "  largest gap  0.04", "n       3",
    ]  # fmt: skip


@pytest.mark.parametrize("words, says", [
    (["nothing"], "There is no network 'nothing': choose one of generator, clip"),
    (["clip", "--domain", "nowhere"], "There is no domain 'nowhere'"),
    (["clip", "--json", "figures.txt"], "give it the extension .json"),
    (["clip", "--json", "no/figures.json"], "does not exist, make it first"),
    (["clip", "--steps", "3"], "--steps"),
])  # fmt: skip
def test_what_cannot_be_measured_is_one_line(words, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["measure", *words]) == 2
    shown = capsys.readouterr().err
    assert says in shown and shown.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_domain_without_the_network_says_so(tiny_folder, tmp_path, capsys):
    folder = shutil.copytree(tiny_folder, tmp_path / "tiny")
    assert main(["measure", "landmarks", "--domain", str(folder), "--data", str(tmp_path / "data")]) == 2
    assert "has no landmarks" in capsys.readouterr().err
