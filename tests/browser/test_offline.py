"""The service's offline mode: a browser keeps the exported page, and edits without the server."""

from __future__ import annotations

import pytest

from .serving import Server

pytest.importorskip("fastapi", reason='the extra serve is not installed: pip install --editable ".[serve]"')


@pytest.fixture(scope="module")
def server(tmp_path_factory, tiny_domain, exported):
    server = Server(tmp_path_factory.mktemp("service"), tiny_domain, "--offline", str(exported))
    server.start()
    yield server
    server.kill()


def test_what_is_kept_edits_without_the_server(browser, server):
    context = browser.new_context()
    page, errors = context.new_page(), []
    page.set_default_timeout(90_000)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" and "Failed to load" not in said.text else None)
    page.goto(server.address)
    page.wait_for_function("navigator.serviceWorker.ready.then(() => true)")
    page.locator("#device-size:has-text('It takes')").wait_for()
    page.locator("#keep").click()
    page.locator("#device-size:has-text('on this device')").wait_for()
    assert page.locator("#keep").is_hidden()

    server.kill()
    page.reload()
    page.locator("#offline-link:visible").click()
    page.locator("#status", has_text="a smiling face, strength 1.0").wait_for()
    page.get_by_role("button", name="Invented face 2").click()
    page.get_by_label("Text").select_option("an old face")
    page.locator("#status", has_text="an old face, strength 1.0").wait_for()
    page.get_by_role("link", name="Back to the server").click()
    page.locator("#offline:visible").wait_for()
    context.close()
    assert errors == []
