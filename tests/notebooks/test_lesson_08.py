"""What lesson 08 says of its outputs is so in the outputs that are stored."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

LESSON = Path(__file__).parent.parent.parent / "notebooks" / "08_encoder_finetuning.ipynb"


@pytest.fixture(scope="module")
def printed() -> str:
    cells = json.loads(LESSON.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(output.get("text", "")) for cell in cells for output in cell.get("outputs", []))


def test_identity_rises_and_codes_move_away_from_w(printed):
    moved = {name.strip(): (float(before), float(after))
             for name, before, after in re.findall(r"^(\w[\w ()]*?)\s+([\d.]+) ->\s+([\d.]+)$", printed, re.MULTILINE)}
    assert moved["identity"][1] > moved["identity"][0] + 0.05
    assert moved["distance to W"][1] > 1.5 * moved["distance to W"][0]
    assert abs(moved["median psnr (dB)"][1] - moved["median psnr (dB)"][0]) < 1


def test_the_table_is_as_the_answers_say(printed):
    rows = [dict(re.findall(r"(\w+) +(-?[\d.]+)$", part, re.MULTILINE)) for part in printed.split("step ")[1:]]
    assert len(rows) >= 4
    for row in rows:
        assert float(row["discriminator_loss"]) == pytest.approx(1.386, abs=0.05)
        assert float(row["id_improve"]) == pytest.approx(-float(row["loss_id"]), abs=2e-4)
        assert float(row["total_delta_loss"]) > 0


def test_by_hand_and_by_the_library_are_the_same(printed):
    by_hand, library = (json.loads(re.search(rf"^{name} (\{{.*\}})$", printed, re.MULTILINE)[1].replace("'", '"'))
                        for name in ("by hand", "library"))
    assert library == pytest.approx(by_hand, abs=0.03)
