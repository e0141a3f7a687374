"""How a check talks."""

from __future__ import annotations

import pytest
import torch

from styleclip_lib.checks.feedback import CheckFailed, NotWritten, answer_of, compare

ONES = torch.ones(2, 3)


def returns(value):
    return lambda *_: value


def test_a_stub_is_not_a_wrong_answer():
    def stub(x):
        raise NotImplementedError

    for unwritten in (stub, returns(None), returns(...)):
        with pytest.raises(NotWritten):
            answer_of(unwritten, ONES)


def test_a_function_that_fails_is_named_with_its_error():
    def halve(x):
        return x / unknown  # noqa: F821

    with pytest.raises(CheckFailed, match="halve stopped with NameError"):
        answer_of(halve, ONES)
    with pytest.raises(CheckFailed, match="TypeError"):
        answer_of(halve, ONES, ONES)


def test_a_function_that_changes_what_it_was_given():
    with pytest.raises(CheckFailed, match="clone"):
        answer_of(lambda x: x.add_(1), torch.ones(2))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ([1.0], "returned list"),
        (torch.ones(3), r"shape \[3\]"),
        (ONES * torch.nan, "not finite"),
        (2 * ONES, "twice as much"),
        (3 * ONES, "off by up to 2"),
    ],
)
def test_the_message_for_a_wrong_answer(answer, says):
    with pytest.raises(CheckFailed, match=says):
        compare("f", answer, ONES, [(2 * ONES, "This is twice as much.")])


def test_a_right_answer_is_right_in_another_precision_too():
    compare("f", ONES.double() + 1e-6, ONES, [])


def test_a_notebook_shows_one_line():
    assert CheckFailed("one line")._render_traceback_() == ["✗ one line"]
