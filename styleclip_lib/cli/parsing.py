"""From words on the command line to a dataclass of settings."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Sequence
from typing import Annotated, Literal, TypeVar

import tyro

from ..errors import StyleclipError

Kind = TypeVar("Kind")

Domain = Annotated[str, tyro.conf.arg(metavar="NAME|FOLDER")]
Align = Literal["auto", "always", "never"]
Face = Annotated[int | Literal["largest"] | None, tyro.conf.arg(metavar="NUMBER|largest")]
Device = Literal["auto", "cpu", "cuda", "mps"]


def parse(kind: type[Kind], command: str, arguments: Sequence[str]) -> Kind:
    """Builds ``kind`` (a dataclass; its fields are the options, its docstrings the help) from the arguments.

    ``--help`` prints and ends the program. A mistake raises StyleclipError: tyro would draw a box, and a box
    is hard to read in a log file.
    """
    markers = (tyro.conf.PositionalMetavarFromFieldName, tyro.conf.FlagCreatePairsOff, tyro.conf.DisallowNone)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint):
            return tyro.cli(kind, prog=f"styleclip {command}", args=arguments, config=markers)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise StyleclipError(f"{_one_line(complaint.getvalue())} (see styleclip {command} --help)") from None


def _one_line(box: str) -> str:
    """The sentences inside tyro's box, without its frame, its title and its pointers to the help."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [line.strip("│╭╮╰╯ ") for line in plain.splitlines()]
    parts = re.split(r"[─-]{3,}", " ".join(line for line in lines if line)[len(lines[0]) :])
    said = [part for part in parts if not re.match(r"\s*(For full helptext|Argument helptext)", part)]
    text = re.sub(r"Missing from styleclip [\w -]+?:", "Missing:", " ".join(" ".join(said).split()))
    return text or "The arguments could not be understood."
