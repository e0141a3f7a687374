"""Foreign text in messages: one line that no terminal obeys."""

import pytest

from styleclip_lib.errors import LONGEST_LINE, StyleclipError, plain


@pytest.mark.parametrize(("text", "shown"), [
    ("a plain sentence.", "a plain sentence."),
    ("naïve 顔 😀", "naïve 顔 😀"),
    ("two\nlines\tand  spaces", "two lines and spaces"),
    ("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m"),
    ("\x1b]0;title\x07", r"\x1b]0;title\x07"),
    ("photo\u202egpj.exe", r"photo\u202egpj.exe"),
    ("a\u200bb\u2066c\ufeffd", r"a\u200bb\u2066c\ufeffd"),
    ("over\rwritten\x08\x08", r"over written\x08\x08"),
    ("undecodable \udcff", r"undecodable \udcff"),
    ("\x9b31m and \x00", r"\x9b31m and \x00"),
])  # fmt: skip
def test_what_a_terminal_would_obey_is_spelt_out(text, shown):
    assert plain(text) == shown == str(StyleclipError(text))


def test_long_text_keeps_its_beginning_and_its_end():
    name = "a" * 5000
    message = str(StyleclipError(f"'{name}' cannot be read: give another file."))
    assert len(message) < 300 and message.startswith("'aaa") and message.endswith("cannot be read: give another file.")
    assert len(plain("word " * 5000)) <= LONGEST_LINE and plain("word " * 5000 + "end.").endswith("end.")
    assert plain("x" * 200) == "x" * 200
