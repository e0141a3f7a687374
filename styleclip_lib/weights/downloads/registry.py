"""The files of other people that a domain is made from: where they are, how large, and under which licence.

`domain.json` describes them under "sources"; an entry under "files" says which of them it is read from, and in which format:

    "files":   {"clip": {"format": "openai-clip", "sources": ["ViT-B-32.pt"]}}
    "sources": {"ViT-B-32.pt": {"origin": ..., "urls": [...], "bytes": ..., "sha256": ..., "licence": ..., "permits": ...}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import StyleclipError
from ...paths import cache_folder
from ..domain import INDEX, read_index


@dataclass(frozen=True)
class Source:
    """A file that is downloaded.

    name     what it is called in the cache
    origin   whose file it is
    urls     where it is: the official place first, then the mirrors
    bytes    its size; None if it is not known
    sha256   None if nobody published it: then that of the first download is noted and holds ever after
    licence  the licence, and permits what it permits, in a sentence
    """

    name: str
    origin: str
    urls: tuple[str, ...]
    bytes: int | None
    sha256: str | None
    licence: str
    permits: str


def is_official(entry: dict) -> bool:
    """Whether an entry under "files" is read from downloads, and not from a file in the domain's folder."""
    return "format" in entry


def downloads_of(folder: Path, names: Iterable[str]) -> list[Source]:
    """What must be downloaded for some entries of a domain, each file once. Raises StyleclipError for a wrong description."""
    index = read_index(folder)
    wanted = {source: None for name in names for source in index["files"][name].get("sources", ())}
    return [_source(folder, name, index.get("sources", {}).get(name)) for name in wanted]


def domain_cache(folder: Path) -> Path:
    """Where the downloads of a domain lie, and what is made of them."""
    return cache_folder() / _plain(read_index(folder)["name"], folder)


def described(sources: Sequence[Source]) -> Iterator[str]:
    """Lines that name files, sizes, owners and licences, and the sum."""
    width = max(len(source.name) for source in sources)
    for source in sources:
        yield f"{source.name:{width}}  {megabytes(source.bytes):>9}  {source.origin}"
        yield f"    {source.licence}: {source.permits}"
    yield f"{'together':{width}}  {megabytes(sum(source.bytes or 0 for source in sources)):>9}"


def megabytes(count: int | None) -> str:
    """1201649680 -> '1201.6 MB', 7289 -> '7.3 kB', None -> 'unknown'."""
    if count is None:
        return "unknown"
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def _source(folder: Path, name: str, entry: object) -> Source:
    fields = ("origin", "urls", "bytes", "sha256", "licence", "permits")
    if not isinstance(entry, dict) or not entry.keys() >= set(fields) or not entry["urls"]:
        raise StyleclipError(f"{folder / INDEX} does not describe the source '{name}' as it should ({', '.join(fields)}); "
                             "restore it, for instance with `git checkout`.")
    return Source(_plain(name, folder), entry["origin"], tuple(entry["urls"]), *(entry[field] for field in fields[2:]))


def _plain(name: str, folder: Path) -> str:
    """A name that can only be that of a file, and of none outside of the cache."""
    if not re.fullmatch(r"\w[\w. -]*", name):
        raise StyleclipError(f"{folder / INDEX} has the name '{name}': names consist of letters, digits, spaces, '.', '-' and '_'.")
    return name
