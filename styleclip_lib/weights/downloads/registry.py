"""The official files from which a domain is made: their addresses, sizes and licences.

`domain.json` describes them under "sources"; an entry under "files" says from which of them it is read, and in which format:

    "files":   {"clip": {"format": "openai-clip", "sources": ["ViT-B-32.pt"]}}
    "sources": {"ViT-B-32.pt": {"origin": ..., "urls": [...], "bytes": ..., "sha256": ..., "licence": ..., "permits": ...}}
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import plain
from ...paths import cache_folder
from ..domain import read_index
from ..schema import PackageEntry


@dataclass(frozen=True)
class Source:
    """A file that is downloaded.

    name     its name in the cache
    origin   whose file it is
    urls     its addresses: the official one first, then the mirrors
    bytes    its size; None if unknown
    sha256   None if nobody has published it: then that of the first download is noted and required from then on
    licence  the licence; permits: what it permits, in a sentence
    package  a Python package that contains the file, if there is one
    """

    name: str
    origin: str
    urls: tuple[str, ...]
    bytes: int | None
    sha256: str | None
    licence: str
    permits: str
    package: PackageEntry | None = None


def is_official(entry: dict) -> bool:
    """Whether an entry under "files" is read from downloads rather than from a file in the domain's folder."""
    return "format" in entry


def downloads_of(folder: Path, names: Iterable[str]) -> list[Source]:
    """The files that some entries of a domain are read from, each once."""
    index = read_index(folder)
    wanted = {source: index["sources"][source] for name in names for source in index["files"][name].get("sources", ())}
    return [Source(name, entry["origin"], tuple(entry["urls"]), *(entry[field] for field in ("bytes", "sha256", "licence", "permits")),
                   entry.get("package") and PackageEntry(**entry["package"])) for name, entry in wanted.items()]


def domain_cache(folder: Path) -> Path:
    """The folder for a domain's downloads and what is made from them: one for each description of the sources.

    So a domain that merely has the same name as another neither finds that one's files nor leaves its own there. The digest in the
    folder's name is so long that nobody can find another description with the same one.
    """
    index = read_index(folder)
    key = hashlib.sha256(json.dumps(index.get("sources", {}), sort_keys=True).encode()).hexdigest()[:32]
    return cache_folder() / f"{re.sub(r'[^A-Za-z0-9_-]', '_', index['name'])[:24]}-{key}"


def described(sources: Sequence[Source]) -> Iterator[str]:
    """Lines with the names, sizes, owners and licences of the files, and the total size."""
    width = max(len(source.name) for source in sources)
    for source in sources:
        yield f"{source.name:{width}}  {megabytes(source.bytes):>9}  {plain(source.origin)}"
        yield f"    {plain(source.licence)}: {plain(source.permits)}"
    yield f"{'together':{width}}  {megabytes(sum(source.bytes or 0 for source in sources)):>9}"


def megabytes(count: int | None) -> str:
    """1201649680 -> '1201.6 MB', 7289 -> '7.3 kB', None -> 'unknown'."""
    if count is None:
        return "unknown"
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"
