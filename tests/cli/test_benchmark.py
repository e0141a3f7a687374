"""``styleclip benchmark``: the table, the file, and what it refuses."""

from __future__ import annotations

import json

import pytest

from styleclip_lib.cli.main import main
from styleclip_lib.performance import benchmark

ROWS = [{"what": "forward", "batch": 1, "variant": "official form",
         "seconds": 2.0, "ratio": 1.0, "error": 0.0, "peak_gb": None, "share": 0.3},
        {"what": "step", "batch": 1, "variant": "float32", "seconds": 0.25, "ratio": 8.0, "error": None, "peak_gb": 1.5, "share": None}]


@pytest.fixture
def measured(tiny, monkeypatch):
    """Rows that nobody had to wait for; what was asked for."""
    asked = []
    monkeypatch.setattr(benchmark, "benchmark", lambda models, compiling: asked.append((models, compiling)) or ROWS)
    monkeypatch.setattr(benchmark, "ffhq_size", lambda: (tiny, "seeded random numbers"))
    monkeypatch.setattr(benchmark, "machine", lambda: {"torch": "2", "threads": 2, "cores": 2, "machine": "x", "float32_gflops": 100.0,
                                                       "bfloat16_gflops": None})
    monkeypatch.setattr("styleclip_lib.models.load_models", lambda domain, device: tiny)
    return asked


def test_the_tables_and_the_file(measured, tiny, tmp_path, capsys):
    out = tmp_path / "b.json"
    assert main(["benchmark", "--json", str(out)]) == 0
    shown = capsys.readouterr().out
    assert "100 GFLOP/s in float32, bfloat16 is not faster here" in shown and "ffhq-size, 32 x 32 pixels, seeded random numbers" in shown
    lines = [line.split() for line in shown.splitlines()]
    assert lines.count(["forward", "1", "official", "form", "2.000", "1.00", "0.00%", "-", "30%"]) == 2
    assert lines.count(["step", "1", "float32", "0.250", "8.00", "-", "1.50", "-"]) == 2
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["threads"] == 2 and found["domains"]["portraits"]["rows"] == ROWS
    assert found["domains"]["ffhq-size"]["weights"] == "seeded random numbers" and measured == 2 * [(tiny, True)]


def test_one_domain_without_compiling(measured, tiny, capsys):
    assert main(["benchmark", "--domain", "portraits", "--no-compile"]) == 0
    assert measured == [(tiny, False)] and "ffhq" not in capsys.readouterr().out


@pytest.mark.parametrize("arguments, says", [(["--json", "table.txt"], "extension .json"), (["--domain", "cats"], "cats")])
def test_a_mistake_is_one_line(arguments, says, measured, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["benchmark", *arguments]) == 2
    error = capsys.readouterr().err
    assert says in error and error.count("\n") == 1 and not list(tmp_path.iterdir()) and measured == []
