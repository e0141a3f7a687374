"""The entries of a zip archive as stretches of its bytes (APPNOTE.TXT, sections 4.3.7 to 4.3.16).

PyTorch's files are zip archives whose entries are stored uncompressed. Nothing is decompressed here, so an archive cannot expand.
"""

import struct

from .untrusted import Budget, Refused, Stretch

END, END_64, LOCATOR_64, DIRECTORY, LOCAL = b"PK\5\6", b"PK\6\6", b"PK\6\7", b"PK\1\2", b"PK\3\4"
MOST_COMMENT = 2**16
MOST_ENTRIES = 100_000
BEYOND = 0xFFFFFFFF
"""Stands for a number that does not fit into 32 bits and is found in the entry's extra field instead."""


def stored_entries(archive: Stretch, budget: Budget) -> dict[str, Stretch]:
    """Name -> content of every uncompressed entry; compressed and encrypted ones are left out.

    Raises Refused for an archive that is broken, or whose entries lie outside it.
    """
    try:
        at, size = _directory(archive)
        budget.spend(memory=size)
        return dict(_entries(archive, memoryview(archive.read(at, size)), budget))
    except (struct.error, IndexError, UnicodeDecodeError) as error:
        raise Refused("its table of contents is broken") from error


def _entries(archive: Stretch, directory: memoryview, budget: Budget):
    at = 0
    for _ in range(MOST_ENTRIES):
        if at == len(directory):
            return
        if directory[at : at + 4] != DIRECTORY:
            raise Refused("its table of contents is broken")
        flags, method, packed, unpacked, name, extra, comment, header = struct.unpack_from("<8xHH8xIIHHH8xI", directory, at)
        start = at + 46
        title = bytes(directory[start : start + name])
        packed, unpacked, header = _full_numbers(directory[start + name : start + name + extra], packed, unpacked, header, budget)
        at = start + name + extra + comment
        if method == 0 and not flags & 1 and packed == unpacked:
            yield title.decode("utf-8"), _content(archive, header, unpacked)
    raise Refused("it has more entries than any network needs")


def _directory(archive: Stretch) -> tuple[int, int]:
    """Position and size of the table of contents."""
    before = max(0, len(archive) - MOST_COMMENT - 22 - 20)
    tail = archive.read(before)
    if END not in tail:
        raise Refused("it is cut off: a zip archive without a table of contents")
    end = tail.rindex(END)
    size, at, comment = struct.unpack_from("<12xIIH", tail, end)
    if end + 22 + comment != len(tail):
        raise Refused("it is incomplete, or there is something after its end")
    if BEYOND in (size, at) and end >= 20 and tail[end - 20 : end - 16] == LOCATOR_64:
        (end_64,) = struct.unpack_from("<8xQ", tail, end - 20)
        last = archive.read(end_64, 56)
        if last[:4] != END_64:
            raise Refused("its table of contents is broken")
        size, at = struct.unpack_from("<40xQQ", last)
    if at + size > len(archive):
        raise Refused("it is cut off: its table of contents lies beyond its end")
    return at, size


def _full_numbers(extra: memoryview, packed: int, unpacked: int, header: int, budget: Budget) -> tuple[int, int, int]:
    """Sizes and position of an entry; those beyond 32 bits come from field 1 of its extra fields."""
    wide = iter(())
    while len(extra) >= 4:
        budget.spend(work=1)
        kind, size = struct.unpack_from("<HH", extra)
        if kind == 1:
            wide = iter(struct.unpack_from(f"<{size // 8}Q", extra, 4))
        extra = extra[4 + size :]
    unpacked = next(wide, unpacked) if unpacked == BEYOND else unpacked
    packed = next(wide, packed) if packed == BEYOND else packed
    header = next(wide, header) if header == BEYOND else header
    return packed, unpacked, header


def _content(archive: Stretch, header: int, size: int) -> Stretch:
    if header + 30 > len(archive) or (local := archive.read(header, 30))[:4] != LOCAL:
        raise Refused("an entry in it is not where the table of contents says")
    name, extra = struct.unpack_from("<26xHH", local)
    return archive.part(header + 30 + name + extra, size)
