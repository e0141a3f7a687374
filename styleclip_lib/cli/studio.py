"""``styleclip studio``: the studio of lesson 07 in its own browser window, without a notebook."""

from __future__ import annotations

import importlib.util
import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..errors import StyleclipError
from .listening import check_free
from .parsing import Device, Domain, parse

CELL = """\
from styleclip_lib import load_models
from styleclip_lib.widgets.studio.studio import Studio

Studio(load_models({domain!r}, device={device!r}), folder={folder!r})
"""

NOT_FOR_VOILA = ["@jupyter-notebook/lab-extension", "@jupyter/nbgrader"]
"""JupyterLab extensions that come with nbgrader and fail in Voilà."""


HOST = "127.0.0.1"

TORNADO = {"websocket_max_message_size": 500_000_000}
"""Bytes. Uploaded photographs come as one message, and above 10 MB Tornado would close the connection without a word."""

CULLING = ["--MappingKernelManager.cull_idle_timeout=120", "--MappingKernelManager.cull_interval=30"]
"""In seconds: a page that is reloaded or closed leaves a kernel with all models, which ends when nobody has been connected for so long."""


@dataclass
class Settings:
    """Open the studio in the browser, until Ctrl-C. Pictures and recipes are saved in the current folder."""

    port: int = 8866
    """port to listen on; only this machine can connect"""
    browser: Literal["open", "none"] = "open"
    """open: open a browser window; none: only print the address"""
    theme: Literal["light", "dark"] = "light"
    """colours of the page"""
    domain: Domain = "portraits"
    device: Device = "auto"


def main(arguments: Sequence[str]) -> int:
    settings = parse(Settings, "studio", arguments)
    if importlib.util.find_spec("voila") is None:
        raise StyleclipError("The package 'voila' is missing: pip install voila, or open notebooks/07_studio.ipynb in JupyterLab.")
    check_free(HOST, settings.port)  # or Voilà would take another port, which the line below does not name
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that Voilà ends with us, and the page is taken away
    with tempfile.TemporaryDirectory(prefix="styleclip-") as folder:
        page = write_page(Path(folder) / "studio.ipynb", settings, Path.cwd())
        print(f"The studio opens at http://localhost:{settings.port} in a few seconds; Ctrl-C stops it.", flush=True)
        try:
            return subprocess.run(command(page, settings), check=False).returncode
        except KeyboardInterrupt:
            print("The studio is closed; pictures that it saved are in the current folder.")
            return 0


def write_page(path: Path, settings: Settings, folder: Path) -> Path:
    """Writes the notebook that Voilà shows: one cell. folder: where pictures are saved.

    Raises StyleclipError if there is no such domain, here rather than in the browser.
    """
    from ..weights.domain import lasting_name

    source = CELL.format(domain=lasting_name(settings.domain), device=settings.device, folder=str(folder))
    cell = {"cell_type": "code", "id": "studio", "metadata": {}, "source": source, "outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = {"cells": [cell], "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(book), encoding="utf-8")
    return path


def command(page: Path, settings: Settings) -> list[str]:
    """The command line that starts Voilà."""
    return [sys.executable, "-m", "voila", str(page), f"--port={settings.port}", f"--theme={settings.theme}",
            f"--Voila.ip={HOST}", f"--Voila.tornado_settings={TORNADO}", *CULLING,
            f"--VoilaConfiguration.extension_denylist={NOT_FOR_VOILA}",
            *(["--no-browser"] if settings.browser == "none" else [])]
