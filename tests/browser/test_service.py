"""The page of the service on the tiny domain, used as on a phone and at a desk.

A picture, a wish, a result; reloads, two tabs, a server that goes away.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from styleclip_lib.paths import data_folder

from .conftest import ROOT
from .serving import Server

pytest.importorskip("fastapi", reason='the extra serve is not installed: pip install --editable ".[serve]"')

SIZES = {"phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
         "desk": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"}}
CUT = "document.querySelector('.stage').style.getPropertyValue('--cut')"
AXE = shutil.which("node") and next(iter(sorted(Path(os.environ.get("AXE_CORE", "/nowhere")).glob("axe.min.js"))), None)


@pytest.fixture(scope="module")
def server(tmp_path_factory, tiny_domain):
    server = Server(tmp_path_factory.mktemp("service"), tiny_domain)
    server.start()
    yield server
    server.kill()


@pytest.fixture(params=["phone", pytest.param("desk", marks=pytest.mark.full)])
def visitor(request, browser, server):
    """A page of each size; what its console calls an error fails the test, but for answers that are none, or say no."""
    context = browser.new_context(accept_downloads=True, **SIZES[request.param])
    errors: list[str] = []
    context.on("page", lambda page: page.on("pageerror", lambda error: errors.append(str(error))))
    page = context.new_page()
    page.set_default_timeout(600_000)
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" and "Failed to load" not in said.text else None)
    page.goto(server.address)
    page.locator("#texts button").first.wait_for()
    yield page
    context.close()
    assert errors == []


def choose_picture(page) -> None:
    page.locator("#file").set_input_files(str(next((data_folder() / "images").glob("*.png"))))
    page.locator("#faces:not([hidden])").wait_for()


def finish(page) -> None:
    page.locator("#result-buttons:not([hidden])").wait_for()
    page.locator(".stage img").nth(1).wait_for()


def touch(page, points: list[tuple[float, float]]) -> None:
    """A finger that goes down at the first point, and up at the last."""
    line = page.context.new_cdp_session(page)
    for number, (x, y) in enumerate(points):
        kind = "touchMove" if number else "touchStart"
        line.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
    line.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def fits(page) -> bool:
    """Whether nothing sticks out at the side."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_from_a_picture_to_a_saved_one(visitor):
    page = visitor
    assert page.locator("#go").is_disabled() and fits(page)
    assert page.locator("[for=camera]").is_visible() == page.evaluate("navigator.maxTouchPoints > 0")
    choose_picture(page)
    page.locator("#texts button").first.click()
    page.locator("#go").click()
    finish(page)
    assert fits(page) and "Similarity to the face before" in page.locator("#report").inner_text()

    cut = page.locator("#cut")
    cut.focus()
    before = page.evaluate(CUT)
    page.keyboard.press("ArrowLeft")
    assert before == "50%" and page.evaluate(CUT) == "49%"
    box = page.locator(".stage").bounding_box()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 40)
    page.mouse.up()
    assert 75 <= int(cut.input_value()) <= 85
    if page.evaluate("navigator.maxTouchPoints"):  # a finger that moves sideways moves the cut, and does not scroll
        touch(page, [(box["x"] + share * box["width"], box["y"] + 40) for share in (0.8, 0.7, 0.6, 0.5, 0.4, 0.3)])
        assert 25 <= int(cut.input_value()) <= 35

    with page.expect_download() as download:
        page.locator("#save").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")
    with page.expect_download() as download:
        page.locator("#recipe").click()
    recipe = json.loads(Path(download.value.path()).read_text())
    assert recipe["recipe"]["method"] == "directions" and recipe["text"]

    page.locator("#history button").first.wait_for()  # it is kept
    page.reload()
    page.locator("#history button").first.wait_for()
    other = page.context.new_page()
    other.goto(page.url)
    other.locator("#texts button").first.wait_for()
    assert other.locator("#go").is_disabled()
    other.locator("#history button").first.click()
    finish(other)
    assert other.locator("#go").is_enabled()  # the picture of then can be changed again
    assert other.locator("#text").input_value() == recipe["text"]
    page.locator("#clear").click()
    page.locator("#history-step").wait_for(state="hidden")


def test_one_of_several_faces_is_chosen(visitor, tmp_path):
    faces = [Image.open(path).convert("RGB") for path in sorted((data_folder() / "images").glob("*.png"))[:2]]
    sheet = Image.new("RGB", (4 * faces[0].width, 2 * faces[0].height), "grey")
    for number, face in enumerate(faces):
        sheet.paste(face, ((6 * number + 1) * face.width // 3, face.height // 2))
    sheet.save(tmp_path / "two.png")
    page = visitor
    page.locator("#file").set_input_files(str(tmp_path / "two.png"))
    page.locator("#faces-legend:has-text('2 faces')").wait_for()
    page.locator("[name=face]").nth(1).check(force=True)
    page.locator("#text").fill("a smiling face")
    page.keyboard.press("Enter")
    finish(page)
    with page.expect_download() as download:
        page.locator("#recipe").click()
    assert json.loads(Path(download.value.path()).read_text())["face"]["face"] == 1


def test_a_reload_in_the_middle_of_a_job_goes_on_with_it_and_stop_ends_it(visitor):
    page = visitor
    choose_picture(page)
    page.locator("summary").click()
    page.locator("#method").select_option("mapper")  # which is trained for this text, a while
    page.locator("#automatic").uncheck()
    page.locator("#text").fill("a face with a hat")
    page.keyboard.press("Enter")
    page.locator("#step-now:has-text('step')").wait_for()
    page.reload()
    page.locator("#step-now:has-text('step')").wait_for()
    assert page.locator("#text").input_value() == "a face with a hat"
    page.locator("#stop").click()
    finish(page)
    page.locator("#go:enabled").wait_for()  # the picture is still the one to change


def test_a_server_that_goes_away_and_comes_back(visitor, server):
    page = visitor
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    server.kill()
    page.locator("#invent").click()
    page.locator("#offline:not([hidden])").wait_for()
    assert "does not answer" in page.locator("#problem").inner_text()
    page.reload()
    page.locator("h1").wait_for()  # the page itself is kept
    server.start()
    page.locator("#offline").wait_for(state="hidden")
    page.locator("#texts button").first.wait_for()
    choose_picture(page)


def test_what_is_not_understood_is_said_where_it_is_seen(visitor):
    page = visitor
    choose_picture(page)
    page.locator("#go").click()
    assert page.locator("#text-error").inner_text().startswith("Say what") and page.evaluate("document.activeElement.id") == "text"
    page.locator("#text").fill("qwertyuiop")
    page.locator("#go").click()
    page.locator("#problem:not(:empty)").wait_for()
    page.locator("#file").set_input_files({"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 nothing"})
    page.locator("#problem:has-text('PDF')").wait_for()


@pytest.mark.skipif(not AXE, reason="no axe here: npm pack axe-core, and name its unpacked folder in AXE_CORE")
def test_axe_finds_no_serious_fault(visitor):
    page = visitor
    choose_picture(page)
    page.locator("#texts button").first.click()
    page.locator("#go").click()
    finish(page)
    page.locator("summary").click()
    faults = page.evaluate(f"{AXE.read_text(encoding='utf-8')}\naxe.run().then(found => found.violations)")
    assert [(one["id"], one["impact"], one["nodes"][0]["html"]) for one in faults if one["impact"] in ("serious", "critical")] == []


def test_the_page_is_small_and_loads_nothing_from_elsewhere(server):
    page = Path(ROOT, "styleclip_lib", "service", "page")
    files = list(page.iterdir())
    assert sum(file.stat().st_size for file in files) < 200_000
    for file in files:
        if file.suffix == ".js" and file.name != "sw.js":
            assert f"'/static/{file.name}'" in (page / "sw.js").read_text(encoding="utf-8"), f"{file.name} is missing without a network"
        if file.suffix in (".html", ".css", ".js", ".webmanifest"):
            content = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert "http://" not in content and "https://" not in content and "//cdn" not in content, file.name
