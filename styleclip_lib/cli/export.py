"""``styleclip export``: a domain for small devices and for browsers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from ..paths import check_new_folder
from .parsing import Device, Domain, parse


@dataclass
class Settings:
    """Write what editing faces takes as ONNX files: run.py edits photos with onnxruntime alone, index.html does in a browser."""

    folder: tyro.conf.Positional[Path]
    """a new folder"""
    format: Literal["onnx"] = "onnx"
    """the networks' format"""
    texts: tuple[str, ...] = ()
    """what faces can become, each in quotes; by default fifteen usual ones"""
    faces: int = 6
    """how many invented faces to put in, to play with"""
    page: bool = True
    """put in the page for browsers, with onnxruntime for WebAssembly (14 MB)"""
    web: Path | None = None
    """the folder dist of the npm package onnxruntime-web; by default that in node_modules, else npm fetches the package once"""
    domain: Domain = "portraits"
    """the name of a domain, or a folder with one; its mobile student and small image encoder are taken where it brings them"""
    device: Device = "auto"
    """what computes"""


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "export", arguments)
    if not 1 <= settings.faces <= 100:
        raise StyleclipError(f"--faces must lie between 1 and 100, not at {settings.faces}.")
    if any(not text.strip() for text in settings.texts):
        raise StyleclipError('A text is empty: say what faces can become, such as --texts "a smiling face" "an old face".')
    check_new_folder(settings.folder)

    from ..edge.export import export_onnx
    from ..models import load_models

    models = load_models(settings.domain, device=settings.device)
    folder = export_onnx(models, settings.folder, settings.texts, settings.faces, settings.web, settings.page)
    print(f"Saved {folder}. Edit a photo: python {folder / 'run.py'} photo.png face.png --text \"{_first_text(folder)}\"")
    if settings.page:
        print(f"In a browser: python -m http.server --directory {folder}, then http://localhost:8000")
    return 0


def _first_text(folder: Path) -> str:
    import json

    return json.loads((folder / "edge.json").read_text(encoding="utf-8"))["texts"][0]
