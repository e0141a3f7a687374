"""Pictures side by side on one sheet, with labels."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image, ImageDraw, ImageFont, ImageOps

from ..errors import StyleclipError
from .tensors import Pictures, to_pils


def image_grid(
    images: Pictures, columns: int | None = None, labels: Sequence[str] | None = None, size: int | None = None
) -> Image.Image:
    """Arranges pictures in rows, as one ``PIL.Image``.

    ``columns`` by default makes the grid nearly square, with at most 8; ``labels``, one for each picture, are written below; ``size`` is
    the longer side of a cell in pixels, by default the largest picture's.
    Raises StyleclipError if there are no pictures, or if the number of labels differs from that of the pictures.
    """
    cells = to_pils(images)
    if not cells:
        raise StyleclipError("There is no picture to put into a grid: give at least one.")
    if labels is not None and len(labels) != len(cells):
        raise StyleclipError(f"{len(cells)} pictures need {len(cells)} labels, not {len(labels)}.")
    side = size or max(max(cell.size) for cell in cells)
    cells = [ImageOps.contain(cell, (side, side), Image.Resampling.LANCZOS) for cell in cells]
    if labels is not None:
        cells = _with_labels(cells, labels)
    columns = min(columns or min(8, math.ceil(math.sqrt(len(cells)))), len(cells))
    width, height = max(cell.width for cell in cells), max(cell.height for cell in cells)
    rows, gap = math.ceil(len(cells) / columns), 2
    sheet = Image.new("RGB", (columns * (width + gap) - gap, rows * (height + gap) - gap), "white")
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        left = column * (width + gap) + (width - cell.width) // 2
        sheet.paste(cell, (left, row * (height + gap)))
    return sheet


def _with_labels(cells: list[Image.Image], labels: Sequence[str]) -> list[Image.Image]:
    """Each cell with its label centred below it; a long label is broken into lines."""
    font = ImageFont.load_default(size=11)
    wrapped = [_wrap(label, cell.width, font) for cell, label in zip(cells, labels)]
    line, lines = 14, max(len(text) for text in wrapped)
    labelled = []
    for cell, text in zip(cells, wrapped):
        sheet = Image.new("RGB", (cell.width, cell.height + line * lines + 3), "white")
        sheet.paste(cell, (0, 0))
        pen = ImageDraw.Draw(sheet)
        for row, words in enumerate(text):
            pen.text((cell.width / 2, cell.height + 2 + row * line), words, fill="black", font=font, anchor="ma")
        labelled.append(sheet)
    return labelled


def _wrap(text: str, width: int, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> list[str]:
    """Breaks a text at spaces into lines of at most ``width`` pixels (a single long word may stick out)."""
    lines: list[str] = []
    for word in text.split():
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
