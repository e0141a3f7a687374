"""The table of losses in the folder of a run, which may come from somebody else."""

from __future__ import annotations

import os

import pytest

from styleclip_lib.errors import StyleclipError
from styleclip_lib.training.table import FILE, read_losses


def test_what_was_not_computed_is_left_out(tmp_path):
    assert read_losses(tmp_path) == []
    (tmp_path / FILE).write_text("step,loss,other\n0,0.5,\n50,0.25,1e-3\n")
    assert read_losses(tmp_path) == [{"step": 0, "loss": 0.5}, {"step": 50, "loss": 0.25, "other": 0.001}]


@pytest.mark.parametrize("content", [b"loss\n0.5\n", b"step,loss\nx,0.5\n", b"step,loss\n0,high\n", b"step\n1,2,3\n", b"\xff\xfe\0",
                                     b'step\n"' + b"x" * 200_000, b"step\n" + b"9" * 5000 + b"\n"])  # fmt: skip
def test_what_is_no_table(content, tmp_path):
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(StyleclipError, match="is not a table of losses"):
        read_losses(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / FILE)
    with pytest.raises(StyleclipError, match="a pipe or a device"):
        read_losses(tmp_path)
