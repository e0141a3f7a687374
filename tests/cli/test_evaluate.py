"""``styleclip evaluate``: the table, the file, and what it refuses, in the tiny domain."""

from __future__ import annotations

import json

import pytest

from styleclip_lib.cli.evaluate import table

FEW = ("--portraits", "5", "--each", "2")


@pytest.mark.slow
def test_the_table_and_the_file(styleclip, tmp_path, capsys):
    out = tmp_path / "e.json"
    texts = ["a smiling face", "a man with a beard"]
    assert styleclip("evaluate", "--methods", "directions", "--texts", *texts, *FEW, "--json", out) == 0
    shown = capsys.readouterr().out.splitlines()
    assert all(sum(text in line for line in shown) == 1 for text in texts) and any("all" in line for line in shown)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert [(row["method"], row["text"]) for row in found["rows"]] == [("directions", text) for text in texts]
    assert all(row["edits"] + row["true_before"] == 2 for row in found["rows"])
    assert {(row["method"], row["kind"]) for row in found["totals"]} >= {("directions", "all"), ("directions", "single")}


def test_the_mapper_of_the_domain_and_what_the_renderer_draws_stand_among_the_methods(styleclip, capsys):
    assert styleclip("evaluate", "--methods", "mapper", "oracle", "--texts", "a smiling face", *FEW) == 0
    shown = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("mapper") for line in shown) == sum(line.startswith("oracle") for line in shown) == 3


@pytest.mark.parametrize("arguments, says", [
    (["--methods", "magic"], "magic"), (["--portraits", "0"], "1 or more"), (["--json", "table.txt"], "extension .json"),
    (["--texts", "a tiara"], "tiara")])
def test_a_mistake_is_one_line(arguments, says, styleclip, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert styleclip("evaluate", *arguments) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_a_table_shows_what_is_not_there_as_a_dash():
    row = {"method": "m", "text": "t", "edits": 0, "success_rate": None, "side_effects": None, "identity": None, "outside": None,
           "clip_gain": None, "seconds": None, "true_before": 3, "side_effects_if_true": 0.5}
    assert table([row], "text").splitlines()[1].split() == ["m", "t", "0", "-", "-", "-", "-", "-", "-", "3", "0.50"]
