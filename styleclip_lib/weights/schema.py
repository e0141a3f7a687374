"""What the JSON in other people's files must look like: a class for each kind, whose types and ranges `msgspec` checks.

msgspec reads JSON itself, which bounds its depth and numbers, and is a fifth of pydantic's size.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, Struct

from ..errors import StyleclipError
from ..paths import open_regular

Kind = TypeVar("Kind")

MOST_JSON = 20_000_000
"""Bytes. The largest `domain.json` has 60,000."""

FILE_NAME, SHA256, ADDRESS = r"^\w[\w. ()+-]{0,199}$", "^[0-9a-f]{64}$", "^https?://[^/?#]"
PACKAGE, PACKAGE_FILE = r"^[A-Za-z0-9][A-Za-z0-9._-]*$", r"^[A-Za-z0-9_][\w./-]*$"
FORMS = {FILE_NAME: "the name of a file in the same folder", SHA256: "a SHA-256 of 64 digits and small letters",
         ADDRESS: "an address that begins with http:// or https://", PACKAGE: "the name of a package",
         PACKAGE_FILE: "the path of a file in a package"}  # fmt: skip
"""What a text of each form is, for messages."""

FileName = Annotated[str, Meta(pattern=FILE_NAME)]
"""A name that can only be that of a file, and of none in another folder."""

Sha256 = Annotated[str, Meta(pattern=SHA256)]
FileSize = Annotated[int, Meta(ge=0, le=20_000_000_000)]
Size = Annotated[int, Meta(ge=0, le=2**40)]
Text = Annotated[str, Meta(max_length=5000)]


class TensorEntry(Struct):
    """A tensor in the header of a safetensors file."""

    dtype: Annotated[str, Meta(max_length=20)]
    shape: Annotated[tuple[Size, ...], Meta(max_length=8)]
    data_offsets: tuple[Size, Size]


class PackageEntry(Struct):
    """A Python package that carries a file: its name, the file's path in it, and whether the download is that file packed by bzip2."""

    name: Annotated[str, Meta(pattern=PACKAGE, max_length=100)]
    file: Annotated[str, Meta(pattern=PACKAGE_FILE, max_length=300)]
    bzip2: bool = False

    def __post_init__(self):
        if ".." in self.file.split("/"):
            raise ValueError(f"'{self.file}' leads out of the package")


class SourceEntry(Struct):
    """A file that is downloaded.

    origin   whose file it is
    urls     where it is: the official place first, then the mirrors
    bytes    its size; None if it is not known
    sha256   None if nobody published it: then that of the first download is noted and holds ever after
    licence  the licence, and permits what it permits, in a sentence
    package  an installed package that is as good as a download
    """

    origin: Text
    urls: Annotated[tuple[Annotated[str, Meta(pattern=ADDRESS, max_length=2000)], ...], Meta(min_length=1, max_length=20)]
    bytes: FileSize | None
    sha256: Sha256 | None
    licence: Text
    permits: Text
    package: PackageEntry | None = None

    def __post_init__(self):
        for url in self.urls:
            if not urlsplit(url).hostname:  # which raises ValueError for what is no address at all
                raise ValueError(f"the address '{url}' has no host")


class Entry(Struct):
    """A file of a domain: one in its folder (file, bytes, sha256), or one that is read from downloads (format, sources)."""

    file: FileName | None = None
    bytes: FileSize | None = None
    sha256: Sha256 | None = None
    format: FileName | None = None
    sources: Annotated[list[FileName], Meta(max_length=10)] = []
    config: dict[str, Any] = {}

    def __post_init__(self):
        if self.file is not None and None in (self.bytes, self.sha256):
            raise ValueError("a file needs bytes and sha256")
        if self.format is not None and not self.sources:
            raise ValueError("what has a format needs sources")
        check_settings(self.config)


class Index(Struct):
    """A `domain.json`, as far as it must be right for the weights to be read; what else is in it is left alone."""

    name: Annotated[str, Meta(min_length=1, max_length=255)]
    files: dict[FileName, Entry]
    like: Annotated[str, Meta(min_length=1, max_length=4000)] | msgspec.UnsetType = msgspec.UNSET
    sources: dict[FileName, SourceEntry] = {}

    def __post_init__(self):
        for name, kind in CONFIGS.items():
            if name in self.files:
                msgspec.convert(self.files[name].config, kind)
        for name, entry in self.files.items():
            for source in entry.sources:
                if source not in self.sources:
                    raise ValueError(f"{name} is read from '{source}', which is not among the sources")


class LandmarkConfig(Struct):
    """How the landmark model of a domain is used (`photos.detection`)."""

    points: Literal[68] = 68
    framing: Annotated[float, Meta(ge=0.2, le=5)] = 1.0
    aligned: Annotated[float, Meta(ge=0, le=0.5)] = 0.05
    box: tuple[float, float, Annotated[float, Meta(gt=0)]] | None = None
    widths: Annotated[list[Annotated[float, Meta(ge=16, le=2000)]], Meta(min_length=1, max_length=16)] | None = None


class ClipConfig(Struct):
    """The vocabulary of a CLIP of this project's own."""

    words: list[Annotated[str, Meta(min_length=1, max_length=100)]] = []
    context_length: Annotated[int, Meta(ge=3, le=1024)] = 32
    sentences: bool = False


class _Learnt(Struct):
    """What was learnt for a text says which."""

    recipe: dict[str, Any]

    def __post_init__(self):
        msgspec.convert(self.recipe.get("text", ""), Text)


class MapperFacts(_Learnt):
    """What a mapper's file says of itself: the generator that it belongs to, its sizes, and how it was made."""

    generator: Annotated[str, Meta(max_length=200)]
    num_ws: Annotated[int, Meta(ge=2, le=64)]
    w_dim: Annotated[int, Meta(ge=1, le=8192)]
    levels: Annotated[list[Literal["coarse", "medium", "fine", "all"]], Meta(min_length=1, max_length=4)]


class StyleFacts(_Learnt):
    """What the file of a style says of itself: the CLIP that it was learnt from, its sizes, and how it was made."""

    clip: Annotated[str, Meta(max_length=200)]
    width: Annotated[int, Meta(ge=2, le=1024, multiple_of=2)]
    blocks: Annotated[int, Meta(ge=0, le=64)]


class DirectionsFacts(Struct):
    """What a file of global directions says of itself, as far as it is needed to choose among several."""

    generator: Annotated[str, Meta(max_length=200)]
    clip: Annotated[str, Meta(max_length=200)]
    kind: Annotated[str, Meta(max_length=50)]
    images: Annotated[int, Meta(ge=1, le=10**7)]


class AlignmentFacts(Struct):
    """What the file of a latent alignment says of itself: the networks that it joins, its sizes, and how it was made."""

    generator: Annotated[str, Meta(max_length=200)]
    clip: Annotated[str, Meta(max_length=200)]
    num_ws: Annotated[int, Meta(ge=2, le=64)]
    w_dim: Annotated[int, Meta(ge=1, le=8192)]
    clip_dim: Annotated[int, Meta(ge=1, le=8192)]
    depth: Annotated[int, Meta(ge=0, le=64)]
    width: Annotated[int, Meta(ge=1, le=8192)]
    mixing: Annotated[int, Meta(ge=1, le=8192)]
    recipe: dict[str, Any]


class StudentFacts(Struct):
    """What the file of a student says of itself: the network that it learnt from, what it is built with, and how it was made."""

    teacher: Annotated[str, Meta(max_length=200)]
    config: dict[str, Any]
    recipe: dict[str, Any]

    def __post_init__(self):
        check_settings(self.config)


CONFIGS = {"landmarks": LandmarkConfig, "clip": ClipConfig}
"""The settings that are more than what a network is built with."""

LARGEST_SETTING, MOST_ITEMS, DEEPEST = 100_000, 20_000, 4
LAYERS = 64
"""Of a network, and of other things that are counted: the largest real networks have 48."""

COUNTED = ("num_ws", "num_mapping_layers", "num_layers", "depth")

SIDES, SMALLEST_SIDE, LARGEST_SIDE = ("input_size", "image_size", "img_resolution"), 4, 2048
"""Pixels along a side of what a network takes or draws: no weight tells them, and what is computed grows with their square."""


def check_settings(settings: object, name: str = "config", depth: int = 0) -> None:
    """Raises ValueError where the settings of a network are far from those of any real one: each has to be built before it is compared."""
    match settings:
        case dict() | list():
            if len(settings) > MOST_ITEMS or depth == DEEPEST:
                raise ValueError(f"{name} is too large")
            for key, value in settings.items() if isinstance(settings, dict) else ((name, item) for item in settings):
                check_settings(value, str(key), depth + 1)
            if isinstance(settings, list) and len(settings) > LAYERS and not all(isinstance(item, str) for item in settings):
                raise ValueError(f"{name} has {len(settings)} numbers, more than any network has layers")
        case bool() | None:
            pass
        case int() | float():
            if name in SIDES and not SMALLEST_SIDE <= settings <= LARGEST_SIDE:
                raise ValueError(f"{name} is {settings}, which no network has")
            if not abs(settings) <= (LAYERS if name in COUNTED else LARGEST_SETTING):  # also what is no number at all
                raise ValueError(f"{name} is {settings}, which no network has")
        case str():
            if len(settings) > 5000:
                raise ValueError(f"{name} is too long")


def parsed(content: bytes, kind: type[Kind]) -> Kind:
    """JSON -> an object of a kind. Raises StyleclipError, with what is wrong and where, for what is no JSON or not of this kind."""
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError:
        raise StyleclipError("it is nested too deep") from None
    except (msgspec.MsgspecError, ValueError) as error:
        message = str(error)
        for pattern, form in FORMS.items():
            message = message.replace(f"`str` matching regex {pattern!r}", form)
        raise StyleclipError(message) from error


def read_json(path: str | Path, kind: type[Kind]) -> tuple[Kind, Any]:
    """A file of JSON: as an object of a kind, and as it is. Raises StyleclipError as `parsed` and `open_regular` do."""
    with open_regular(path) as file:
        content = file.readall() if file.seek(0, 2) <= MOST_JSON and not file.seek(0) else None
    if content is None:
        raise StyleclipError(f"it has more than {MOST_JSON // 10**6} MB")
    return parsed(content, kind), parsed(content, Any)
