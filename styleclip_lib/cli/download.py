"""``styleclip download``: downloads the official files of a domain in advance."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import tyro

from .parsing import DomainName, parse


@dataclass
class Settings:
    """Download the official files of a domain, so that no network is needed later. After an interruption the same command resumes."""

    domain: tyro.conf.Positional[DomainName] = "ffhq"
    """the name of a domain, or a folder with one"""
    list: bool = False
    """download nothing; list the files with sizes, licences and addresses, and which of them are in the cache"""


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
            print(f"{home} is complete: there is nothing to download.")
        elif settings.list:
            cache = domain_cache(home)
            print(f"{home.name}, kept in {cache}:", *described(files), sep="\n  ")
            for file in files:
                print(f"\n{file.name} ({'downloaded' if os.path.isfile(cache / file.name) else 'missing'})", *file.urls, sep="\n  ")
        else:
            fetch_official(home, names)
            print(f"Everything that {home.name} needs is in {domain_cache(home)}.")
    return 0
