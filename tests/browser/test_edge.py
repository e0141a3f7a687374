"""An exported domain in a browser: the page edits faces by WebAssembly, and asks nobody else for anything."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from PIL import Image
from platformdirs import user_cache_path

pytest.importorskip("onnxscript", reason="the extra 'export' is not installed")
pytest.importorskip("onnxruntime", reason="the extra 'export' is not installed")

from styleclip_lib import load_models
from styleclip_lib.edge import web_runtime
from styleclip_lib.edge.export import export_onnx
from styleclip_lib.edge.runtime import EdgeEditor
from styleclip_lib.errors import StyleclipError

from .conftest import free_port, served

TEXTS = ("a smiling face", "an old face")
PIXELS = """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"""


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    """onnxruntime for browsers, from the cache of whoever runs the tests, or by npm."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STYLECLIP_CACHE", str(user_cache_path("styleclip", appauthor=False)))
        target = tmp_path_factory.mktemp("web") / "ort"
        try:
            web_runtime.copy_web_runtime(target)
        except StyleclipError as error:
            pytest.skip(str(error))
    return target


@pytest.fixture(scope="module")
def folder(tiny_domain, runtime, tmp_path_factory):
    return export_onnx(load_models(tiny_domain, "cpu"), tmp_path_factory.mktemp("out") / "edge", TEXTS, faces=2, web=runtime)


@pytest.fixture
def address(folder, tmp_path):
    port = free_port()
    words = ["-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(folder)]
    with served(words, f"http://127.0.0.1:{port}/edge.json", tmp_path):
        yield f"http://127.0.0.1:{port}/"


def pixels(page, name: str) -> np.ndarray:
    """What a canvas shows, uint8 [H, W, 3]."""
    flat = np.array(page.locator(f"#{name}").evaluate(PIXELS), np.uint8)
    side = int((len(flat) / 4) ** 0.5)
    return flat.reshape(side, side, 4)[:, :, :3]


def done(page, text: str) -> None:
    page.locator("#status", has_text=text).wait_for()


def assert_near(shown: np.ndarray, expected: np.ndarray) -> None:
    assert shown.shape == expected.shape and np.abs(shown.astype(int) - expected.astype(int)).max() <= 2


def test_the_page_edits_as_the_runtime_does(page, address, folder, tmp_path):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    done(page, f"{TEXTS[0]}, strength 1.0")
    editor = EdgeEditor(folder)
    assert_near(pixels(page, "after"), editor.edit_invented(0, TEXTS[0]))

    page.get_by_role("button", name="Invented face 2").click()
    page.get_by_label("Text").select_option(TEXTS[1])
    page.get_by_label("Strength").fill("0.5")
    done(page, f"{TEXTS[1]}, strength 0.5")
    page.wait_for_function("() => document.getElementById('status').textContent.includes('strength 0.5')")
    assert_near(pixels(page, "after"), editor.edit_invented(1, TEXTS[1], 0.5))

    photo = np.kron(np.random.default_rng(0).integers(0, 255, (4, 4, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
    Image.fromarray(photo).save(tmp_path / "photo.png")
    before = pixels(page, "before")
    page.locator("#photo").set_input_files(tmp_path / "photo.png")
    page.wait_for_function("() => !document.querySelector('[aria-pressed=true]')")
    done(page, f"{TEXTS[1]}, strength 0.5")
    assert_near(pixels(page, "before"), photo)
    assert not (pixels(page, "before") == before).all()
    page.wait_for_timeout(500)
    assert_near(pixels(page, "after"), editor.edit(photo, TEXTS[1], 0.5))

    (tmp_path / "no.png").write_text("no picture")
    page.locator("#photo").set_input_files(tmp_path / "no.png")
    done(page, "not a picture")
    assert all(url.startswith((address, "data:", "blob:")) for url in asked), asked


def test_a_folder_that_lacks_a_network_says_so(browser, address, folder):
    page = browser.new_page()
    network = folder / "steps.onnx"
    kept = shutil.copy(network, folder / "kept")
    network.unlink()
    page.goto(address)
    done(page, "steps.onnx is missing")
    assert page.locator("fieldset:not([disabled])").count() == 0
    page.close()
    shutil.move(kept, network)
