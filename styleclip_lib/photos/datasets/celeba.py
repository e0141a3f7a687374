"""CelebA's layout, and CelebA-HQ's: pictures, and beside them lists of attributes, landmarks and partitions (Liu et al. 2015).

Known are the lists as they are released (`list_attr_celeba.txt`, `list_landmarks_celeba.txt`, `list_landmarks_align_celeba.txt`,
`list_eval_partition.txt`), as CSV, and `CelebAMask-HQ-attribute-anno.txt`, wherever below the folder they lie. They name pictures
by file name.
"""

from __future__ import annotations

import io
import posixpath
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from ...errors import StyleclipError
from .manifest import Part, read_bytes
from .sources import Entry, Source, is_picture

ATTRIBUTES = ("list_attr_celeba.txt", "list_attr_celeba.csv", "CelebAMask-HQ-attribute-anno.txt")
PARTITION = ("list_eval_partition.txt", "list_eval_partition.csv")
ALIGNED_LANDMARKS = ("list_landmarks_align_celeba.txt", "list_landmarks_align_celeba.csv")
LANDMARKS = ("list_landmarks_celeba.txt", "list_landmarks_celeba.csv")
LISTS = (*ATTRIBUTES, *PARTITION, *ALIGNED_LANDMARKS, *LANDMARKS)

ALIGNED_FOLDERS, HQ_FOLDERS = ("img_align_celeba", "img_align_celeba_png"), ("CelebA-HQ-img", "celeba_hq", "CelebA-HQ")
"""Folders whose pictures go with the list of landmarks of the aligned pictures, and those of pictures that are cropped as FFHQ's."""

PARTS: tuple[Part, ...] = ("train", "validation", "test")

MOST_BYTES, MOST_ROWS, MOST_COLUMNS = 60_000_000, 1_000_000, 1000
"""Of a list; CelebA's longest have 26 million bytes, 202,599 rows, and 40 columns."""

LONGEST_FILE, LONGEST_COLUMN = 255, 200
"""Characters of a picture's name and of a column's, which is what the manifest of a data set takes."""


def read_celeba(folder: Path, files: list[str]) -> Source | None:
    """The pictures of a folder in this layout; None for another one. Raises StyleclipError for a list that cannot be read."""
    lists = {posixpath.basename(path): path for path in files if posixpath.basename(path) in LISTS}
    if not lists:
        return None
    pictures = [path for path in files if is_picture(path) and path not in lists.values()]
    names, attributes = _read(folder, lists, ATTRIBUTES, _sign)
    _, parts = _read(folder, lists, PARTITION, _number)
    known = {False: _read(folder, lists, LANDMARKS, _number)[1], True: _read(folder, lists, ALIGNED_LANDMARKS, _number)[1]}
    if attributes and not any(posixpath.basename(path) in attributes for path in pictures):
        raise StyleclipError(f"None of the {len(attributes)} rows of '{lists[_first(lists, ATTRIBUTES)]}' names one of the {len(pictures)} "
                             "pictures: it belongs to other pictures, or they have been renamed.")
    entries = [_entry(path, attributes, parts, known) for path in pictures]
    there = {posixpath.basename(path) for path in pictures}
    entries += [Entry(name, refused=("missing", "the list of attributes names it, and there is no such picture"))
                for name in attributes if name not in there]
    entries += [Entry(path, refused=("not a picture", "its name is not that of a picture"))
                for path in files if path not in lists.values() and not is_picture(path)]
    return Source(folder, "celeba", entries, names, [f"Read: {', '.join(sorted(lists.values()))}."])


def _entry(path: str, attributes: dict, parts: dict, known: dict) -> Entry:
    name, folders = posixpath.basename(path), PurePosixPath(path).parts[:-1]
    if attributes and name not in attributes:
        return Entry(path, refused=("unlisted", "the list of attributes has no row for it"))
    points = known[any(folder in ALIGNED_FOLDERS for folder in folders)].get(name)
    part = parts.get(name, (None,))[0]
    return Entry(path, None if part is None else PARTS[part], attributes.get(name),
                 None if points is None else tuple(zip(points[::2], points[1::2])),
                 aligned=any(folder in HQ_FOLDERS for folder in folders))


def _first(lists: dict[str, str], names: tuple[str, ...]) -> str:
    """The first of these lists that is there, or ""."""
    return next((name for name in names if name in lists), "")


def _read(folder: Path, lists: dict[str, str], names: tuple[str, ...], value: Callable[[str], int]):
    """The first of these lists that is there: its column names, and {file name: values}. Raises StyleclipError for a broken one."""
    name = _first(lists, names)
    if not name:
        return (), {}
    path = folder / lists[name]
    columns, rows = _table(_lines(path), path)
    expected = {PARTITION: 1, LANDMARKS: 10, ALIGNED_LANDMARKS: 10}.get(names, len(columns))
    result: dict[str, tuple[int, ...]] = {}
    for number, (file, *values) in rows:
        try:
            if len(file) > LONGEST_FILE or len(values) != expected or (names == PARTITION and not 0 <= value(values[0]) < len(PARTS)):
                raise ValueError
            numbers = tuple(map(value, values))
        except (ValueError, OverflowError):
            raise StyleclipError(f"Line {number} of '{path}' is not a picture's name and {expected} of its values: "
                                 "get a whole copy of the list.") from None
        if result.setdefault(file, numbers) != numbers:
            raise StyleclipError(f"Line {number} of '{path}' says something else of '{file}' than an earlier line: mend the list.")
    return columns, result


def _lines(path: Path) -> Iterator[str]:
    content = read_bytes(path, MOST_BYTES)
    if len(content) > MOST_BYTES:
        raise StyleclipError(f"'{path}' has more than {MOST_BYTES // 10**6} MB: it is not one of CelebA's lists.")
    try:
        return iter(io.StringIO(content.decode("utf-8-sig"), newline=None))
    except UnicodeDecodeError:
        raise StyleclipError(f"'{path}' is not text: get a whole copy of the list.") from None


def _rows(lines: Iterator[str], path: Path) -> Iterator[tuple[int, list[str]]]:
    """(line number, words) of every line that has some. Raises StyleclipError where there are more than in any such list."""
    count, comma = 0, "," if path.suffix == ".csv" else None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        count, words = count + 1, [word.strip() for word in line.split(comma, MOST_COLUMNS + 1)]
        if count > MOST_ROWS or len(words) > MOST_COLUMNS + 1:
            raise StyleclipError(f"'{path}' has more rows or columns than any of CelebA's lists: get a whole copy of it.")
        yield number, words


def _table(lines: Iterator[str], path: Path) -> tuple[tuple[str, ...], list[tuple[int, list[str]]]]:
    """Column names, and (line number, words) of each row. The released lists begin with their length; CSV begins with the names."""
    comma, rows = path.suffix == ".csv", list(_rows(lines, path))
    count = ""
    if not comma and rows and len(rows[0][1]) == 1 and rows[0][1][0].isdecimal():
        count, rows = rows[0][1][0], rows[1:]
    columns: tuple[str, ...] = ()
    if rows and path.name not in PARTITION[:1]:
        columns, rows = tuple(rows[0][1][1:] if comma else rows[0][1]), rows[1:]
    elif comma and rows and rows[0][1][-1:] and not rows[0][1][-1].isdecimal():
        rows = rows[1:]
    if count and count.lstrip("0") != str(len(rows)).lstrip("0"):
        raise StyleclipError(f"'{path}' says that it has {count} rows, and has {len(rows)}: get a whole copy of it.")
    if len(set(columns)) != len(columns) or any(len(name) > LONGEST_COLUMN for name in columns):
        raise StyleclipError(f"'{path}' has two columns of one name, or a name that is too long: get a whole copy of it.")
    return columns, rows


def _sign(word: str) -> int:
    value = int(word)
    if value not in (-1, 0, 1):
        raise ValueError
    return value


def _number(word: str) -> int:
    value = int(float(word))
    if not -100_000 < value < 100_000:
        raise ValueError
    return value
