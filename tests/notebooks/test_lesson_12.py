"""What lesson 12 says of its outputs is so."""

from __future__ import annotations

import json
import re
from pathlib import Path

BOOK = Path(__file__).parent.parent.parent / "notebooks" / "12_serving.ipynb"


def printed(word: str) -> str:
    """What the first cell prints whose source has this word in it."""
    for cell in json.loads(BOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code" and word in "".join(cell["source"]):
            return "".join("".join(output.get("text", "")) for output in cell["outputs"])
    raise AssertionError(f"no cell has {word}")


def test_a_job_is_accepted_and_its_events_end():
    assert printed("answer.reason").startswith("202 Accepted")
    told = printed("iter_lines")
    assert re.match(r"\d+ events, the last one is called 'end'", told) and "done | a face with glasses" in told and "'picture'" in told


def test_one_is_computed_four_wait_and_the_others_are_refused():
    statuses = re.findall(r"^\d (\d+)", printed("Retry-After"), re.MULTILINE)
    assert statuses == ["202"] * 5 + ["503"] * 2


def test_what_was_deleted_is_gone():
    assert printed("requests.delete").split() == ["204", "404"] * 5


def test_files_of_strangers_are_refused_and_the_bomb_is_small():
    told = printed("def bomb")
    assert len(re.findall("-> 422:", told)) == 4
    assert 50_000 < int(re.search(r"bomb\s+([\d,]+) bytes", told)[1].replace(",", "")) < 200_000


def test_the_metrics_hold_no_text_and_the_log_nothing():
    told = printed("service.log")
    assert "smiling" not in told and "log: nothing but the address" in told
