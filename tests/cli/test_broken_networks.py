"""Networks whose weights are finite one by one and overflow together: every command says so in one line and writes nothing."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from styleclip_lib.cli.main import main
from styleclip_lib.paths import sha256
from styleclip_lib.weights.domain import INDEX
from styleclip_lib.weights.tensor_file import read_tensors

NO_STEPS = "--align", "never", "--inversion-steps", "0"
EDIT = "edit", "p.png", "out.png", *NO_STEPS, "--text", "a smiling face", "--method"
STYLIZE = "stylize", "p.png", "out.png", "--text", "a pencil sketch", "--steps", "1"
INTERPOLATE = "interpolate", "1", "2", "out.png", "--frames", "3"

CASES = {
    "generator": [("sample", "out.png"), ("invert", "p.png", "out.png", "--align", "never", "--steps", "0"), INTERPOLATE,
                  (*EDIT, "optimization", "--steps", "1")],
    "encoder": [("invert", "p.png", "out.png", "--align", "never", "--steps", "0"), (*EDIT, "directions"), (*EDIT, "mapper")],
    "clip": [(*EDIT, "optimization", "--steps", "1"), (*EDIT, "mapper"), STYLIZE],
    "identity": [(*EDIT, "optimization", "--steps", "1"), (*EDIT, "mapper"), (*EDIT, "alignment")],
    "perceptual": [("invert", "p.png", "out.png", "--align", "never", "--steps", "1"), (*EDIT, "directions"), INTERPOLATE, STYLIZE],
    "attributes": [(*EDIT, "directions")],
    "alignment": [(*EDIT, "alignment")],
    "mapper_smile": [(*EDIT, "mapper")],
}  # fmt: skip


def with_enormous_weights(domain: Path, name: str, folder: Path) -> Path:
    """A copy of a domain in which all weights of one network are near the largest number of float32."""
    folder = Path(shutil.copytree(domain, folder))
    path = folder / f"{name}.safetensors"
    with safe_open(str(path), "pt") as file:
        metadata = file.metadata()
    tensors, _ = read_tensors(path)
    save_file({key: torch.full_like(value, 3e38) if value.is_floating_point() else value for key, value in tensors.items()}, str(path),
              metadata=metadata)
    index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    index["files"][name] |= {"bytes": path.stat().st_size, "sha256": sha256(path)}
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_what_is_not_finite_is_reported_and_nothing_is_written(name, tiny_domain, portrait, tmp_path, capsys, monkeypatch):
    broken = with_enormous_weights(tiny_domain, name, tmp_path / "broken")
    monkeypatch.chdir(tmp_path)
    portrait.rename("p.png")
    capsys.readouterr()
    for words in CASES[name]:
        assert main([*words, "--domain", str(broken)]) == 2, words
        shown = capsys.readouterr()
        (said,) = (line for line in re.split("[\r\n]", shown.err) if line.startswith("styleclip "))  # beside progress bars
        assert said.startswith(f"styleclip {words[0]}: ") and "infinite or undefined" in said and "get its files again" in said, words
        assert "nan" not in shown.out and not Path("out.png").exists(), words
