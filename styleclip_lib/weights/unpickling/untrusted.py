"""A file that somebody else made: looked at through the operating system's page cache, and never believed."""

import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import StyleclipError


class Refused(Exception):
    """What is wrong with a file, as the second half of a sentence: "it is cut off"."""


@contextmanager
def untrusted(path: str | Path) -> Iterator[mmap.mmap]:
    """The bytes of a file, mapped into memory, so that only what is looked at takes room.

    `Refused` in the block, and a file that cannot be opened, become one StyleclipError that names the file.
    """
    path = Path(path)
    try:
        with open(path, "rb") as file:
            if not file.seek(0, 2):
                raise Refused("it is empty")
            content = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)  # what torch writes into it stays in memory
        yield content
    except FileNotFoundError:
        raise StyleclipError(f"There is no file {path}: check the path.") from None
    except Refused as reason:
        raise StyleclipError(f"{path} was not read: {reason}; get it again from where its authors offer it.") from reason
    except OSError as error:
        raise StyleclipError(f"{path} cannot be read ({error.strerror or error}).") from error
