"""``styleclip evaluate``: the table, the file, and what it refuses, in the tiny domain."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from styleclip_lib.cli.evaluation_tables import ablation_table, table
from styleclip_lib.cli.main import main
from styleclip_lib.evaluation.ablation import Variant
from styleclip_lib.evaluation.recipes import RECIPES

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


@pytest.mark.slow
def test_sheets_and_ablation(styleclip, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    texts = ["a smiling face", "a man with a beard"]
    assert styleclip("evaluate", "--methods", "directions", "--texts", *texts, *FEW, "--sheets", "sheets") == 0
    assert [path.name for path in (tmp_path / "sheets").iterdir()] == ["directions.jpg"] and "sheets" in capsys.readouterr().out
    monkeypatch.setattr("styleclip_lib.evaluation.ablation.variants",
                        lambda method: [Variant("default", RECIPES[method]), Variant("half", replace(RECIPES[method], strength=0.5))])
    assert styleclip("evaluate", "--ablate", "directions", "--texts", *texts, *FEW) == 0
    shown = capsys.readouterr().out
    found = json.loads((tmp_path / "ablation.json").read_text(encoding="utf-8"))
    assert found["method"] == "directions" and [row["variant"] for row in found["variants"]] == ["default", "half"]
    assert "half" in shown and "ablation.json" in shown
    assert styleclip("evaluate", "--ablate", "directions", "--texts", "a tiara", *FEW) == 2


@pytest.mark.parametrize("arguments, says", [
    (["--methods", "magic"], "magic"), (["--portraits", "0"], "1 or more"), (["--json", "table.txt"], "extension .json"),
    (["--texts", "a tiara"], "tiara")])
def test_a_mistake_is_one_line(arguments, says, styleclip, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert styleclip("evaluate", *arguments) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_results_that_cannot_be_written_are_reported_before_the_work(styleclip, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("styleclip_lib.models.load_models", lambda *_, **__: pytest.fail("the work has begun"))
    (tmp_path / "taken").touch()
    (tmp_path / "ablation.json").mkdir()
    for arguments, says in ((["--sheets", "taken"], "is a file, choose another folder"), (["--ablate", "directions"], "that is a folder")):
        assert styleclip("evaluate", *arguments) == 2
        assert says in capsys.readouterr().err


def test_a_table_shows_what_is_not_there_as_a_dash():
    row = {"method": "m", "text": "t", "edits": 0, "success_rate": None, "side_effects": None, "identity": None, "outside": None,
           "clip_gain": None, "seconds": None, "true_before": 3, "side_effects_if_true": 0.5}
    assert table([row], "text").splitlines()[1].split() == ["m", "t", "0", "-", "-", "-", "-", "-", "-", "3", "0.50"]


def test_a_difference_that_is_more_than_chance_has_a_star():
    means = {"edits": 9, "success_rate": 0.5, "side_effects": None, "identity": 0.9, "seconds": 2.0}
    row = {"variant": "v", **means, "difference": {"success_rate": [0.2, 0.1], "side_effects": [None, None], "identity": [0.01, 0.03]}}
    assert ablation_table([row]).splitlines()[1].split() == [
        "v", "9", "0.50", "(+0.20", "±", "0.10*)", "-", "0.90", "(+0.01", "±", "0.03", ")", "2.0"]


@pytest.mark.slow
@pytest.mark.parametrize("reads", [True, False])
def test_a_domain_that_learnt_from_pictures_is_measured_as_far_as_it_can_be(reads, tiny_domain, tmp_path, capsys):
    """Its own invented faces are edited; whatever needs known attributes is left out, and said to be."""
    home = shutil.copytree(tiny_domain, tmp_path / "own")
    index = json.loads((home / "domain.json").read_text(encoding="utf-8"))
    if not reads:
        del index["files"]["attributes"]
    (home / "domain.json").write_text(json.dumps({**index, "learnt_from": "pictures"}), encoding="utf-8")
    out = tmp_path / "e.json"
    assert main(["evaluate", "--methods", "directions", "oracle", "--texts", "a smiling face", *FEW, "--json", str(out), "--domain",
                 str(home)]) == 0
    message = capsys.readouterr().out
    assert "are left out" in message and ("read by the portraits' network" in message) == reads
    (row,) = json.loads(out.read_text(encoding="utf-8"))["rows"]
    assert row["method"] == "directions" and row["edits"] + row["true_before"] == 2 and row["outside"] is None
    assert reads or (row["success_rate"] is None and row["side_effects"] is None and row["identity"] is not None)


@pytest.mark.slow
def test_styles_and_regions(tiny_domain, tmp_path, capsys, monkeypatch):
    home = shutil.copytree(tiny_domain, tmp_path / "own")
    index = json.loads((home / "domain.json").read_text(encoding="utf-8"))
    (home / "domain.json").write_text(json.dumps({**index, "calibration": {"style": {"steps": 1, "patches": 2}}}), encoding="utf-8")
    own = ["--domain", str(home), "--portraits", "1", "--json", str(tmp_path / "t.json")]
    assert main(["evaluate", "--styles", "mosaic", *own]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[:3]] == ["method", "optimized", "drawn"]
    rows = json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["styles"]
    assert [row["method"] for row in rows] == ["optimized", "drawn"] and rows[0]["success_rate"] is None
    monkeypatch.setattr("styleclip_lib.evaluation.regions.evaluate_regions.__defaults__", (1, 64, ("sea",), False))
    assert main(["evaluate", "--regions", *own]) == 0
    assert [row["region"] for row in json.loads((tmp_path / "t.json").read_text(encoding="utf-8"))["regions"]] == ["sea"]
    assert main(["evaluate", "--styles", "mosiac", *own]) == 2
    assert "There is no style 'mosiac'" in capsys.readouterr().err
