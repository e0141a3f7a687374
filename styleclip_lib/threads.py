"""Threads that share the machine with other processes. The settings only affect a PyTorch that is imported afterwards.

OpenMP's threads wait for work in a busy loop. As soon as another process needs the same cores (a second notebook, a browser, a video
call), that loop takes time from the threads that have work, and a step of an optimisation can take ten times as long. Passive waiting
costs next to nothing on an otherwise idle machine.
"""

from __future__ import annotations

import math
import os
import sys
import warnings
from functools import cache
from pathlib import Path

SETTINGS = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
"""The settings for GNU's OpenMP, and for LLVM's and Intel's (macOS, conda)."""

TOO_LATE = (
    "PyTorch was loaded before styleclip_lib, so its threads wait actively: beside other programs a step can take ten times as long. "
    "Restart the kernel and import styleclip_lib first, or start Jupyter with OMP_WAIT_POLICY=passive, as make lab does."
)


@cache
def share_the_machine() -> None:
    """Makes PyTorch's threads wait passively, and sets their number to the cores of this process. The user's own settings are kept.

    Runs once in a process; warns if PyTorch was imported before and waits actively.
    """
    if "torch" in sys.modules:
        if not waits_passively():
            warnings.warn(TOO_LATE, stacklevel=3)  # at the line that imports a public name
        return
    for name, value in {**SETTINGS, "OMP_NUM_THREADS": str(cores())}.items():
        os.environ.setdefault(name, value)


def waits_passively() -> bool:
    """Whether the environment asks for passive waiting."""
    return os.environ.get("OMP_WAIT_POLICY", "").lower() == "passive"


def cores() -> int:
    """The physical cores that this process may use: by its affinity, and by the quota of its control group (containers)."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    physical = {_core_of(cpu) for cpu in allowed}
    return max(1, math.ceil(min(len(physical), quota())))


def _core_of(cpu: int) -> str:
    """A name for the physical core of a logical one; its own name if the system does not say."""
    try:
        return Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list").read_text().strip()
    except OSError:
        return str(cpu)


def quota(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """The number of cores whose time the control groups of this process grant it; infinite without a limit."""
    least = math.inf
    for folder in _groups(root, own):
        try:
            if (folder / "cpu.max").is_file():
                quota, period = (folder / "cpu.max").read_text().split()
            else:
                quota, period = ((folder / f"cpu.cfs_{name}_us").read_text().strip() for name in ("quota", "period"))
            if quota not in ("max", "-1"):
                least = min(least, int(quota) / int(period))
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return least


def _groups(root: Path, own: Path) -> list[Path]:
    """The folders of this process's control group and of all its parents, for both versions of control groups."""
    folders = []
    try:
        lines = own.read_text().splitlines()
    except OSError:
        return folders
    for line in lines:
        _, controllers, name = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = root / "cpu" if controllers else root
        group = top / name.lstrip("/")
        folders += [folder for folder in (group, *group.parents) if folder.is_relative_to(top)]
    return folders
