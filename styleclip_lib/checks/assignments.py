"""What an assignment's notebook calls: a check that talks, and a cell that waits for a function to be written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import StyleclipError
from .feedback import CheckFailed, NotWritten, answer_of, compare, not_yet, passed


def grading() -> bool:
    """Whether a grader runs this: then what is not written has to count as wrong."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


@contextmanager
def checking(task: str) -> Iterator[None]:
    """Prints that the task is solved if nothing inside objects, or that it is not written yet; a wrong answer raises CheckFailed."""
    try:
        yield
    except NotWritten:
        if grading():
            raise CheckFailed(f"{task} is not written yet.") from None
        not_yet(task)
    except StyleclipError as error:  # a setting that the library refuses
        raise CheckFailed(str(error)) from None
    else:
        passed(task, "this check passes." if not grading() else "all checks passed.")


@contextmanager
def once_written() -> Iterator[None]:
    """Whatever is inside needs a function that may not be written yet; if so, it says that and does nothing else."""
    try:
        yield
    except NotImplementedError:
        print("○ This shows something as soon as the function above is written.")


def expect(condition: object, slip: str) -> None:
    """Raises CheckFailed with what is probably wrong unless the condition holds."""
    if not condition:
        raise CheckFailed(slip)


__all__ = ["answer_of", "checking", "compare", "expect", "once_written"]
