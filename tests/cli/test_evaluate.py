"""``styleclip evaluate``: the table, the file, and what it refuses."""

from __future__ import annotations

import json

import pytest
import torch

from styleclip_lib.cli.evaluate import table
from styleclip_lib.cli.main import main
from styleclip_lib.evaluation import study as evaluation


@pytest.fixture
def quick(tiny, monkeypatch):
    """The tiny domain, its own pictures as inversions, and methods that change nothing."""
    def held_out(models, count):
        w_plus = [tiny.sample(seed) for seed in range(count)]
        return evaluation.HeldOut(evaluation.sample(count, 1), [evaluation.Inversion(w, tiny.generator.synthesis(w)) for w in w_plus])

    asked = []
    monkeypatch.setattr("styleclip_lib.models.load_models", lambda domain, device: tiny)
    monkeypatch.setattr(evaluation, "held_out", held_out)
    monkeypatch.setattr(evaluation, "standard_methods", lambda models, names: {
        name: lambda w_plus, text: asked.append(text) or tiny.generator.synthesis(w_plus) for name in names})
    return asked


def test_the_table_and_the_file(quick, tmp_path, capsys):
    out = tmp_path / "e.json"
    texts = ["--texts", "a smiling face", "a man with a beard"]
    assert main(["evaluate", "--methods", "directions", "mapper", "--portraits", "9", "--each", "2", *texts, "--json", str(out)]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert sum("a smiling face" in line for line in shown) == 2 and any("all" in line for line in shown)
    found = json.loads(out.read_text(encoding="utf-8"))
    assert [(row["method"], row["text"]) for row in found["rows"]] == [
        (method, text) for method in ("directions", "mapper") for text in texts[1:]]
    assert all(row["edits"] + row["already"] == 2 for row in found["rows"])
    assert quick == 2 * (2 * [texts[1]] + 2 * [texts[2]])
    assert {(row["method"], row["kind"]) for row in found["totals"]} >= {("mapper", "all"), ("directions", "single")}


def test_what_the_renderer_draws_stands_among_the_methods(quick, capsys):
    assert main(["evaluate", "--methods", "redrawn", "--portraits", "5", "--each", "2", "--texts", "a smiling face"]) == 0
    assert not quick and sum(line.startswith("redrawn") for line in capsys.readouterr().out.splitlines()) == 3


@pytest.mark.parametrize("arguments, says", [
    (["--methods", "magic"], "magic"), (["--portraits", "0"], "1 or more"), (["--json", "table.txt"], "extension .json"),
    (["--texts", "a tiara"], "tiara")])
def test_a_mistake_is_one_line(arguments, says, quick, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["evaluate", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_a_table_shows_what_is_not_there_as_a_dash():
    row = {"method": "m", "text": "t", "edits": 0, "reached": None, "changed": None, "identity": None, "outside": None,
           "clip_gain": None, "seconds": None, "already": 3, "kept": 0.5}
    assert table([row], "text").splitlines()[1].split() == ["m", "t", "0", "-", "-", "-", "-", "-", "-", "3", "0.50"]


def test_the_methods_of_the_course(tiny, monkeypatch):
    """Each edits the face that it is given; a mapper is trained once for a text."""
    made = []

    class Mapper:
        def edit(self, w_plus, strength):
            return type("E", (), {"image": tiny.generator.synthesis(w_plus + strength)})

    monkeypatch.setattr(evaluation, "seen_faces", lambda models: None)
    monkeypatch.setattr(evaluation, "best_strength", lambda models, draw, text, strengths, crowd: 0.5)
    monkeypatch.setattr(evaluation, "train_mapper", lambda models, text, progress: made.append(text) or Mapper())
    method = evaluation.standard_methods(tiny, ["mapper"])["mapper"]
    w_plus = tiny.sample(0)
    for text in ("a smile", "a smile", "glasses"):
        torch.testing.assert_close(method(w_plus, text), tiny.generator.synthesis(w_plus + 0.5))
    assert made == ["a smile", "glasses"]
    with pytest.raises(evaluation.StyleclipError, match="no method magic"):
        evaluation.standard_methods(tiny, ["magic"])
