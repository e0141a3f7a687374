"""Several processes that share one piece of work, started by torchrun."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch
    from accelerate import PartialState

_LONGEST_WAIT = timedelta(days=1)  # for the other processes, which do not finish work of several hours at the same time


@dataclass(frozen=True)
class OneProcess:
    """Stands for `accelerate.PartialState` in a single process, without importing it."""

    process_index: int = 0
    num_processes: int = 1
    is_main_process: bool = True
    is_local_main_process: bool = True

    def wait_for_everyone(self) -> None:
        """Does nothing: there are no other processes."""

    def local_main_process_first(self) -> AbstractContextManager:
        """A block that the first process of a machine runs before the others."""
        return nullcontext()

    @property
    def device(self) -> torch.device:
        """A GPU if there is one."""
        import torch

        return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def this_process() -> OneProcess | PartialState:
    """This process among those that work together; on its own it is the first of one."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return OneProcess()
    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available(), timeout=_LONGEST_WAIT)
