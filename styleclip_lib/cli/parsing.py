"""From command-line arguments to a dataclass of settings."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import errno
import inspect
import io
import math
import os
import re
import sys
import textwrap
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, TypeVar, get_type_hints

import tyro

from ..errors import StyleclipError
from ..paths import user_path
from .terminal import raw

Kind = TypeVar("Kind")

DomainName = Annotated[str, tyro.conf.arg(metavar="NAME|FOLDER")]
Domain = Annotated[str, tyro.conf.arg(metavar="NAME|FOLDER", help="whose faces: the name of a domain, or a folder with one")]
Align = Annotated[Literal["auto", "always", "never"], tyro.conf.arg(
    help="auto: crop the face out unless the picture is an aligned face already; always: crop in any case; never: take the whole picture")]
Face = Annotated[int | Literal["largest"] | None, tyro.conf.arg(
    metavar="NUMBER|largest", help="which face to take when there are several: its number (0 is the largest), or largest")]
Device = Annotated[Literal["auto", "cpu", "cuda", "mps"], tyro.conf.arg(help="where to compute; auto takes a GPU if there is one")]

MOST = 10**12
"""No option takes a larger number."""

KINDS = {"INT": "a whole number", "FLOAT": "a number with a point, such as 1.5"}
"""What tyro's kinds of values are called."""

TEXTS = ("text", "neutral", "source")
"""The options that are sentences."""

READ, WRITTEN = ("input", "a", "b", "recipe"), ("output", "latent", "gif", "report")
"""The options, of any command, that name files."""


def parse(kind: type[Kind], command: str, arguments: Sequence[str]) -> Kind:
    """Builds ``kind`` (a dataclass; its fields are the options, its docstrings the help) from the arguments.

    ``--help`` prints and ends the program. A mistake raises StyleclipError: tyro would draw a box, which is hard to read in a log file.
    """
    markers = (tyro.conf.PositionalMetavarFromFieldName, tyro.conf.FlagCreatePairsOff, tyro.conf.DisallowNone)
    complaint = io.StringIO()
    try:
        with contextlib.redirect_stderr(complaint), contextlib.redirect_stdout(raw(sys.stdout)):
            given = tyro.cli(_with_plain_help(kind), prog=f"styleclip {command}", args=arguments, config=markers)
    except SystemExit as stop:
        if not stop.code:
            raise
        raise StyleclipError(f"{_one_line(complaint.getvalue())} (see styleclip {command} --help)") from None
    settings = kind(**{one.name: getattr(given, one.name) for one in dataclasses.fields(kind)})
    _check_numbers(settings)
    _check_empty(settings, arguments)
    _expand_paths(settings)
    _check_files(settings)
    return settings


def _with_plain_help(kind: type[Kind]) -> type[Kind]:
    """The settings, each with its docstring as one paragraph of help (tyro keeps the source's line breaks), without "(default: None)"."""
    texts = {name: text for base in reversed(kind.__mro__[:-1]) for name, text in _docstrings(base).items()}
    hints, options = get_type_hints(kind, include_extras=True), []
    for one in dataclasses.fields(kind):
        hint, shown = hints[one.name], {"help": texts[one.name]} if one.name in texts else {}
        if one.default is None and not any(getattr(part, "help_behavior_hint", None) for part in getattr(hint, "__metadata__", ())):
            shown["help_behavior_hint"] = ""
        option = Annotated[hint, tyro.conf.arg(**shown)] if shown else hint
        options.append((one.name, option, dataclasses.field(default=one.default, default_factory=one.default_factory)))
    made = dataclasses.make_dataclass(kind.__name__, options, bases=(kind,))
    made.__doc__ = kind.__doc__
    return made


def _docstrings(kind: type) -> dict[str, str]:
    """The strings that follow the fields of a class in its source; none for a class without source."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body
    except (OSError, TypeError):
        return {}
    fields = [(one.target.id, text.value) for one, text in pairwise(body) if isinstance(one, ast.AnnAssign) and isinstance(text, ast.Expr)]
    return {name: " ".join(value.value.split()) for name, value in fields if isinstance(value, ast.Constant)}


def _check_numbers(settings: object) -> None:
    """Raises StyleclipError for infinite, undefined and enormous numbers, and for seeds that PyTorch does not take."""
    for field in dataclasses.fields(settings):
        value, option = getattr(settings, field.name), f"--{field.name.replace('_', '-')}"
        if field.name == "seed" and isinstance(value, int) and not 0 <= value < 2**32:
            raise StyleclipError(f"{option} must lie between 0 and {2**32 - 1}, not {value}.")
        for number in value if isinstance(value, tuple) else (value,):
            if isinstance(number, float) and not math.isfinite(number):
                raise StyleclipError(f"{option} must be a finite number, not {number}.")
            if isinstance(number, (int, float)) and abs(number) > MOST:
                raise StyleclipError(f"{option} must be a number between {-MOST} and {MOST}.")


def _check_empty(settings: object, arguments: Sequence[str]) -> None:
    """Raises StyleclipError for an empty argument, such as a variable of the shell that is not set; texts have a sentence of their own.

    To Python, an empty path is the folder ".".
    """
    if not any(word == "" or re.fullmatch(r"--[\w-]+=", word) for word in arguments):
        return
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value in ("", Path()) and value != field.default and field.name not in TEXTS:
            raise StyleclipError(f"'{field.name}' is empty: is a variable of the shell not set?"
                                 f"{' The folder you are in is called .' if isinstance(value, Path) else ''}")


def _expand_paths(settings: object) -> None:
    """Replaces ``~`` in all paths. Raises StyleclipError for a user that does not exist, and for what no file can be called."""
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if isinstance(value, Path):
            path = user_path(value)
            try:
                os.stat(path)
            except (OSError, ValueError) as error:
                if isinstance(error, ValueError) or error.errno in (errno.ENAMETOOLONG, errno.ELOOP):
                    why = getattr(error, "strerror", None) or error
                    raise StyleclipError(f"'{path}' cannot be the name of a file ({why}): check the path.") from None
            object.__setattr__(settings, field.name, path)


def _check_files(settings: object) -> None:
    """Raises StyleclipError if an output would overwrite another one, or an input."""
    given = {name: str(getattr(settings, name)) for name in (*READ, *WRITTEN) if getattr(settings, name, None)}
    for name in filter(given.__contains__, WRITTEN):
        for other in given:
            if other != name and _same_file(given[name], given[other]):
                what = "it is also an input" if other in READ else "another result goes there"
                raise StyleclipError(f"Cannot write '{given[name]}': {what}; choose another name.")


def _same_file(a: str, b: str) -> bool:
    a, b = os.path.expanduser(a), os.path.expanduser(b)
    try:
        return os.path.samefile(a, b)
    except (OSError, ValueError):
        return os.path.abspath(a) == os.path.abspath(b)


def renamed(arguments: Sequence[str], names: dict[str, str]) -> list[str]:
    """The arguments with former options replaced by their present names, with a note. names: {former option: present one}"""
    words = []
    for word in arguments:
        name, sign, value = word.partition("=")
        if name.replace("_", "-") in names:
            present = names[name.replace("_", "-")]
            print(f"Note: {name} is now called {present}; the next version will not accept the old name.", file=sys.stderr)
            name = present
        words.append(name + sign + value)
    return words


def _one_line(box: str) -> str:
    """The sentences inside tyro's box, without its frame, its title and its pointers to the help."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)
    lines = [line.strip("│╭╮╰╯ ") for line in plain.splitlines()]
    parts = re.split(r"[─-]{3,}", " ".join(line for line in lines if line)[len(lines[0]) :])
    sentences = [part for part in parts if not re.match(r"\s*(For full helptext|Argument helptext)", part)]
    text = re.sub(r"Missing from styleclip [\w -]+?:", "Missing:", " ".join(" ".join(sentences).split()))
    if wrong := re.match(r"Error parsing (\S+): no type matching (\S+) could be instantiated from \[(.*?)\]", text):
        option, kinds, value = wrong.groups()
        choice = " or ".join(KINDS.get(kind, kind.strip("{}")) for kind in re.sub(r"NUMBER", "INT", kinds).split("|"))
        return f"{option} takes {choice}, not {value}"
    if wrong := re.match(r"Error parsing (\S+): (could not convert string to float|invalid literal for int\(\) with base 10): (.*)", text):
        option, kind, value = wrong.groups()
        return f"{option} takes {KINDS['FLOAT' if 'float' in kind else 'INT']}, not {value}"
    if near := re.match(r"(Unrecognized options: .*?) Perhaps you meant: (--[\w-]+)", text):  # the help of that option follows
        return f"{near[1]}; did you mean {near[2]}?"
    if wrong := re.match(r"invalid choice '(.*)' for argument '(\S+)'\. Expected one of \((.*)\)", text):
        value, option, listed = wrong.groups()
        choices = sorted(choice.strip("'") for choice in listed.split(", "))  # tyro lists a set
        return f"{option} takes {' or '.join(choice for choice in choices if choice != 'None')}, not '{value}'"
    if words := re.match(r"Unrecognized options: ((?!-).*)", text):
        left = words.group(1).replace(", ", " ")
        return f"'{left}' is one argument too many: put a text of several words in quotation marks, and give one file at a time"
    return text or "The arguments could not be understood."
