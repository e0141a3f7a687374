"""A data set of a folder of pictures: in parallel, resumable, and nothing is left out in silence."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

import msgspec
from tqdm.auto import tqdm

from ...errors import StyleclipError, plain
from ...paths import check_new_folder, sha256, user_path, written_whole
from ...threads import cores
from ...weights.domain import find_domain, read_index
from ..face_points import domain_framing
from .duplicates import same_as
from .manifest import (
    IMAGES,
    MANIFEST,
    PROGRESS,
    REPORT,
    Dataset,
    Row,
    is_dataset,
    read_facts,
    read_rows,
    report,
    write_index,
    write_report,
    write_rows,
)
from .preparing import Making, be_a_worker, prepare
from .sources import Entry, Source, find_source

AHEAD = 8
"""Pictures that wait for each process."""


def make_dataset(making: Making, processes: int | None = None, keep_duplicates: bool = False, progress: bool = True) -> Dataset:
    """Makes the data set, or goes on with one that was begun with the same settings; pictures that have not changed are not done again.

    processes  how many work at the same time; by default as many as there are cores; 0: this one alone

    Raises StyleclipError for a folder without pictures or without a face, broken lists, other settings than before, and a full disk;
    what is done then stays done.
    """
    out = making.out
    if os.path.realpath(making.folder) == os.path.realpath(out):
        raise StyleclipError("The data set needs a folder of its own: name another one than the pictures'.")
    source = find_source(making.folder, without=out)
    facts = _facts(making, source, keep_duplicates)
    if is_dataset(out):
        _check_no_links(out)
        _check_settings(read_facts(out), facts)
    else:
        check_new_folder(out)
        out.mkdir(exist_ok=True)
    known = _known(out, source)
    write_index(out, {**facts, "finished": False})
    entries = [entry for entry in source.entries if entry.path not in known]
    for rows in _prepared(making, entries, cores() if processes is None else processes, out / PROGRESS, progress):
        known[rows[0].source] = rows
    return _finish(out, source, facts, [row for entry in source.entries for row in known[entry.path]], keep_duplicates)


def _check_no_links(out: Path) -> None:
    """Raises StyleclipError for a link in a data set, which may come from somebody else: what is written there would land elsewhere."""
    for folder, folders, files in os.walk(out):
        for name in (*folders, *files):
            if os.path.islink(os.path.join(folder, name)):
                raise StyleclipError(f"'{os.path.join(folder, name)}' is a link, and a data set is written and tidied up in its own folder "
                                     "only: put the file or folder itself there, or make a new data set.")


def _facts(making: Making, source: Source, keep_duplicates: bool) -> dict:
    settings = {"size": making.size, "align": making.align, "faces": making.faces, "least": making.least, "held_out": making.held_out,
                "format": making.format, "framing": making.framing, "domain": making.domain.name if making.domain else "",
                "keep_duplicates": keep_duplicates}
    return {"name": _own_name(making.out), "source": _own_name(making.folder), "layout": source.layout,
            "size": making.size, "attributes": list(source.attributes), "settings": settings}


def _own_name(folder: Path) -> str:
    return plain(os.path.basename(os.path.realpath(folder)))


def _check_settings(before, now: dict) -> None:
    differ = [f"{name} {before.settings.get(name)}, not {value}" for name, value in now["settings"].items()
              if before.settings.get(name) != value]
    if before.attributes != now["attributes"]:
        differ.append("other names of attributes")
    if differ:
        raise StyleclipError(f"The data set '{now['name']}' was begun with {'; '.join(differ)}: "
                             "give the same settings, or a new folder for another data set.")


def _known(out: Path, source: Source) -> dict[str, list[Row]]:
    """The rows of pictures that are done and have not changed since, by their source."""
    rows = [row for name, cut in ((MANIFEST, False), (PROGRESS, True)) if (out / name).exists() for row in read_rows(out / name, cut)]
    by_source: dict[str, list[Row]] = {}
    for row in rows:
        if row.face == 0:
            by_source[row.source] = []  # the later file knows better
        by_source.setdefault(row.source, []).append(row)
    entries = {entry.path: entry for entry in source.entries}
    done = {path: rows for path, rows in by_source.items() if path in entries and _is_done(out, source, entries[path], rows)}
    return {path: rows for path, rows in done.items() if all(row.of is None or row.of in done for row in rows)}


def _is_done(out: Path, source: Source, entry: Entry, rows: list[Row]) -> bool:
    """Whether the rows still say what making them anew would say."""
    first = rows[0]
    if entry.refused or first.source_sha256 is None:
        return False
    try:
        facts = os.stat(source.folder / entry.path)
    except OSError:
        return False
    same = (facts.st_size, facts.st_mtime_ns) == (first.bytes, first.modified)
    attributes = None if entry.attributes is None else list(entry.attributes)
    return same and all(row.attributes == attributes and entry.part in (None, row.part) and os.path.isfile(out / row.file)
                        for row in rows if row.file)


def _prepared(making: Making, entries: list[Entry], processes: int, path: Path, progress: bool) -> Generator[list[Row], None, None]:
    """The rows of each picture, as they get done; each is noted on disk before the next."""
    shown = tqdm(total=len(entries), desc="pictures", disable=not progress or not entries, mininterval=2)
    results = _in_parallel(making, entries, processes) if processes else (prepare(making, entry) for entry in entries)
    _drop_half_a_line(path)
    try:
        with open(path, "ab") as file:
            for rows in results:
                file.write(b"".join(msgspec.json.encode(row) + b"\n" for row in rows))
                file.flush()
                shown.update()
                yield rows
    except OSError as error:
        raise StyleclipError(f"Cannot write '{path}': {error.strerror or error}; the same command goes on from here.") from error
    except KeyboardInterrupt:
        print(f"Stopped after {shown.n} of {len(entries)} pictures; the same command goes on from there.", file=sys.stderr)
        raise
    finally:
        results.close()
        shown.close()


def _drop_half_a_line(path: Path) -> None:
    if path.exists() and not (content := path.read_bytes()).endswith(b"\n"):
        with written_whole(path) as partial:
            partial.write_bytes(content[: content.rfind(b"\n") + 1])


def _in_parallel(making: Making, entries: list[Entry], processes: int) -> Generator[list[Row], None, None]:
    """`prepare` in several processes, a few pictures ahead of what is asked for."""
    pool = ProcessPoolExecutor(processes, get_context("spawn"), be_a_worker)
    rest, doing = iter(entries), {}
    try:
        while True:
            for entry in islice(rest, AHEAD * processes - len(doing)):
                doing[pool.submit(prepare, making, entry)] = entry
            if not doing:
                break
            done, _ = wait(doing, return_when=FIRST_COMPLETED)
            for future in done:
                yield _result(future, doing)
                del doing[future]
    finally:
        pool.shutdown(cancel_futures=True)


def _result(future: Future, doing: dict[Future, Entry]) -> list[Row]:
    try:
        return future.result()
    except BrokenProcessPool:
        names = ", ".join(f"'{entry.path}'" for entry in list(doing.values())[:5])
        raise StyleclipError(f"A process died while it looked at one of {names} or the next ones, perhaps for want of memory: "
                             "give the same command again, with fewer --processes if it comes back.") from None


def _finish(out: Path, source: Source, facts: dict, rows: list[Row], keep_duplicates: bool) -> Dataset:
    """Names duplicates, takes away files that belong to no row, and writes manifest, report and index."""
    if not keep_duplicates:
        _name_duplicates(rows)
    kept = {row.file for row in rows if row.file}
    if not kept:
        reasons = ", ".join(sorted({row.left_out for row in rows if row.left_out}))
        write_rows(out / MANIFEST, rows)
        write_report(out, report(facts, rows, source.notes))
        raise StyleclipError(f"None of the {len(rows)} pictures shows a face that can be taken ({reasons}): '{out / REPORT}' names them.")
    for path in (out / IMAGES).rglob("*"):
        if path.is_file() and path.relative_to(out).as_posix() not in kept:
            path.unlink()
    write_rows(out / MANIFEST, rows)
    write_report(out, report(facts, rows, source.notes))
    counts = {"faces": len(kept), "left_out": sum(row.file is None for row in rows)}
    write_index(out, {**facts, **counts, "finished": True, "manifest": sha256(out / MANIFEST)})
    with suppress(FileNotFoundError):
        (out / PROGRESS).unlink()
    return Dataset(out)


def _name_duplicates(rows: list[Row]) -> None:
    """Of faces that look the same, the one that was largest in its source stays."""
    faces = sorted((row for row in rows if row.file), key=lambda row: (-row.side, row.source, row.face))
    for row, other in zip(faces, same_as([row.fingerprint or "" for row in faces])):
        if other is not None:
            first = faces[other]
            same = "is the same file as" if row.source_sha256 == first.source_sha256 else "looks the same as"
            row.left_out, row.why, row.of, row.file, row.sha256 = "duplicate", f"it {same} '{first.source}'", first.source, None, None


def making_for(folder: str | os.PathLike[str], out: str | os.PathLike[str], size: int | None = None, least: int | None = None,
               framing: float | None = None, domain: str = "", **settings) -> Making:
    """`Making` with what follows from a domain: its generator's size, its framing, its landmark model.

    Raises StyleclipError for an unknown domain.
    """
    home = find_domain(domain) if domain else None
    if size is None:
        size = generator_size(home) if home else 256
    if framing is None:
        framing = domain_framing(home) if home else 1.0
    return Making(user_path(folder), user_path(out), size, least=size // 2 if least is None else least, framing=framing, domain=home,
                  **settings)


def generator_size(home: Path) -> int:
    """Pixels along a side of the pictures of a domain's generator; 1024 where that is an official file which says nothing of it here."""
    entry = read_index(home)["files"].get("generator", {})
    return entry.get("config", {}).get("img_resolution", 1024)
