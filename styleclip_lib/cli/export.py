"""``styleclip export``: a domain for small devices and browsers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import tyro

from ..errors import StyleclipError
from ..paths import check_new_folder
from .parsing import Device, DomainName, parse


@dataclass
class Settings:
    """Write everything that editing needs as ONNX files: run.py edits photos with onnxruntime alone, index.html in a browser."""

    folder: tyro.conf.Positional[Path]
    """a new folder"""
    format: Literal["onnx"] = "onnx"
    """the networks' format"""
    texts: tuple[str, ...] = ()
    """the texts to offer, each in quotes; by default fifteen common ones"""
    faces: int = 6
    """number of invented faces to include"""
    page: bool = True
    """include the browser page, with onnxruntime for WebAssembly (14 MB)"""
    web: Path | None = None
    """the dist folder of the npm package onnxruntime-web; by default the one in node_modules, or npm fetches the package once"""
    domain: DomainName = "portraits"
    """the name of a domain, or a folder with one; its mobile student and small image encoder are used if it has them"""
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "export", arguments)
    if not 1 <= settings.faces <= 100:
        raise StyleclipError(f"--faces must lie between 1 and 100, not {settings.faces}.")
    if any(not text.strip() for text in settings.texts):
        raise StyleclipError('A text is empty: say what the faces should become, such as --texts "a smiling face" "an old face".')
    check_new_folder(settings.folder)

    from ..edge.export import export_onnx
    from ..models import load_models

    models = load_models(settings.domain, device=settings.device)
    folder = export_onnx(models, settings.folder, settings.texts, settings.faces, settings.web, settings.page)
    print(f"Saved {folder}. To edit a photo: python {folder / 'run.py'} photo.png face.png --text \"{_first_text(folder)}\"")
    if settings.page:
        print(f"In a browser: python -m http.server --directory {folder}, then open http://localhost:8000")
    return 0


def _first_text(folder: Path) -> str:
    import json

    return json.loads((folder / "edge.json").read_text(encoding="utf-8"))["texts"][0]
