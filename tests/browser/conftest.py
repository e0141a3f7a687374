"""A real browser, a real JupyterLab and a real Voilà. Where one of them is missing, the tests are skipped, each by its name.

The browser is one that is installed already, such as Debian's package `chromium`; none is downloaded.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from platformdirs import user_cache_path

from styleclip_lib.errors import StyleclipError
from styleclip_lib.paths import data_folder

from .using import open_notebook, ready

ROOT = Path(__file__).resolve().parent.parent.parent
EXPORTED_TEXTS = ("a smiling face", "an old face")
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync")  # fmt: skip


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="no playwright here: pip install playwright")
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        pytest.skip("no Chromium here: on Debian, apt-get install chromium")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser):
    """A page of 1280 x 1100 pixels; what its console calls an error fails the test.

    Voilà asks a server elsewhere for icons that it brings along anyway; that nobody answers there is no error of ours.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 1100})
    page, errors = context.new_page(), []
    page.set_default_timeout(90_000)
    page.on("console", lambda message: errors.append(message.text) if is_ours(message) else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


def is_ours(message) -> bool:
    """Whether a line of the console is an error, and not about a file of another machine."""
    return message.type == "error" and not (message.location["url"].startswith("https://") and "ERR_" in message.text)


@pytest.fixture(scope="session")
def lab(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """(the address of a JupyterLab, the folder that it shows); the lessons' pictures and notebooks are copies."""
    pytest.importorskip("jupyterlab")
    folder = tmp_path_factory.mktemp("lab")
    shutil.copytree(ROOT / "notebooks" / "images", folder / "images")
    port = free_port()
    words = ["-m", "jupyterlab", "--allow-root", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0",
             "--IdentityProvider.token=", "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=",
             "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", f"--notebook-dir={folder}"]
    with served(words, f"http://127.0.0.1:{port}/api", folder):
        yield f"http://127.0.0.1:{port}/lab", folder


@pytest.fixture
def lesson(page, lab):
    """Lesson 07 in JupyterLab, with its first two cells of code run: set-up and studio."""
    open_notebook(page, lab, ROOT / "notebooks" / "07_studio.ipynb", cells=2)
    ready(page)
    return page


@pytest.fixture(scope="module")
def voila(tmp_path_factory) -> Iterator[str]:
    """The address at which `styleclip studio` shows the studio."""
    pytest.importorskip("voila")
    port = free_port()
    words = ["-m", "styleclip_lib", "studio", "--browser", "none", f"--port={port}"]
    with served(words, f"http://127.0.0.1:{port}/voila/static/", tmp_path_factory.mktemp("voila")):
        yield f"http://127.0.0.1:{port}/"


@pytest.fixture(scope="session")
def exported(tiny_domain, tmp_path_factory) -> Path:
    """The tiny domain for browsers, with onnxruntime from the cache of whoever runs the tests, or by npm."""
    pytest.importorskip("onnxscript", reason="the extra 'export' is not installed")
    from styleclip_lib import load_models
    from styleclip_lib.edge.export import export_onnx
    from styleclip_lib.edge.web_runtime import find_web_runtime

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLECLIP_CACHE", str(user_cache_path("styleclip", appauthor=False)))
        try:
            runtime = find_web_runtime()
        except StyleclipError as error:
            pytest.skip(str(error))
    return export_onnx(load_models(tiny_domain, "cpu"), tmp_path_factory.mktemp("exported") / "edge", EXPORTED_TEXTS, faces=2,
                       web=runtime)


@contextmanager
def served(words: list[str], sign_of_life: str, folder: Path) -> Iterator[None]:
    """A server of our own, in a process group that ends with it. Fails with what it said if it does not come up."""
    log = folder / "server.log"
    settings = {"JUPYTER_CONFIG_DIR": str(folder / ".config"), "JUPYTER_DATA_DIR": str(folder / ".data"),
                "STYLECLIP_DATA": str(data_folder()),
                "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}
    with log.open("w") as out:
        server = subprocess.Popen([sys.executable, *words], cwd=folder, env={**os.environ, **settings}, stdout=out,
                                  stderr=subprocess.STDOUT, start_new_session=True)
    try:
        end = time.monotonic() + 90
        while not answers(sign_of_life):
            assert server.poll() is None and time.monotonic() < end, log.read_text()
            time.sleep(0.3)
        yield
    finally:
        os.killpg(server.pid, signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


def answers(address: str) -> bool:
    """Whether a server answers, whatever it says."""
    try:
        urllib.request.urlopen(address, timeout=5)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
