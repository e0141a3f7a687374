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

_LONGEST_WAIT = timedelta(days=1)  # of one process for the others; work that takes hours is not done at the same minute by all


@dataclass(frozen=True)
class OneProcess:
    """What `accelerate.PartialState` says of a process that is alone, without loading it."""

    process_index: int = 0
    num_processes: int = 1
    is_main_process: bool = True
    is_local_main_process: bool = True

    def wait_for_everyone(self) -> None:
        """There is nobody to wait for."""

    def local_main_process_first(self) -> AbstractContextManager:
        """What the first process of a machine does before the others."""
        return nullcontext()

    @property
    def device(self) -> torch.device:
        """A GPU if there is one."""
        import torch

        return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def this_process() -> OneProcess | PartialState:
    """Which of the processes that work together this one is; alone it is the first of one."""
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return OneProcess()
    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available(), timeout=_LONGEST_WAIT)
