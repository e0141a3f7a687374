"""Gradient descent: what every optimisation loop of the library has in common besides its loss."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Generic, TypeVar

import torch
from torch import Tensor
from tqdm.auto import tqdm

from .errors import plain
from .finite import require_finite
from .schedule import ramped

State = TypeVar("State")

OnStep = Callable[[int, Tensor], bool | None]
"""Called with the number of a step and its picture [B, 3, r, r]; True ends the descent with the best state so far."""


_IS_A_PART: ContextVar[bool] = ContextVar("_IS_A_PART", default=False)


@contextmanager
def parts_of_a_whole() -> Iterator[None]:
    """Within it Ctrl-C ends the whole and not only the descent that runs: nobody wants an edit of half an inversion, or half an edit in a
    table of measurements."""
    before = _IS_A_PART.set(True)
    try:
        yield
    finally:
        _IS_A_PART.reset(before)


class Descent(AbstractContextManager, Generic[State]):
    """The steps of an optimiser with a progress bar, a history for plotting, and the best state so far, which Ctrl-C keeps.

        with Descent(optimizer, 100, keep=lambda: w.detach().clone(), lr=0.1) as descent:
            for step in descent:
                loss = ...
                descent.record(loss=loss)
                descent.offer(loss)
                descent.follow(loss)
        best, history = descent.best, descent.history

    keep       copies what is being optimised; `best` is such a copy, initially of the starting point
    lr         the peak of the learning rate schedule `schedule.ramped`, or a function step -> learning rate; None: the optimiser's own
    on_step    called by `follow` with the step's number and its picture; True ends the descent
    look_last  whether to evaluate the loss once more after the last step, so that its result is recorded and offered, too
    taken      the number of steps taken
    interrupted  whether Ctrl-C ended it
    """

    def __init__(self, optimizer: torch.optim.Optimizer, steps: int, *, keep: Callable[[], State], description: str = "",
                 lr: float | Callable[[int], float] | None = None, on_step: OnStep | None = None, look_last: bool = True,
                 progress: bool = True):
        self.optimizer, self.steps, self.keep, self.lr, self.on_step = optimizer, steps, keep, lr, on_step
        self.rounds = steps + look_last
        self.history: dict[str, list[float]] = {}
        self.best, self.lowest, self.stopped, self.step, self.taken = keep(), float("inf"), False, 0, 0
        self.interrupted = False
        self.bar = tqdm(total=self.rounds, desc=plain(description), disable=not progress or steps == 0, leave=False)

    def __iter__(self) -> Iterator[int]:
        for step in range(self.rounds):
            self.step = step
            if self.lr is not None:
                self.optimizer.param_groups[0]["lr"] = self.lr(step) if callable(self.lr) else ramped(step + 1, self.steps + 1, self.lr)
            yield step
            self.bar.update()
            if self.stopped:
                return

    def record(self, **values: Tensor | float) -> None:
        """Appends the step's numbers to the history."""
        for name, value in values.items():
            self.history.setdefault(name, []).append(_number(value))

    def offer(self, score: Tensor | float) -> None:
        """Keeps the current state if its score is the lowest so far."""
        if _number(score) < self.lowest:
            self.lowest, self.best = _number(score), self.keep()

    def follow(self, loss: Tensor, picture: Tensor | None = None) -> None:
        """One step down the gradient of a loss, unless this is the last evaluation or `on_step` ends the descent.

        Raises StyleclipError if the first loss is infinite or undefined, since the networks are then unusable. A later one may come from
        too high a learning rate, and leaves the best state so far unchanged.
        """
        if self.taken == 0:
            require_finite("The loss", loss)
        self.bar.set_postfix(loss=f"{loss.item():.4f}")
        if self.stopped or self.step == self.steps:
            return
        if self.on_step is not None and picture is not None and self.on_step(self.step, picture.detach()):
            self.stopped = True
            return
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.taken += 1

    def stop(self) -> None:
        """Ends the descent after this round."""
        self.stopped = True

    def __exit__(self, kind, error, trace) -> bool:
        """On Ctrl-C, reports the number of steps and keeps the best state so far; among `parts_of_a_whole`, raises it again."""
        self.bar.close()
        if kind is not None and issubclass(kind, KeyboardInterrupt) and not _IS_A_PART.get():
            print(f"Stopped after {len(self.history.get('loss', []))} of {self.steps} steps; this is the best so far.")
            self.stopped = self.interrupted = True
            return True
        return False


def _number(value: Tensor | float) -> float:
    return value.item() if isinstance(value, Tensor) else float(value)
