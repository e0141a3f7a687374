"""How a check talks: success, not yet tried, and what is probably wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from .progress import record
from .toys import Toy


class CheckFailed(AssertionError):
    """A wrong answer. The message says what is wrong and, where it can be told, why."""

    def _render_traceback_(self) -> list[str]:
        """IPython shows this instead of a traceback, in which nothing of the student's would stand."""
        return [f"✗ {self}"]


class NotWritten(Exception):
    """The exercise's stub has not been filled in."""


class Elsewhere:
    """A function of a student's that runs in a process of its own; calling it does what `answer_of` does."""

    def __call__(self, *arguments: object) -> object:
        raise NotImplementedError


def passed(exercise: str, praise: str) -> bool:
    """Prints the success line, enters it into the student's progress, and returns True."""
    record(exercise)
    print(f"✓ {exercise}: {praise}")
    return True


def not_yet(exercise: str) -> bool:
    """Prints that there is nothing to check yet and returns False."""
    print(f"○ {exercise} is not written yet: fill in the function above, run its cell, then run this one again.")
    return False


def answer_of(function: Callable, *arguments: object) -> object:
    """What the student's function returns. Of a `Toy` among the arguments, the function gets what it stands for.

    Raises NotWritten for a stub (it returns nothing, or raises NotImplementedError), and CheckFailed when the
    function fails, names the wrong number of arguments, or changes a tensor that it was given.
    """
    if isinstance(function, Elsewhere):
        return function(*arguments)
    name = getattr(function, "__name__", "the function")
    arguments = tuple(argument.build() if isinstance(argument, Toy) else argument for argument in arguments)
    kept = [argument.clone() if isinstance(argument, Tensor) else argument for argument in arguments]
    try:
        answer = function(*arguments)
    except NotImplementedError:
        raise NotWritten from None
    except CheckFailed:  # from what the check handed over
        raise
    except Exception as error:
        raise CheckFailed(f"{name} stopped with {type(error).__name__}: {error}") from error
    if answer is None or answer is Ellipsis:
        raise NotWritten
    for before, after in zip(kept, arguments):
        if isinstance(before, Tensor) and not torch.equal(before, after):
            raise CheckFailed(
                f"{name} changes a tensor that it was given. Whoever called it still needs that tensor: "
                "work on a copy (x.clone()), or build a new one (torch.cat, torch.where)."
            )
    return answer


Slip = tuple[Tensor, str]
"""What a usual mistake gives, and what to say to whoever made it."""


def compare(name: str, answer: object, expected: Tensor, slips: Sequence[Slip], tolerance: float = 1e-4) -> None:
    """Raises CheckFailed unless the answer is the expected tensor; if it is one of the slips, that is said.

    tolerance is relative to the largest expected number.
    """
    if not isinstance(answer, Tensor):
        raise CheckFailed(f"{name} should return a tensor, but returned {type(answer).__name__}.")
    if answer.shape != expected.shape:
        raise CheckFailed(f"{name} returned shape {list(answer.shape)}; {list(expected.shape)} was expected.")
    if not answer.isfinite().all():
        raise CheckFailed(f"{name} returned numbers that are not finite (nan or inf): is something divided by zero?")
    if _near(answer, expected, tolerance):
        return
    for wrong, explanation in slips:
        if wrong.shape == answer.shape and _near(answer, wrong, tolerance):
            raise CheckFailed(f"{name} is not right yet. {explanation}")
    worst = (answer.float() - expected).abs().max().item()
    raise CheckFailed(
        f"{name} is not right yet: its numbers are off by up to {worst:.3g}, where the expected ones reach "
        f"{expected.abs().max().item():.3g}. Compare your lines with the formula, term by term."
    )


def _near(a: Tensor, b: Tensor, tolerance: float) -> bool:
    return bool((a.float() - b.float()).abs().max() <= tolerance * b.abs().max().clamp(min=1e-6))
