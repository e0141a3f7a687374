"""Every argument that names a file or folder, with names that nobody can use: one line, exit code 2, and nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from styleclip_lib.cli.main import main

ESCAPE = "\x1b[31mred\x1b[0m"
NAMES = {
    "empty": "", "zero": "a\0b", "over-long": "a" * 300, "over-long path": "/".join(["a" * 200] * 30), "of nobody": "~nosuchuser/a",
    "a device": "/dev/null/a", "of the kernel": "/proc/self/none/a", "surrogate": "a\udc80b/c", "escapes": f"{ESCAPE}/a",
    "under a file": "portrait.png/a", "a loop": "loop/a", "an address": "https://example.org/a",
}  # fmt: skip

WORDS = {
    "sample": ["OUT.png"],
    "align": ["IN.png", "OUT.png"],
    "invert": ["IN.png", "OUT.png", "--gif", "OUT.gif", "--latent", "OUT.safetensors"],
    "interpolate": ["IN.png", "IN.png", "OUT.gif"],
    "edit": ["IN.png", "OUT.png", "--text", "a smile", "--report", "OUT.json"],
    "edit again": ["IN.png", "OUT.png", "--recipe", "IN.json"],
    "edit by mapper": ["IN.png", "OUT.png", "--method", "mapper", "--mapper", "IN.safetensors"],
    "stylize": ["IN.png", "OUT.png", "--text", "a pencil sketch", "--report", "OUT.json"],
    "stylize again": ["IN.png", "OUT.png", "--recipe", "IN.json"],
    "stylize fast": ["IN.png", "OUT.png", "--fast", "IN.safetensors"],
    "evaluate": ["directions", "--json", "OUT.json", "--sheets", "OUT"],
    "import": ["IN.pkl", "OUT"],
    "dataset": ["IN", "OUT"],
    "measure": ["generator", "--json", "OUT.json"],
    "benchmark": ["--json", "OUT.json"],
    "export": ["OUT", "--web", "OUT"],
    "serve": ["--offline", "IN"],
    "grade": ["IN", "--out", "OUT.csv"],
    "compete": ["IN", "--out", "OUT.html"],
}  # fmt: skip
"""A command line for each option that names a file: IN is read, OUT is written."""


def places():
    for command, words in WORDS.items():
        for at, word in enumerate(words):
            if word.startswith(("IN", "OUT")):
                yield pytest.param(command, at, id=f"{command}-{words[at - 1] if at and words[at - 1][:2] == '--' else at}")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (32, 32)).save("portrait.png")
    os.symlink("loop", "loop")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("command", "at"), list(places()))
def test_a_name_that_cannot_be_used(command, at, folder, tiny_domain, capsys):
    before = {path.name for path in folder.iterdir()}
    name, *domain = command.split()[0], "--domain", str(tiny_domain)
    domain = [] if name in ("benchmark", "grade", "import", "measure") else domain
    for what, bad in NAMES.items():
        words = [word.replace("IN.png", "portrait.png") for word in WORDS[command]]
        ending = Path(WORDS[command][at]).suffix
        words[at] = bad + ending if bad else bad
        code = main([name, *words, *domain])
        _, said = capsys.readouterr()
        line = said.strip()
        assert code == 2 and line and "\n" not in line, (what, words, code, said)
        assert len(line) < 400 and "\x1b" not in line and "unexpected error" not in line, (what, words, line)
        assert {path.name for path in folder.iterdir()} == before, (what, words)
