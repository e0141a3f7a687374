"""The .json files that commands write if they are asked for one."""

from __future__ import annotations

import json
from pathlib import Path

from ..errors import StyleclipError
from ..paths import check_destination, written_whole


def check_json(path: Path | None) -> None:
    """Raises StyleclipError if this is a file that cannot be written, or is not called .json."""
    if path is not None and check_destination(path).suffix != ".json":
        raise StyleclipError(f"Cannot write '{path}': give it the extension .json.")


def write_json(path: Path, content: dict) -> None:
    """Writes the content, whole or not at all."""
    with written_whole(path) as partial:
        partial.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
