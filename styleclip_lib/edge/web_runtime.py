"""onnxruntime for browsers: three files of the npm package onnxruntime-web, which are too large to lie in a repository."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path

from ..errors import StyleclipError
from ..paths import cache_folder, folder_written_whole, user_path

VERSION = "1.30.0"
FILES = ("ort.wasm.min.mjs", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
"""What WebAssembly on the CPU needs, without WebGPU."""


def find_web_runtime(dist: str | Path | None = None) -> Path:
    """The folder with the files.

    dist  the folder `dist` of an installed package; None: `node_modules` here, else a copy fetched by npm, once, and kept in the cache
    Raises StyleclipError where they cannot be had.
    """
    source = user_path(dist) if dist is not None else Path("node_modules/onnxruntime-web/dist")
    if dist is None and not _whole(source):
        source = cache_folder() / f"onnxruntime-web-{VERSION}"
        if not _whole(source):
            _fetch(source)
    if not _whole(source):
        raise StyleclipError(f"'{source}' does not hold {', '.join(FILES)}: give the folder dist of the npm package onnxruntime-web.")
    return source


def copy_web_runtime(source: Path, target: Path) -> None:
    """Copies the files from the folder that `find_web_runtime` gives to a new one."""
    target.mkdir()
    for name in FILES:
        shutil.copy(source / name, target / name)


def _whole(folder: Path) -> bool:
    return all((folder / name).is_file() for name in FILES)


def _fetch(folder: Path) -> None:
    """Lets npm download the package, which checks it, and keeps the three files."""
    npm = shutil.which("npm")
    if npm is None:
        raise StyleclipError("The page needs the npm package onnxruntime-web: install npm, or give the package's folder dist with --web, "
                             "or leave the page out with --no-page.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        try:
            subprocess.run([npm, "pack", "--silent", f"onnxruntime-web@{VERSION}"], cwd=temporary, check=True, capture_output=True,
                           timeout=600)
            (archive,) = Path(temporary).glob("*.tgz")
        except (subprocess.SubprocessError, OSError, ValueError) as error:
            raise StyleclipError(f"npm could not fetch onnxruntime-web {VERSION}: check the network, or give the folder dist of an "
                                 "installed package with --web, or leave the page out with --no-page.") from error
        with tarfile.open(archive) as packed, folder_written_whole(folder) as partial:
            for name in FILES:
                content = packed.extractfile(f"package/dist/{name}")
                (partial / name).write_bytes(content.read() if content else b"")
