"""The required structure of the JSON in foreign files: a class for each kind, whose types and ranges `msgspec` checks.

msgspec parses the JSON itself and limits its depth and numbers; it is a fifth of pydantic's size.
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
"""What each pattern describes, for messages."""

FileName = Annotated[str, Meta(pattern=FILE_NAME)]
"""The name of a file, which cannot lead to another folder."""

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
    """A Python package that contains a file: its name, the file's path in it, and whether the download is that file packed by bzip2."""

    name: Annotated[str, Meta(pattern=PACKAGE, max_length=100)]
    file: Annotated[str, Meta(pattern=PACKAGE_FILE, max_length=300)]
    bzip2: bool = False

    def __post_init__(self):
        if ".." in self.file.split("/"):
            raise ValueError(f"'{self.file}' leads out of the package")


class SourceEntry(Struct):
    """A file that is downloaded.

    origin   whose file it is
    urls     its addresses: the official one first, then the mirrors
    bytes    its size; None if unknown
    sha256   None if nobody has published it: then that of the first download is noted and required from then on
    licence  the licence; permits: what it permits, in a sentence
    package  a Python package that contains the file
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
            if not urlsplit(url).hostname:  # urlsplit raises ValueError for what is not an address at all
                raise ValueError(f"the address '{url}' has no host")


class Entry(Struct):
    """An entry of a domain: a file in its folder (file, bytes, sha256), or one read from downloads (format, sources)."""

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
    """A `domain.json`, as far as it is needed to read the weights; other entries are not checked."""

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
    """The vocabulary of this project's own CLIP."""

    words: list[Annotated[str, Meta(min_length=1, max_length=100)]] = []
    context_length: Annotated[int, Meta(ge=3, le=1024)] = 32
    sentences: bool = False


class _Learnt(Struct):
    """The facts of something trained for a text, whose recipe names the text."""

    recipe: dict[str, Any]

    def __post_init__(self):
        msgspec.convert(self.recipe.get("text", ""), Text)


class MapperFacts(_Learnt):
    """The facts in a mapper's file: the generator it belongs to, its sizes, and how it was made."""

    generator: Annotated[str, Meta(max_length=200)]
    num_ws: Annotated[int, Meta(ge=2, le=64)]
    w_dim: Annotated[int, Meta(ge=1, le=8192)]
    levels: Annotated[list[Literal["coarse", "medium", "fine", "all"]], Meta(min_length=1, max_length=4)]


class StyleFacts(_Learnt):
    """The facts in a style's file: the CLIP it was trained with, its sizes, and how it was made."""

    clip: Annotated[str, Meta(max_length=200)]
    width: Annotated[int, Meta(ge=2, le=1024, multiple_of=2)]
    blocks: Annotated[int, Meta(ge=0, le=64)]


class DirectionsFacts(Struct):
    """The facts in a file of global directions that are needed to choose among several."""

    generator: Annotated[str, Meta(max_length=200)]
    clip: Annotated[str, Meta(max_length=200)]
    kind: Annotated[str, Meta(max_length=50)]
    images: Annotated[int, Meta(ge=1, le=10**7)]


class AlignmentFacts(Struct):
    """The facts in a latent alignment's file: the networks it connects, its sizes, and how it was made."""

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
    """The facts in a student's file: the network it was distilled from, its settings, and how it was made."""

    teacher: Annotated[str, Meta(max_length=200)]
    config: dict[str, Any]
    recipe: dict[str, Any]

    def __post_init__(self):
        check_settings(self.config)


CONFIGS = {"landmarks": LandmarkConfig, "clip": ClipConfig}
"""The entries whose settings are more than the arguments of a network."""

LARGEST_SETTING, MOST_ITEMS, DEEPEST = 100_000, 20_000, 4
LAYERS = 64
"""The most layers of a network, and the limit of other counts: the largest real networks have 48."""

COUNTED = ("num_ws", "num_mapping_layers", "num_layers", "depth")

SIDES, SMALLEST_SIDE, LARGEST_SIDE = ("input_size", "image_size", "img_resolution"), 4, 2048
"""The settings that give the side, in pixels, of what a network takes or draws, and their range: no weight shows them, and the
computation grows with their square."""


def check_settings(settings: object, name: str = "config", depth: int = 0) -> None:
    """Raises ValueError if the settings of a network are far from any real network's: it has to be built before it can be compared."""
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
            if not abs(settings) <= (LAYERS if name in COUNTED else LARGEST_SETTING):  # NaN included
                raise ValueError(f"{name} is {settings}, which no network has")
        case str():
            if len(settings) > 5000:
                raise ValueError(f"{name} is too long")


def parsed(content: bytes, kind: type[Kind]) -> Kind:
    """JSON -> an object of a kind. Raises StyleclipError, saying what is wrong and where, for anything else."""
    try:
        return msgspec.json.decode(content, type=kind)
    except RecursionError:
        raise StyleclipError("it is nested too deeply") from None
    except (msgspec.MsgspecError, ValueError) as error:
        message = str(error)
        for pattern, form in FORMS.items():
            message = message.replace(f"`str` matching regex {pattern!r}", form)
        raise StyleclipError(message) from error


def read_json(path: str | Path, kind: type[Kind]) -> tuple[Kind, Any]:
    """A JSON file, as an object of a kind and as plain values. Raises StyleclipError as `parsed` and `open_regular` do."""
    with open_regular(path) as file:
        content = file.readall() if file.seek(0, 2) <= MOST_JSON and not file.seek(0) else None
    if content is None:
        raise StyleclipError(f"it has more than {MOST_JSON // 10**6} MB")
    return parsed(content, kind), parsed(content, Any)
