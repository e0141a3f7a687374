"""The page that edits without a server: a folder written by `styleclip export`, which browsers can keep."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import StyleclipError
from ..paths import sha256, user_path

NEEDED = ("index.html", "edge.js", "edge.json", "numbers.bin", "generator.onnx", "ort")
LEFT_OUT = ("index.html", "run.py")
"""The first is the page's own address; the second is for Python."""


@dataclass(frozen=True)
class OfflinePage:
    """A folder of files for browsers.

    files    all but the page itself, as paths relative to it
    bytes    size of all of them
    version  a digest of their content
    """

    folder: Path
    files: tuple[str, ...]
    bytes: int
    version: str

    @classmethod
    def read(cls, folder: str | Path) -> OfflinePage:
        """Reads a folder. Raises StyleclipError if it holds no exported page."""
        folder = user_path(folder)
        missing = [name for name in NEEDED if not (folder / name).exists()]
        if missing:
            raise StyleclipError(f"'{folder}' contains no exported page ({missing[0]} is missing): make one with styleclip export FOLDER.")
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        digest = hashlib.sha256()
        for path in paths:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + bytes.fromhex(sha256(path)))
        files = tuple(path.relative_to(folder).as_posix() for path in paths)
        return cls(folder, tuple(name for name in files if name not in LEFT_OUT), sum(path.stat().st_size for path in paths),
                   digest.hexdigest()[:16])

    def to_dict(self) -> dict[str, Any]:
        """What a browser needs to know to keep it."""
        return {"files": self.files, "megabytes": round(self.bytes / 1e6, 1), "version": self.version}
