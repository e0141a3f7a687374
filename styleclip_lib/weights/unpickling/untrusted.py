"""A file from an unknown source: read piece by piece, never trusted, and never allowed to cost more than a genuine one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ...errors import StyleclipError
from ...paths import open_regular

MOST_WORK = 500_000
"""Instructions. A StyleGAN2-ADA file of 16 pixels has 13,000, one of 1024 pixels about three times as many."""

ROOM, TIMES = 128_000_000, 3
"""The memory that the content of a file may take: `ROOM` bytes plus `TIMES` its size, since a network is read once, and its numbers may
be converted to a type twice as wide."""

LONGEST_LINE = 1 << 20
"""Bytes of a line of text in a file."""


class Refused(Exception):
    """The reason why a file is refused, as the second half of a sentence: "it is cut off"."""

    advice = "; get it again from where its authors offer it"


class Unknown(Refused):
    """A file that is intact and harmless, but holds something unknown to this project."""

    advice = ""


class Budget:
    """What reading one file may cost. Everything done for the file is charged to it, however the file asks for it."""

    def __init__(self, size: int):
        self.work, self.memory = MOST_WORK, ROOM + TIMES * size

    def spend(self, work: int = 0, memory: int = 0) -> None:
        """Raises Refused if more steps or bytes are needed than are left."""
        self.work -= work
        self.memory -= memory
        if self.work < 0:
            raise Refused("it takes more instructions than any network needs")
        if self.memory < 0:
            raise Refused("what it holds would be far larger than the file")


class Stretch:
    """Consecutive bytes of a file (or of `file`, if that is bytes). Only what is asked for is read."""

    def __init__(self, file: BinaryIO | bytes, start: int, size: int):
        self.file, self.start, self.size = file, start, size

    def __len__(self) -> int:
        return self.size

    def part(self, start: int, size: int) -> Stretch:
        """A part of it. Raises Refused if that lies outside."""
        if start < 0 or size < 0 or start + size > self.size:
            raise Refused("it is cut off: something in it lies beyond its end")
        return Stretch(self.file, self.start + start, size)

    def read(self, start: int = 0, size: int | None = None) -> bytearray:
        """A copy of a part of it. Raises Refused if that lies outside, which may happen when the file shrinks while it is read."""
        piece = self.part(start, self.size - start if size is None else size)
        if isinstance(self.file, bytes):
            return bytearray(self.file[piece.start : piece.start + piece.size])
        content = bytearray(piece.size)
        self.file.seek(piece.start)
        have = 0
        while have < piece.size:
            got = self.file.readinto(memoryview(content)[have:])
            if not got:
                raise Refused("it became shorter while it was being read")
            have += got
        return content

    def stream(self, start: int = 0) -> BinaryIO:
        """The same bytes from `start` on, as a stream."""
        return _Stream(_Raw(self.part(start, self.size - start)))


class Untrusted(Stretch):
    """All bytes of a file, and the budget left for reading them."""

    def __init__(self, file: BinaryIO):
        super().__init__(file, 0, file.seek(0, io.SEEK_END))
        self.budget = Budget(self.size)


class _Raw(io.RawIOBase):
    def __init__(self, stretch: Stretch):
        self.stretch, self.at = stretch, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self.at = min(max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: len(self.stretch)}[whence]), len(self.stretch))
        return self.at

    def readinto(self, target) -> int:
        content = self.stretch.read(self.at, min(len(target), len(self.stretch) - self.at))
        target[: len(content)] = content
        self.at += len(content)
        return len(content)


class _Stream(io.BufferedReader):
    """Asked for more bytes than there are, it returns those there are, without allocating memory for the rest."""

    def read(self, size: int | None = -1) -> bytes:
        left = len(self.raw.stretch) - self.tell()
        return super().read(left if size is None or size < 0 else min(size, left))

    def readline(self, size: int | None = -1) -> bytes:
        return super().readline(LONGEST_LINE)


@contextmanager
def untrusted(path: str | Path) -> Iterator[Untrusted]:
    """A file, open for the duration of the block.

    `Refused`, and whatever else goes wrong in the block because a file is not what it seems, becomes a StyleclipError that names the file.
    """
    try:
        with open_regular(path) as file:
            content = Untrusted(file)
            if not len(content):
                raise Refused("it is empty")
            yield content
    except Refused as reason:
        raise StyleclipError(f"{path} was not read: {reason}{reason.advice}.") from reason
    except OSError as error:
        raise StyleclipError(f"{path} cannot be read ({error.strerror or error}).") from error
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        raise StyleclipError(f"{path} was not read: its parts do not belong together ({type(error).__name__}){Refused.advice}.") from error
