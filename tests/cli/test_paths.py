"""Every argument that names a file or folder, with names that nobody can use: one line, exit code 2, and nothing written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PIL import Image

from styleclip_lib.cli.main import main

ESCAPE = "\x1b[31mred\x1b[0m"
NAMES = {
    "empty": ("", "empty"), "zero": ("a\0b", "x00"),
    "over-long": ("a" * 300, "aaa"), "over-long path": ("/".join(["a" * 200] * 30), "aaa"),
    "of nobody": ("~nosuchuser/a", "~nosuchuser"), "a device": ("/dev/null/a", "/dev/null"),
    "of the kernel": ("/proc/self/none/a", "/proc"),
    "surrogate": ("a\udc80b/c", "udc80"), "escapes": (f"{ESCAPE}/a", "red"), "under a file": ("portrait.png/a", "portrait.png"),
    "a loop": ("loop/a", "loop"), "an address": ("https://example.org/a", "example.org"),
}  # fmt: skip
"""Each name, and what the line about it has to quote."""

WORDS = {
    "sample": ["OUT.png"],
    "align": ["IN.png", "OUT.png"],
    "invert": ["IN.png", "OUT.png", "--gif", "OUT.gif", "--latent", "OUT.npz"],
    "interpolate": ["IN.png", "IN.png", "OUT.gif"],
    "edit": ["IN.png", "OUT.png", "--text", "a smile", "--report", "OUT.json"],
    "edit again": ["portrait.png", "new.png", "--recipe", "IN.json"],
    "edit by mapper": ["portrait.png", "new.png", "--text", "a smile", "--method", "mapper", "--mapper", "IN.safetensors"],
    "stylize": ["IN.png", "OUT.png", "--text", "a pencil sketch", "--report", "OUT.json"],
    "stylize again": ["portrait.png", "new.png", "--recipe", "IN.json"],
    "stylize fast": ["portrait.png", "new.png", "--fast", "IN.safetensors"],
    "stylize a part": ["portrait.png", "new.png", "--text", "a pencil sketch", "--region", "IN.png"],
    "evaluate": ["--methods", "directions", "--json", "OUT.json", "--sheets", "RESULTS"],
    "import": ["IN.pkl", "OUT"],
    "dataset": ["IN", "OUT"],
    "train": ["attributes", "--run", "RESULTS", "--data", "RESULTS"],
    "train on pictures": ["generator", "--data", "RESULTS"],
    "measure": ["generator", "--json", "OUT.json"],
    "benchmark": ["--json", "OUT.json"],
    "export": ["OUT", "--web", "OUT"],
    "serve": ["--offline", "IN"],
    "grade": ["IN", "--out", "RESULTS.csv"],
    "grade by others": ["people", "--assignments", "IN"],
    "grade what is written": ["people", "--written", "IN.csv"],
    "compete": ["IN", "--out", "RESULTS.html"],
}  # fmt: skip
"""A command line for each option that names a file: IN is read, OUT is written, RESULTS too, and the
folders above it are made, so it may have any name that the system takes."""


def places():
    for command, words in WORDS.items():
        for at, word in enumerate(words):
            if word.startswith(("IN", "OUT", "RESULTS")):
                yield pytest.param(command, at, id=f"{command}-{words[at - 1] if at and words[at - 1][:2] == '--' else at}")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (32, 32)).save("portrait.png")
    (tmp_path / "people").mkdir()
    Image.new("RGB", (32, 32)).save("people/one.png")
    (tmp_path / "people" / "entry.py").write_text("def edit(models, face, prompt): ...")
    (tmp_path / "people" / "ada").mkdir()
    notebook = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    (tmp_path / "people" / "ada" / "01_stylegan_basics.ipynb").write_text(notebook)
    os.symlink("loop", "loop")
    return tmp_path


@pytest.mark.slow
@pytest.mark.parametrize(("command", "at"), list(places()))
def test_a_name_that_cannot_be_used(command, at, folder, tiny_domain, capsys):
    before = {path.name for path in folder.iterdir()}
    name, *domain = command.split()[0], "--domain", str(tiny_domain)
    domain = [] if name in ("benchmark", "grade", "import", "measure", "train") else domain
    for what, (bad, quoted) in NAMES.items():
        if WORDS[command][at].startswith("RESULTS") and what in ("surrogate", "escapes"):
            continue
        words = [{"IN.png": "portrait.png", "IN.pkl": "portrait.png", "IN": "people"}.get(word, word) for word in WORDS[command]]
        ending = Path(WORDS[command][at]).suffix
        words[at] = bad + ending if bad else bad
        code = main([name, *words, *domain])
        _, said = capsys.readouterr()
        line = said.strip()
        assert code == 2 and line and "\n" not in line, (what, words, code, said)
        assert quoted in line, (what, words, line)
        assert len(line) < 400 and "\x1b" not in line and "unexpected error" not in line, (what, words, line)
        assert {path.name for path in folder.iterdir()} == before, (what, words)
