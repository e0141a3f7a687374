"""The errors that are meant for the user, and how foreign text is made safe for a message."""

import traceback

LONGEST_WORD, LONGEST_LINE = 200, 1000


class StyleclipError(Exception):
    """An error that the user can correct: a wrong file, an unknown word, a missing domain.

    The message is one sentence that says what is wrong and what to do about it; `plain` turns any foreign text in it into one harmless
    line. The command line prints it without a traceback. More specific errors such as `NoFaceError` are subclasses, defined in the module
    that they belong to.
    """

    def __init__(self, message: object = "", *rest: object):
        super().__init__(plain(message), *rest)


def without_message(error: BaseException) -> str:
    """The type and traceback of an error, for the log of a service, without the message, which may contain a user's text."""
    return f"{type(error).__name__}\n" + "".join(traceback.format_tb(error.__traceback__))


def plain(text: object) -> str:
    r"""Any text as one line that is harmless in a terminal: control characters, escape sequences and marks that change the writing
    direction are spelt out (``\x1b``, ``\u202e``), white space becomes single spaces, and very long text is shortened in the middle."""
    words = (_shortened(printable(word), LONGEST_WORD) for word in str(text).split())
    return _shortened(" ".join(words), LONGEST_LINE)


def printable(text: str) -> str:
    r"""A text with its control characters, and marks that turn the direction of writing, spelt out: ``\x1b``, ``\u202e``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shortened(text: str, most: int) -> str:
    """The beginning and the end of a text of more than ``most`` characters: the end of a message says what to do."""
    return text if len(text) <= most else f"{text[: most * 2 // 3]}…{text[-most // 3 + 1 :]}"
