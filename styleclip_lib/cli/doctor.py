"""``styleclip doctor``: checks what is installed, and says how to get what is missing."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path

from .. import __version__
from ..errors import StyleclipError, plain
from ..paths import cache_folder, check_results_folder, data_folder
from ..threads import cores, waits_passively
from .parsing import parse

PACKAGES = {  # distribution -> the module that must import
    "torch": "torch",
    "torchvision": "torchvision",
    "numpy": "numpy",
    "pillow": "PIL",
    "clip-anytorch": "clip",
    "setuptools": "setuptools",
    "dlib-bin": "dlib",
    "safetensors": "safetensors",
    "msgspec": "msgspec",
    "tqdm": "tqdm",
    "tyro": "tyro",
    "imageio": "imageio",
    "imageio-ffmpeg": "imageio_ffmpeg",
    "ipywidgets": "ipywidgets",
    "scipy": "scipy",
    "requests": "requests",
    "urllib3": "urllib3",
    "filelock": "filelock",
    "platformdirs": "platformdirs",
}
NEEDED = ("generator", "clip", "identity", "perceptual", "attributes", "encoder", "landmarks", "mappers", "directions")
"""What the lessons and edits of the portraits need; other networks only measure, or are computed by a method on first use."""

LESSONS = {"ipykernel": "to run the lessons", "matplotlib": "to plot in the lessons"}
"""distribution -> what it is for; both come with the extra lab. JupyterLab is not among them: Colab and VS Code open lessons, too."""

OPTIONAL = {"jupyterlab": ("lab", "to open the lessons"), "voila": ("lab", "for styleclip studio"),
            "accelerate": ("train", "for styleclip train"), "tensorboard": ("train", "for styleclip train"),
            "torchmetrics": ("train", "for styleclip train"), "fastapi": ("serve", "for styleclip serve"),
            "nbgrader": ("grade", "for styleclip grade"), "onnxruntime": ("export", "for styleclip export"),
            "nbval": ("test", "to test the lessons")}
"""distribution -> the extra that brings it, and what it is for"""

LEAST_GIGABYTES = 1
NOT_INSTALLED = "not installed"
INSTALL = "pip install --editable . (in the repository's folder)"
INSTALL_LAB = INSTALL.replace(" . ", ' ".[lab]" ')


@dataclass
class Settings:
    """Check what is installed and what is missing. The exit code is 0 when the lessons can run, and 1 otherwise."""


def main(arguments: Sequence[str]) -> int:
    parse(Settings, "doctor", arguments)
    missing: list[str] = []
    print(f"styleclip  {__version__}")
    print(f"Python     {platform.python_version()} on {platform.platform()}")
    print(f"Device     {describe_device()}")
    for line in check_place(missing):
        print(line)
    print("\nPackages")
    for line in check_packages(missing):
        print(f"  {line}")
    print("\nDomains")
    for line in check_domains(missing):
        print(f"  {line}")
    print("\nEverything is there." if not missing else "\nTo fix:")
    for remedy in missing:
        print(f"  - {remedy}")
    return 1 if missing else 0


def describe_device() -> str:
    """What ``--device auto`` computes on, in words."""
    try:
        import torch
    except Exception:  # reported below, among the packages
        return "unknown, because PyTorch does not import"
    if torch.cuda.is_available():
        return f"cuda, {torch.cuda.get_device_name()}"
    waiting = "passive waiting" if waits_passively() else "active waiting, which is slow beside other programs"
    return f"cpu, {torch.get_num_threads()} threads on {cores()} cores, {waiting}"


def check_place(missing: list[str]) -> Iterator[str]:
    """What Python this is, and who calls; what is not as the lessons need it is also added to ``missing`` with its remedy."""
    if not (3, 10) <= sys.version_info < (3, 14):
        missing.append(f"Python 3.10 to 3.13 is needed, not {platform.python_version()}: python3.12 setup_course.py in the kit's folder")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        yield "User       root; start Jupyter with: python setup_course.py, or jupyter lab --allow-root"
    try:
        free = shutil.disk_usage(".").free / 1e9
    except OSError:  # the folder is gone
        missing.append("this folder is not there any more: change to the kit's folder")
        return
    yield f"Disk       {free:.1f} GB free here"
    try:
        check_results_folder(cache_folder())
    except StyleclipError as error:
        missing.append(f"{str(error).rstrip('.')} (STYLECLIP_CACHE names the folder of the cache)")
    if free < LEAST_GIGABYTES:
        missing.append(f"{free:.1f} GB are free here, and runs and downloads want {LEAST_GIGABYTES}: make room, or work in another folder")


def check_packages(missing: list[str]) -> Iterator[str]:
    """One line for each package; what does not import is also added to ``missing`` with its remedy."""
    for name, module in PACKAGES.items():
        try:
            import_module(module)
        except ModuleNotFoundError as error:
            yield f"{name:16} missing"
            missing.append(f"{error.name or module} is not installed: {INSTALL}")
        except Exception as error:  # a broken library can raise anything
            yield f"{name:16} {_version(name)}, broken"
            missing.append(f"{name} cannot be imported ({' '.join(str(error).split())}): install it again, {INSTALL}")
        else:
            yield f"{name:16} {_version(name)}"
    for name, purpose in LESSONS.items():
        yield f"{name:16} {_version(name)} ({purpose})"
        if _version(name) == NOT_INSTALLED:
            missing.append(f"{name} is not installed, and is needed {purpose}: {INSTALL_LAB}")
    for name, (extra, purpose) in OPTIONAL.items():
        version = _version(name)
        remedy = f': pip install --editable ".[{extra}]"' if version == NOT_INSTALLED else ""
        yield f"{name:16} {version} ({purpose}{remedy})"


def check_domains(missing: list[str]) -> Iterator[str]:
    """One line for each domain; a file that differs from its record is also added to ``missing``."""
    try:
        from ..weights import domain
    except ImportError:
        if not missing:  # then no package is to blame
            raise
        yield "cannot be read before the packages are installed"
        return
    try:
        models = data_folder() / "models"
    except StyleclipError as error:
        yield "none found"
        missing.append(str(error))
        return
    if not (models / "portraits" / domain.INDEX).is_file():
        yield "portraits        missing"
        missing.append("the portraits domain is missing: git checkout data/models/portraits")
    for folder in sorted(path.parent for path in models.glob(f"*/{domain.INDEX}")):
        yield from _describe_domain(folder, missing)


def _describe_domain(folder: Path, missing: list[str]) -> Iterator[str]:
    """'portraits  38.2 MB in 7 files, all as recorded', after comparing every file with its SHA-256; and what has been downloaded."""
    from ..weights import domain
    from ..weights.downloads.registry import is_official

    wrong = []
    try:
        files = domain.read_index(folder)["files"]
    except StyleclipError as error:
        missing.append(str(error))
        yield f"{folder.name:16} {domain.INDEX} cannot be read"
        return
    official = {name for name in files if is_official(files[name])}
    if official:
        yield from _describe_downloads(folder, official, missing)
        if len(official) == len(files):
            return
    files = {name: entry for name, entry in files.items() if name not in official}
    for name in files:
        try:
            domain.file_path(folder, name)
        except StyleclipError as error:
            wrong.append(str(error))
    if folder.name == "portraits":
        files_of = {name: any(file == name or file.startswith(f"{name.removesuffix('s')}_") for file in files) for name in NEEDED}
        wrong += [f"portraits has no {name}: styleclip train {name}" for name, there in files_of.items() if not there]
    missing += wrong
    size = sum(entry["bytes"] for entry in files.values()) / 1e6
    state = f"{len(wrong)} to fix" if wrong else "all as recorded"
    yield f"{folder.name:16} {size:.1f} MB in {len(files)} files, {state}"


def _describe_downloads(folder: Path, names: set[str], missing: list[str]) -> Iterator[str]:
    """Which official files are in the cache. None counts as missing: they are downloaded on first use."""
    from ..weights.downloads.registry import domain_cache, downloads_of, megabytes

    try:
        files, cache = downloads_of(folder, sorted(names)), domain_cache(folder)
    except StyleclipError as error:
        missing.append(str(error))
        yield f"{folder.name:16} its downloads cannot be read"
        return
    there = [file for file in files if os.path.isfile(cache / file.name)]
    rest = "" if len(there) == len(files) else f"; styleclip download {folder.name} fetches the rest"
    yield f"{plain(folder.name):16} {len(there)} of {len(files)} files are in {_from_home(cache)}{rest}"
    for file in files:
        yield f"  {'there' if file in there else 'not yet':14} {megabytes(file.bytes):>9}  {file.name}"


def _from_home(folder: Path) -> str:
    """The folder with ~ for the home directory, so that a bug report does not name the user."""
    home = os.path.expanduser("~")  # stays "~" for a user without one
    return f"~/{folder.relative_to(home).as_posix()}" if folder.is_relative_to(home) else str(folder)


def _version(name: str) -> str:
    """The version of an installed distribution; conda calls dlib-bin dlib."""
    for known_as in (name, name.removesuffix("-bin")):
        try:
            return metadata.version(known_as)
        except metadata.PackageNotFoundError:
            continue
    return NOT_INSTALLED
