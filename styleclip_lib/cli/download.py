"""``styleclip download``: the files of other people that a domain is made from, fetched ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import tyro

from .parsing import Domain, parse


@dataclass
class Settings:
    """Fetch what a domain is made from, so that no network is needed later. Interrupt it and call it again: it goes on."""

    domain: tyro.conf.Positional[Domain] = "ffhq"
    """the name of a domain, or a folder with one"""
    list: bool = False
    """download nothing, only say what would be: files, sizes, licences, addresses, and which of them are there"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "download", arguments)

    from ..weights.domain import find_domain, sources
    from ..weights.downloads.official import fetch_official
    from ..weights.downloads.registry import described, domain_cache, downloads_of

    homes = sources(find_domain(settings.domain))
    for home in sorted(set(homes.values())):
        names = [name for name in homes if homes[name] == home]
        files = downloads_of(home, names)
        if not files:
            print(f"{home} is complete as it is: there is nothing to download.")
        elif settings.list:
            cache = domain_cache(home)
            print(f"{home.name}, kept in {cache}:", *described(files), sep="\n  ")
            for file in files:
                print(f"\n{file.name} ({'there' if (cache / file.name).is_file() else 'not there yet'})", *file.urls, sep="\n  ")
        else:
            fetch_official(home, names)
            print(f"All that {home.name} needs is in {domain_cache(home)}.")
    return 0
