"""The one kind of error that is meant for the person at the keyboard, and how foreign text gets into a message."""

import traceback

LONGEST_WORD, LONGEST_LINE = 200, 1000


class StyleclipError(Exception):
    """Something the user can put right: a wrong file, an unknown word, a domain that is not there.

    The message is one sentence that says what is wrong and what to do about it; whatever foreign text it quotes, `plain`
    makes it one harmless line. The command line prints it without a traceback. A more special error (``NoFaceError``, say) is
    a subclass beside its topic.
    """

    def __init__(self, message: object = "", *rest: object):
        super().__init__(plain(message), *rest)


def without_message(error: BaseException) -> str:
    """Kind and traceback of an error, for the log of a service: somebody's text may stand in the message."""
    return f"{type(error).__name__}\n" + "".join(traceback.format_tb(error.__traceback__))


def plain(text: object) -> str:
    r"""Any text as one line that no terminal obeys: control characters, escape sequences and marks that turn the direction of writing
    are spelt out (``\x1b``, ``\u202e``), white space becomes single spaces, and what is very long loses its middle."""
    words = (_shortened(printable(word), LONGEST_WORD) for word in str(text).split())
    return _shortened(" ".join(words), LONGEST_LINE)


def printable(text: str) -> str:
    r"""A text with its control characters, and marks that turn the direction of writing, spelt out: ``\x1b``, ``\u202e``."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _shortened(text: str, most: int) -> str:
    """The beginning and the end of a text of more than ``most`` characters: the end of a message says what to do."""
    return text if len(text) <= most else f"{text[: most * 2 // 3]}…{text[-most // 3 + 1 :]}"
