"""A data set on disk: aligned pictures, and a manifest that says of each where it comes from and of each picture left out why.

    dataset.json     what the set is: settings, layout, attribute names, counts
    manifest.jsonl   a line for each face and for each picture that was left out
    report.md        the same for people
    images/          the aligned pictures
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from ...errors import StyleclipError, plain
from ...paths import open_regular, sha256, user_path, write_json, written_whole
from ...weights.schema import Sha256, read_json

INDEX, MANIFEST, PROGRESS, REPORT, IMAGES = "dataset.json", "manifest.jsonl", "progress.jsonl", "report.md", "images"

MOST_LINE, MOST_ROWS = 20_000, 3_000_000
"""Bytes of a line, and lines, of a manifest."""

Part = Literal["train", "validation", "test"]

FilePath = Annotated[str, Meta(pattern=r"^images/[0-9a-f]{2}/[\w.()+-][\w. ()+-]*$", max_length=300)]
"""Where a picture of the set lies: below `images`, and nowhere else."""


class Row(Struct, omit_defaults=True):
    """A face of the set (with `file`), or a picture that was left out (with `left_out`).

    source, face       the picture that it comes from, below the source's folder, and which of its faces
    bytes, modified    of the source, to tell whether it has changed; source_sha256: of its content
    file, sha256       the aligned picture and its SHA-256
    part               "train", "validation" or "test"
    side               of the square that was cropped, in the source's pixels;  faces: how many were seen in the picture
    landmarks          left eye, right eye, nose, left and right corner of the mouth, x and y in the aligned picture's pixels
    attributes         1, -1 or 0 (unknown) for each of the set's attribute names
    fingerprint        a small grey copy of the aligned picture (see `duplicates`)
    left_out, why      a word and a sentence;  of: the source that a duplicate is a duplicate of
    """

    source: Annotated[str, Meta(max_length=5000)]
    face: int = 0
    bytes: int = 0
    modified: int = 0
    source_sha256: Sha256 | None = None
    file: FilePath | None = None
    sha256: Sha256 | None = None
    part: Part = "train"
    side: float = 0.0
    faces: int = 0
    landmarks: Annotated[list[tuple[float, float]], Meta(max_length=5)] = []
    attributes: Annotated[list[Annotated[int, Meta(ge=-1, le=1)]], Meta(max_length=1000)] | None = None
    fingerprint: Annotated[str, Meta(pattern="^[0-9a-f]{512}$")] | None = None
    left_out: Annotated[str, Meta(max_length=40)] | None = None
    why: Annotated[str, Meta(max_length=2000)] = ""
    of: str | None = None


class Facts(Struct):
    """What `dataset.json` says, as far as it must be right for the set to be read."""

    size: Annotated[int, Meta(ge=16, le=4096)]
    finished: bool
    attributes: list[Annotated[str, Meta(max_length=200)]] = []
    manifest: Sha256 | None = None
    settings: dict[str, Any] = {}


def is_dataset(folder: str | os.PathLike[str]) -> bool:
    """Whether a data set lies in a folder, finished or not."""
    return os.path.isfile(user_path(folder) / INDEX)


def read_facts(folder: Path) -> Facts:
    """What a data set says of itself. Raises StyleclipError if there is none, or it cannot be read."""
    if not is_dataset(folder):
        raise StyleclipError(f"'{folder}' is not a data set: make one of a folder of pictures, styleclip dataset FOLDER OUT.")
    try:
        return read_json(folder / INDEX, Facts)[0]
    except StyleclipError as error:
        raise StyleclipError(f"'{folder / INDEX}' does not describe a data set ({error}): make it again in a new folder.") from error


def read_bytes(path: Path, most: int) -> bytes:
    """A regular file's content, of which a byte more than `most` is read at most. Raises StyleclipError for anything else."""
    with open_regular(path) as raw, open(raw.fileno(), "rb", closefd=False) as file:
        return file.read(most + 1)


def read_rows(path: Path, cut_off: bool = False) -> list[Row]:
    """The lines of a manifest. cut_off: whether the last line may be incomplete, since a program was stopped in it.

    Raises StyleclipError for a file that is no manifest.
    """
    decoder, rows = msgspec.json.Decoder(Row), []
    with open_regular(path) as raw, open(raw.fileno(), "rb", closefd=False) as file:
        while line := file.readline(MOST_LINE + 1):
            try:
                if len(line) > MOST_LINE or len(rows) == MOST_ROWS:
                    raise ValueError("it is too long")
                rows.append(decoder.decode(line))
            except (msgspec.MsgspecError, RecursionError, ValueError) as error:
                if cut_off and not line.endswith(b"\n"):
                    break
                raise StyleclipError(f"Line {len(rows) + 1} of '{path}' cannot be read ({error}): make the data set again.") from error
    return rows


def write_rows(path: Path, rows: list[Row]) -> None:
    with written_whole(path) as partial, open(partial, "wb") as file:
        file.writelines(msgspec.json.encode(row) + b"\n" for row in rows)


def write_report(folder: Path, text: str) -> None:
    with written_whole(folder / REPORT) as partial:
        partial.write_text(text, encoding="utf-8")


def write_index(folder: Path, content: dict) -> None:
    write_json(folder / INDEX, content)


class Dataset:
    """A finished data set.

    folder, size  where it lies; pixels along a side of its pictures
    attributes    names of what is known of the pictures
    rows          those of the faces, in the order of their sources; `left_out`: those of the other pictures
    """

    def __init__(self, folder: str | os.PathLike[str]):
        """Raises StyleclipError if there is no finished data set, or its manifest is not the one that was written."""
        self.folder = user_path(folder)
        facts = read_facts(self.folder)
        if not facts.finished:
            raise StyleclipError(f"The data set '{self.folder}' is not finished: give the command that makes it once more.")
        if sha256(self.folder / MANIFEST) != facts.manifest:
            raise StyleclipError(f"'{self.folder / MANIFEST}' has been changed: make the data set again.")
        rows = read_rows(self.folder / MANIFEST)
        self.size, self.attributes = facts.size, tuple(facts.attributes)
        self.rows = [row for row in rows if row.file is not None]
        self.left_out = [row for row in rows if row.file is None]

    def __len__(self) -> int:
        return len(self.rows)

    def part(self, *parts: str) -> list[Row]:
        """The rows of "train", "validation" or "test"."""
        return [row for row in self.rows if row.part in parts]

    def check(self) -> list[str]:
        """The files that are missing or differ from their SHA-256."""
        files = {row.file: row.sha256 for row in self.rows if row.file}
        return [file for file, digest in files.items() if not os.path.isfile(self.folder / file) or sha256(self.folder / file) != digest]


def report(facts: dict, rows: list[Row], notes: list[str]) -> str:
    """What became of a folder of pictures, as Markdown: counts, and every picture that was left out."""
    kept, out = [row for row in rows if row.file], [row for row in rows if not row.file]
    parts = Counter(row.part for row in kept)
    lines = [f"# {facts['name']}", "",
             f"{len(kept)} faces of {facts['size']} px from {len({row.source for row in kept})} pictures "
             f"({', '.join(f'{part}: {number}' for part, number in sorted(parts.items())) or 'none'}); {len(out)} left out.", "",
             "| setting | |", "|---|---|", *(f"| {name} | {value} |" for name, value in facts["settings"].items()), ""]
    lines += [*(f"* {note}" for note in notes), ""] if notes else []
    others = sum(row.faces > 1 for row in kept)
    if others and facts["settings"]["faces"] == "largest":
        lines += [f"Of {others} pictures with several faces only the largest was taken.", ""]
    for reason, number in Counter(row.left_out for row in out).most_common():
        lines += [f"## {reason}: {number}", "", *(f"* `{plain(row.source)}`{f' (face {row.face})' if row.face else ''}: {row.why}"
                                                  for row in out if row.left_out == reason), ""]
    return "\n".join(lines)
