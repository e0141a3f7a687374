"""What a person does with the studio: look, press, type, move a slider with the keyboard."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

STUDIO = ".sc-studio"
BYTES = """async picture => {
  const content = new Uint8Array(await (await fetch(picture.src)).arrayBuffer());
  return [content.length, content.reduce((sum, byte) => (31 * sum + byte) % 4294967291, 7)].join(' ');
}"""


def picture(page) -> str:
    """A number for the bytes of the face that is shown."""
    return content(page.locator(f"{STUDIO} img").first)


def content(image) -> str:
    """A number for the bytes of a picture."""
    return image.evaluate(BYTES)


def wait_for_another(page, before: str, seconds: float = 60.0) -> str:
    """The studio's picture once it is another one."""
    return changed(page.locator(f"{STUDIO} img").first, before, seconds)


def changed(image, before: str, seconds: float = 60.0) -> str:
    """A picture once it is another one."""
    end = time.monotonic() + seconds
    while (now := content(image)) == before:
        assert time.monotonic() < end, "the picture stayed as it was"
        image.page.wait_for_timeout(50)
    return now


def settles(page, on: str, seconds: float = 60.0) -> None:
    """Waits until the studio's picture is this one: a preview may come before it."""
    end = time.monotonic() + seconds
    while picture(page) != on:
        assert time.monotonic() < end, "another picture stayed"
        page.wait_for_timeout(50)


def thumbnails(page):
    """The pictures of the last edits, the newest first."""
    return page.locator(f"{STUDIO} .sc-strip .sc-thumb:visible")


def wish(page, text: str) -> str:
    """Types a wish and presses Enter; the picture, once the edit is drawn and measured: a small one of it comes after that."""
    edits = thumbnails(page).count()
    page.locator(f"{STUDIO} .sc-line input").fill(text)
    page.keyboard.press("Enter")
    thumbnails(page).nth(edits).wait_for()
    return picture(page)


def status(page) -> str:
    return page.locator(f"{STUDIO} .sc-status").inner_text()


def open_tool(page, name: str) -> None:
    """Opens what stands behind a button, unless it is open, in place of what was open before."""
    button = page.locator(f"{STUDIO} .sc-tools").get_by_role("button", name=name, exact=True)
    if "mod-active" not in button.get_attribute("class"):
        note = page.locator(f"{STUDIO} .sc-tool .sc-help").first  # every tool has one
        before = note.element_handle()
        button.click()
        before.wait_for_element_state("hidden")  # the kernel exchanges the tools; only the button is pressed at once
        note.wait_for()


def handle(page, label: str, number: int = 0):
    """The handle of a slider that can be seen, by its label."""
    row = page.locator(f"{STUDIO} .widget-slider:visible", has=page.locator(f"label:text-is('{label}')")).nth(number)
    return row.locator(".noUi-handle").first


def ready(page) -> None:
    """Waits until the studio is there and has measured its first face: one of the places for small pictures is left.

    All of them can be seen until their layouts are there.
    """
    thumbnails(page).first.wait_for()
    page.locator(f"{STUDIO} .sc-strip .sc-thumb").last.wait_for(state="hidden")


def open_notebook(page, lab: tuple[str, Path], path: Path, cells: int) -> None:
    """Opens a copy of a notebook in JupyterLab, and runs its first code cells, as Shift-Enter does."""
    address, folder = lab
    shutil.copy(path, folder)
    page.goto(f"{address}/tree/{path.name}?reset")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.locator("[data-status=idle]").first.wait_for(state="attached")
    page.evaluate("""async count => {
      const book = jupyterapp.shell.currentWidget;
      await book.context.sessionContext.ready;
      const code = book.content.widgets.map((cell, i) => [cell.model.type, i]).filter(([type]) => type === 'code').map(([_, i]) => i);
      for (const i of code.slice(0, count)) {
        book.content.deselectAll();
        book.content.activeCellIndex = i;
        await jupyterapp.commands.execute('notebook:run-cell');
      }
    }""", cells)  # fmt: skip


def run_new_cell(page, code: str) -> str:
    """Puts code into a new cell below, runs it, and returns what it prints, or the error that it ends in."""
    page.evaluate("""async code => {
      await jupyterapp.commands.execute('notebook:insert-cell-below');
      jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource(code);
      await jupyterapp.commands.execute('notebook:run-cell');
    }""", code)  # fmt: skip
    return "".join(page.locator(".jp-Cell.jp-mod-active .jp-OutputArea-output").all_inner_texts())
