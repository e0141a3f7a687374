"""The entries of zip archives, compared with the standard library's reader."""

import io
import zipfile

import pytest
import torch

from styleclip_lib.weights.unpickling.stored_zip import stored_entries
from styleclip_lib.weights.unpickling.untrusted import Budget, Refused, Stretch

ENTRIES = {"a/data.pkl": b"value", "a/data/0": bytes(range(256)), "a/empty": b"", "a/ünï": b"text"}


def archive(compression=zipfile.ZIP_STORED, comment=b"", wide=False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as made:
        made.comment = comment
        for name, content in ENTRIES.items():
            with made.open(name, "w", force_zip64=wide) as entry:
                entry.write(content)
    return file.getvalue()


def contents(content: bytes) -> dict[str, bytes]:
    entries = stored_entries(Stretch(content, 0, len(content)), Budget(len(content)))
    return {name: bytes(entry.read()) for name, entry in entries.items()}


@pytest.mark.parametrize("comment", [b"", b"a comment", b"x" * 65535, b"PK\5\6" + bytes(30)])
@pytest.mark.parametrize("wide", [False, True])
def test_stored_entries(comment, wide):
    if comment.startswith(b"PK"):
        with pytest.raises(Refused):
            contents(archive(comment=comment, wide=wide))
    else:
        assert contents(archive(comment=comment, wide=wide)) == ENTRIES


def test_what_pytorch_writes():
    """It uses the 64-bit table of contents always."""
    file = io.BytesIO()
    torch.save({"a": torch.arange(5)}, file)
    with zipfile.ZipFile(file) as theirs:
        assert contents(file.getvalue()) == {name: theirs.read(name) for name in theirs.namelist()}


def test_numbers_beyond_32_bits():
    """Sizes and place in the extra field, as in archives of more than four gigabytes."""
    content = archive()
    first, end = content.index(b"PK\1\2"), content.rindex(b"PK\5\6")
    header = bytearray(content[first : first + 46 + len("a/data.pkl")])
    header[20:28], header[42:46] = b"\xff" * 8, b"\xff" * 4
    header[30:32] = (4 + 4 + 28).to_bytes(2, "little")
    extra = b"\x99\x99\x04\x00skip" + b"\x01\x00\x18\x00" + b"".join(n.to_bytes(8, "little") for n in (5, 5, 0))
    table = bytes(header) + extra
    tail = content[end : end + 12] + len(table).to_bytes(4, "little") + first.to_bytes(4, "little") + content[end + 20 :]
    assert contents(content[:first] + table + tail) == {"a/data.pkl": b"value"}


def test_compressed_entries_are_left_out():
    assert contents(archive(zipfile.ZIP_DEFLATED)) == {}


@pytest.mark.parametrize("wide", [False, True])
def test_every_truncation_is_refused(wide):
    content = archive(wide=wide)
    for length in range(0, len(content), 7):
        with pytest.raises(Refused):
            contents(content[:length])
