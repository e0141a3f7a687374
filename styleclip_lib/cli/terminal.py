"""Standard output that obeys no foreign text: names of files, domains and recipes may hold terminal escapes."""

from __future__ import annotations

from typing import TextIO, cast

from ..errors import printable


class Escaped:
    """A stream whose control characters, and marks that turn the direction of writing, are spelt out; lines end as they are."""

    def __init__(self, stream: TextIO):
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write("\n".join(map(printable, text.split("\n"))))

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)


def escaped(stream: TextIO) -> TextIO:
    """The stream for what a command prints."""
    return cast(TextIO, Escaped(stream))


def raw(stream: TextIO) -> TextIO:
    """The stream itself, for the colours of the help."""
    return stream.stream if isinstance(stream, Escaped) else stream
