"""How often two readings of the same pictures agree: the examiner's and a person's, or labels and the known factors of a render."""

import csv
import io
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from ..errors import StyleclipError
from ..paths import open_regular, user_path, written_whole
from ..portraits.aligned.world.attributes import ATTRIBUTES, BY_NAME, index_of
from ..portraits.aligned.world.factors import Factors
from ..portraits.language.attribute_values import COLUMN, visible

LABELLED = ("expression", "glasses", "headwear", "hair_style", "hair_color", "facial_hair", "age")
"""The attributes that people are asked to label."""

UNKNOWN, BETWEEN = "?", "between"
"""The labels for "cannot tell" and for a scale between its named values."""

MOST_BYTES = 10_000_000
"""The largest table of labels, enough for a hundred thousand pictures."""

Values = Mapping[str, str | None]
"""The values of a picture's attributes, None between two values of a scale; attributes that cannot be judged are left out."""


@dataclass(frozen=True)
class Agreement:
    """The number of pictures, out of n, in which two readings of an attribute agree."""

    agreed: int
    n: int

    @property
    def share(self) -> float:
        return self.agreed / self.n

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Wilson's confidence interval of the share."""
        found = binomtest(self.agreed, self.n).proportion_ci(level, "wilson")
        return float(found.low), float(found.high)

    def __str__(self) -> str:
        low, high = self.interval()
        return f"{self.share:.3f} ({low:.3f} to {high:.3f}), n = {self.n}"


def agreement(labels: Sequence[Values], readings: Sequence[Values]) -> dict[str, Agreement]:
    """The agreement on every attribute that is labelled in some picture; pictures without a label for it do not count."""
    result = {}
    for name in BY_NAME:
        same = [label[name] == reading[name] for label, reading in zip(labels, readings, strict=True) if name in label and name in reading]
        if same:
            result[name] = Agreement(sum(same), len(same))
    return result


def known_values(factors: Factors) -> list[dict[str, str]]:
    """For each render the values that are clearly true and visible, and so could be labelled by a person. Returns a list of length N."""
    seen = visible(factors)
    result: list[dict[str, str]] = [{} for _ in range(len(factors))]
    bald = factors.hair_style == index_of("hair_style", "bald")
    for attribute in ATTRIBUTES:
        columns = [COLUMN[attribute.name, value] for value in attribute.values]
        clear = attribute.is_true(getattr(factors, attribute.name)) & seen[:, columns]
        if attribute.name == "hair_color":
            clear &= ~bald[:, None]
        for picture, value in clear.nonzero().tolist():
            result[picture][attribute.name] = attribute.values[value]
    return result


def read_labels(path: Path) -> dict[Path, dict[str, str | None]]:
    """The labels of a CSV file: picture -> values.

    Its first line names the columns: `picture`, a file next to the table, and attributes. A cell holds the name of a value, `between` for
    a scale between its values, or `?` or nothing if one cannot tell.
    Raises StyleclipError for a table that cannot be read, an unknown column or value, or a missing picture.
    """
    path = user_path(path)
    with open_regular(path) as file:
        content = file.read(MOST_BYTES + 1)
    try:
        if len(content) > MOST_BYTES:
            raise ValueError(f"they have more than {MOST_BYTES // 10**6} MB")
        rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), skipinitialspace=True)
        columns, lines = rows.fieldnames or [], list(rows)
    except (ValueError, csv.Error) as error:
        raise StyleclipError(f"The labels '{path}' cannot be read ({error}): give a CSV file in UTF-8.") from None
    if "picture" not in columns:
        raise StyleclipError(f"The labels '{path}' have no column 'picture': their first line must name it and the attributes.")
    for name in set(columns) - {"picture", *BY_NAME}:
        raise StyleclipError(f"The labels '{path}' have a column '{name}', which is not an attribute: choose from {', '.join(BY_NAME)}.")
    result = {}
    for number, line in enumerate(lines, start=2):
        picture = path.parent / (line["picture"] or "")
        if not os.path.isfile(picture):
            raise StyleclipError(f"Line {number} of '{path}' names the picture '{line['picture']}', which does not exist.")
        if None in line or None in line.values():
            raise StyleclipError(f"Line {number} of '{path}' has a different number of cells from the first line.")
        cells = {name: cell.strip() for name, cell in line.items() if name != "picture" and cell.strip() not in ("", UNKNOWN)}
        result[picture] = {name: _value(name, cell, f"Line {number} of '{path}'") for name, cell in cells.items()}
    if not result:
        raise StyleclipError(f"The labels '{path}' name no picture.")
    return result


def write_labels(path: Path, pictures: Sequence[str], values: Iterable[Values], names: Sequence[str] = LABELLED) -> None:
    """Writes a table for `read_labels`: the names of the pictures and the values of some of their attributes."""
    with written_whole(path) as partial, open(partial, "w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["picture", *names])
        for picture, known in zip(pictures, values, strict=True):
            rows.writerow([picture, *((known[name] or BETWEEN) if name in known else UNKNOWN for name in names)])


def _value(name: str, cell: str, where: str) -> str | None:
    attribute = BY_NAME[name]
    if cell == BETWEEN and attribute.is_scale:
        return None
    if cell not in attribute.values:
        choices = ", ".join([*attribute.values, *([BETWEEN] if attribute.is_scale else []), UNKNOWN])
        raise StyleclipError(f"{where} says {name} = '{cell}': choose one of {choices}.")
    return cell
