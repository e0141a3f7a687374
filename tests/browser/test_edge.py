"""An exported domain in a browser: the page edits faces by WebAssembly, and asks nobody else for anything."""

from __future__ import annotations

import shutil
import time

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("onnxruntime", reason="the extra 'export' is not installed")

from styleclip_lib.edge.runtime import EdgeEditor

from .conftest import EXPORTED_TEXTS as TEXTS
from .conftest import free_port, served

PIXELS = """canvas => Array.from(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data)"""


@pytest.fixture
def address(exported, tmp_path):
    port = free_port()
    words = ["-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", str(exported)]
    with served(words, f"http://127.0.0.1:{port}/edge.json", tmp_path):
        yield f"http://127.0.0.1:{port}/"


def pixels(page, name: str) -> np.ndarray:
    """What a canvas shows, uint8 [H, W, 3]."""
    flat = np.array(page.locator(f"#{name}").evaluate(PIXELS), np.uint8)
    side = int((len(flat) / 4) ** 0.5)
    return flat.reshape(side, side, 4)[:, :, :3]


def done(page, text: str) -> None:
    page.locator("#status", has_text=text).wait_for()


def near(shown: np.ndarray, expected: np.ndarray) -> bool:
    return shown.shape == expected.shape and np.abs(shown.astype(int) - expected.astype(int)).max() <= 2


def settles(page, name: str, on: np.ndarray, seconds: float = 60.0) -> None:
    """Waits until a canvas shows this picture: what was asked for before may come before it."""
    end = time.monotonic() + seconds
    while not near(pixels(page, name), on):
        assert time.monotonic() < end, "another picture stayed"
        page.wait_for_timeout(50)


def test_the_page_edits_as_the_runtime_does(page, address, exported, tmp_path):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    done(page, f"{TEXTS[0]}, strength 1.0")
    editor = EdgeEditor(exported)
    assert near(pixels(page, "after"), editor.edit_invented(0, TEXTS[0]))

    page.get_by_role("button", name="Invented face 2").click()
    page.get_by_label("Text").select_option(TEXTS[1])
    page.get_by_label("Strength").fill("0.5")
    done(page, f"{TEXTS[1]}, strength 0.5")
    settles(page, "after", editor.edit_invented(1, TEXTS[1], 0.5))

    photo = np.kron(np.random.default_rng(0).integers(0, 255, (4, 4, 3), dtype=np.uint8), np.ones((8, 8, 1), np.uint8))
    Image.fromarray(photo).save(tmp_path / "photo.png")
    before = pixels(page, "before")
    page.locator("#photo").set_input_files(tmp_path / "photo.png")
    page.wait_for_function("() => !document.querySelector('[aria-pressed=true]')")
    settles(page, "before", photo)
    assert not (pixels(page, "before") == before).all()
    settles(page, "after", editor.edit(photo, TEXTS[1], 0.5))
    done(page, f"{TEXTS[1]}, strength 0.5")

    (tmp_path / "no.png").write_text("no picture")
    page.locator("#photo").set_input_files(tmp_path / "no.png")
    done(page, "not a picture")
    assert all(url.startswith((address, "data:", "blob:")) for url in asked), asked


def test_a_folder_that_lacks_a_network_says_so(browser, address, exported):
    page = browser.new_page()
    network = exported / "steps.onnx"
    kept = shutil.copy(network, exported / "kept")
    network.unlink()
    page.goto(address)
    done(page, "steps.onnx is missing")
    assert page.locator("fieldset:not([disabled])").count() == 0
    page.close()
    shutil.move(kept, network)
