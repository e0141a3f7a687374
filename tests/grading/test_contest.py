"""A contest on a tiny domain: everybody gets the same edits, and nobody a picture that the generator cannot draw."""

from __future__ import annotations

import json

import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.grading.assignments import SOURCES
from styleclip_lib.grading.contest import read_entries
from tests.grading.handed_in import write

UNCHANGED = "def edit(models, face, prompt):\n    from styleclip_lib import Edit, Recipe\n    return Edit(face, face, Recipe(), prompt)\n"
FAR = ("def edit(models, face, prompt):\n    from dataclasses import replace\n    from styleclip_lib import Edit, Recipe\n"
       "    return Edit(face, replace(face, w_plus=face.w_plus + 3), Recipe(), prompt)\n")


@pytest.mark.full
def test_a_contest(tiny_domain, tmp_path):
    from styleclip_lib.cli.main import main

    entries = {"unchanged": UNCHANGED, "far": FAR, "nothing": "x = 1", "wrong": "def edit(models, face, prompt): return face.image"}
    for name, source in entries.items():
        write(source, tmp_path / "in" / f"{name}.py")
    command = ["compete", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--domain", str(tiny_domain), "--texts", "2", "--each", "1",
               "--portraits", "4", "--anchors", "oracle", "--seconds", "60"]
    assert main(command) == 0
    content = json.loads((tmp_path / "out" / "leaderboard.json").read_text("utf-8"))
    found = {entry["name"]: entry for entry in content["entries"]}
    assert set(found) == {*entries, "oracle"} and all(entry["edits"] == 2 for entry in found.values())
    assert found["unchanged"]["identity"][0] == pytest.approx(1, abs=1e-3) and found["unchanged"]["side_effects"][0] == 0
    assert found["far"]["identity"] != found["unchanged"]["identity"] and not found["far"]["failures"]
    assert "there is no function edit" in found["nothing"]["failures"][0]
    assert found["wrong"]["failures"] and found["wrong"]["side_effects"][0] == 0
    page = (tmp_path / "out" / "leaderboard.html").read_text("utf-8")
    assert page.count("<img") >= 2 * 3 and "there is no function edit" in page


def test_entries_are_found_by_their_names(tmp_path):
    write(UNCHANGED, tmp_path / "Ada" / "mine.py")
    write("{", tmp_path / "broken.ipynb")
    assert {entry.name for entry in read_entries(tmp_path)} == {"Ada/mine", "broken"}
    assert "SystemExit" in next(entry.source for entry in read_entries(tmp_path) if entry.name == "broken")


def test_bad_input_is_reported(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        with pytest.raises(StyleclipError, match="There is no"):
            read_entries(folder)


def test_starter_and_sketch_are_there():
    entries = read_entries(SOURCES.parent / "leaderboard")
    assert {entry.name for entry in entries} == {"starter", "sketch"}
    assert all("def edit(models, face, prompt)" in entry.source for entry in entries)
