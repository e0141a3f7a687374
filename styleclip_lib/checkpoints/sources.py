"""The files of other people that a domain is made from: where they are, how large, and under which licence.

`domain.json` lists them under "sources"; an entry under "files" names those that it is read from, and their format:

    "files":   {"clip": {"format": "openai-clip", "sources": ["ViT-B-32.pt"]}}
    "sources": {"ViT-B-32.pt": {"origin": ..., "urls": [...], "bytes": ..., "sha256": ..., "licence": ..., "permits": ...}}
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import StyleclipError
from ..paths import cache_folder
from .domain import INDEX, read_index


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
    """Whether an entry under "files" is read from sources, and not from a file in the domain's folder."""
    return "format" in entry


def sources_of(folder: Path, names: Iterable[str] | None = None) -> list[Source]:
    """The sources of some entries of a domain, or of all of them, each once. Raises StyleclipError for a wrong description."""
    index = read_index(folder)
    entries = [entry for name, entry in index["files"].items() if is_official(entry) and (names is None or name in names)]
    wanted = sorted({source for entry in entries for source in entry.get("sources", ())})
    return [_source(folder, name, index.get("sources", {}).get(name)) for name in wanted]


def domain_cache(folder: Path) -> Path:
    """Where the downloads of a domain lie, and what is made of them."""
    name = read_index(folder)["name"]
    return cache_folder() / _plain(name, folder)


def described(sources: Sequence[Source]) -> Iterator[str]:
    """Lines that name files, sizes and licences, and the sum."""
    width = max(len(source.name) for source in sources)
    for source in sources:
        yield f"{source.name:{width}}  {megabytes(source.bytes):>9}  {source.origin}. {source.licence}: {source.permits}"
    yield f"{'together':{width}}  {megabytes(sum(source.bytes or 0 for source in sources)):>9}"


def megabytes(count: int | None) -> str:
    """1201649680 -> '1201.6 MB'; 'unknown' for None."""
    return "unknown" if count is None else f"{count / 1e6:.1f} MB"


def _source(folder: Path, name: str, entry: dict | None) -> Source:
    wrong = StyleclipError(f"{folder / INDEX} does not describe the source {name!r} as it should (origin, urls, bytes, sha256, licence, "
                           "permits); restore it, for instance with `git checkout`.")
    if not isinstance(entry, dict) or not isinstance(entry.get("urls"), list) or not entry["urls"]:
        raise wrong
    try:
        return Source(_plain(name, folder), entry["origin"], tuple(entry["urls"]), entry["bytes"], entry["sha256"],
                      entry["licence"], entry["permits"])
    except KeyError:
        raise wrong from None


def _plain(name: str, folder: Path) -> str:
    """A name that becomes that of a file in the cache, and of no other place."""
    if not re.fullmatch(r"\w[\w.-]*", name):
        raise StyleclipError(f"{folder / INDEX} has the name {name!r}: names consist of letters, digits, '.', '-' and '_'.")
    return name
