"""Shuts a process in before a submission runs in it: no network, no files but its own, no other processes, a limit on memory.

Linux does it itself, for any user: namespaces of its own for network and processes, and Landlock for files, both asked for through
ctypes, since Python has no names for them before 3.12 and never for Landlock. Everywhere else, and as a second fence, Python's own
audit events are refused; that stops accidents and plain mischief, not somebody who sets out to break it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys
from collections.abc import Sequence
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWIPC = 0x10000000, 0x20000000, 0x40000000, 0x08000000
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  # the same numbers on every processor
READ, WHOLE_FILES = 0b1101, {1: 13, 2: 14, 3: 15, 4: 15}  # execute, read file, read folder; how many rights each version knows
FILE_ONLY = 0b111 | 1 << 14  # what can be granted of a single file
MOST_IN_A_FILE = 64 * 2**20

REFUSED = {  # audit event -> what to say
    "socket.": "there is no network while a submission is graded",
    "subprocess.": "no other programs are started while a submission is graded",
    "os.system": "no other programs are started while a submission is graded",
    "os.exec": "no other programs are started while a submission is graded",
    "os.posix_spawn": "no other programs are started while a submission is graded",
    "os.spawn": "no other programs are started while a submission is graded",
    "os.fork": "no other processes are started while a submission is graded",
    "os.kill": "no other processes are stopped while a submission is graded",
}
CHANGING = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.chmod", "os.chown", "os.link", "os.symlink", "os.truncate",
            "shutil.rmtree", "shutil.move"}
OUTSIDE = "files outside the submission's own folder are not changed while it is graded"


def confine(scratch: Path, readable: Sequence[Path]) -> list[str]:
    """Confines this process and all that it starts; returns what the system does *not* guarantee: "network", "files", both or neither.

    scratch   the only folder in which files may change
    readable  folders that may be read, beside those of Python and the system

    Call it before any thread is started. From then on this is another process; the one that was started waits for its end.
    """
    if not sys.platform.startswith("linux"):
        return ["network", "files"]
    libc = ctypes.CDLL(None, use_errno=True)
    fences = {"network": _own_namespaces(libc), "files": _landlock(libc, scratch, readable)}
    return [name for name, stands in fences.items() if not stands]


def limit_memory(most: int) -> None:
    """At most so many bytes of memory for this process, and files of a bounded size, where the system knows such limits."""
    try:
        import resource
    except ImportError:  # Windows
        return
    for name, value in (("RLIMIT_DATA", most), ("RLIMIT_FSIZE", MOST_IN_A_FILE), ("RLIMIT_CORE", 0)):
        _, hard = resource.getrlimit(getattr(resource, name))
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(getattr(resource, name), (value, value))


def refuse_what_is_not_graded(scratch: Path, hidden: Sequence[str], allowed: Sequence[str]) -> None:
    """Raises PermissionError for network, processes and files elsewhere, and ImportError for the modules `hidden` but those `allowed`.

    A hook cannot be taken away again. What is imported later for the first time, ctypes among it, goes on working.
    """
    folder = os.path.realpath(scratch)

    def inside(path: object) -> bool:
        if isinstance(path, int):
            return True
        real = os.path.realpath(os.fsdecode(path))  # type: ignore[arg-type]
        return real == folder or real.startswith(folder + os.sep) or real == os.devnull

    def hook(event: str, arguments: tuple) -> None:
        if event == "import":
            name = arguments[0]
            if name not in allowed and any(name == module or name.startswith(f"{module}.") for module in hidden):
                raise ImportError(f"{name} cannot be imported while a submission is graded")
        elif event == "open":
            path, mode, flags = arguments
            writes = set(mode or "") & set("wax+") or (isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR))
            if writes and path is not None and not inside(path):
                raise PermissionError(OUTSIDE)
        elif event in CHANGING:
            if not all(inside(path) for path in arguments[:2] if isinstance(path, (str, bytes, os.PathLike))):
                raise PermissionError(OUTSIDE)
        elif event[:3] in ("soc", "sub", "os."):
            for name, reason in REFUSED.items():
                if event.startswith(name) and event not in ("socket.__new__", "socket.gethostname"):
                    raise PermissionError(reason)

    sys.addaudithook(hook)


def _own_namespaces(libc: ctypes.CDLL) -> bool:
    """A network without a way out, and processes that see and reach only each other. This process waits for the one that goes on."""
    user, group, apart = os.getuid(), os.getgid(), CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC
    if libc.unshare(CLONE_NEWUSER | apart) == 0:
        for name, line in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
            Path(f"/proc/self/{name}").write_text(line)
    elif libc.unshare(apart):  # the system's administrator needs no namespace of users, and containers often forbid it
        _end_with_parent(libc)
        return False
    child = os.fork()
    _end_with_parent(libc)
    if not child:
        return True
    signal.signal(signal.SIGINT, lambda *_: os.kill(child, signal.SIGINT))
    for descriptor in range(3):  # else the grader would not notice that the other end is gone
        os.close(descriptor)
    _, status = os.waitpid(child, 0)
    os._exit(os.waitstatus_to_exitcode(status) & 0xFF)


def _end_with_parent(libc: ctypes.CDLL) -> None:
    """When the grader is gone, nobody else would stop a submission that loops."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _landlock(libc: ctypes.CDLL, scratch: Path, readable: Sequence[Path]) -> bool:
    """Files: only the scratch folder may change, and only what Python, the system and `readable` hold may be read. (Linux 5.13)"""
    version = libc.syscall(LANDLOCK_CREATE, None, 0, 1)
    if version < 1:
        return False
    files = (1 << WHOLE_FILES.get(version, 16)) - 1
    network, scopes = (0b11 if version >= 4 else 0), (0b11 if version >= 6 else 0)
    attributes = struct.pack("QQQ", files, network, scopes)[: 8 if version < 4 else 16 if version < 6 else 24]
    rules = libc.syscall(LANDLOCK_CREATE, attributes, len(attributes), 0)
    if rules < 0:
        return False
    places = dict.fromkeys([sys.prefix, sys.base_prefix, sys.exec_prefix, *readable, "/usr", "/lib", "/lib64", "/bin", "/etc", "/opt",
                            "/proc", "/sys", "/dev/urandom", "/dev/random", "/dev/zero"], READ)
    places |= {"/dev/null": READ | 0b10, scratch: files}
    for path, rights in places.items():
        if not os.path.exists(path):
            continue
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
        allowed = rights & files & (-1 if os.path.isdir(path) else FILE_ONLY)
        failed = libc.syscall(LANDLOCK_ADD, rules, 1, struct.pack("=Qi", allowed, handle), 0)
        os.close(handle)
        if failed:
            return False
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    done = libc.syscall(LANDLOCK_RESTRICT, rules, 0) == 0
    os.close(rules)
    return done
