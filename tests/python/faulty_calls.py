"""Calls of the system that fail on demand: tests/cpp/faulty from Python.

A process that is started with `environment()` can have any of its calls for files below a folder
fail, and any allocation of usdparquet and Arrow.
"""

from __future__ import annotations

import ctypes
import errno
import os
from dataclasses import dataclass
from pathlib import Path

_ROOT = Path(__file__).parents[2]
# The order of `Kind` and `How` in faulty_calls.h.
KINDS = [
    *("open", "read", "write", "sync", "rename", "close", "map", "stat", "make folder", "mode"),
    *("lock", "remove", "allocate", "start thread"),
]
HOWS = ["once", "from then on", "short", "end of file", "kill"]


@dataclass(frozen=True)
class Fault:
    """The way in which one call fails."""

    kind: str
    how: str
    error: int = 0
    smallest: int = 0
    """Allocations of fewer bytes do not count."""

    def __str__(self) -> str:
        reason = errno.errorcode.get(self.error, "")
        size = f"of {self.smallest} bytes or more" if self.smallest > 1 else ""
        return " ".join(part for part in (self.kind, size, reason, self.how) if part)


# What is tried at each call.
FAULTS = [
    Fault("open", "once", errno.EMFILE),
    Fault("read", "once", errno.EIO),
    Fault("read", "from then on", errno.EIO),
    Fault("read", "once", errno.EINTR),
    Fault("read", "short"),
    Fault("read", "end of file"),
    Fault("write", "from then on", errno.ENOSPC),
    Fault("write", "once", errno.EIO),
    Fault("write", "once", errno.EINTR),
    Fault("write", "short"),
    Fault("sync", "once", errno.EIO),
    Fault("rename", "once", errno.EIO),
    Fault("close", "once", errno.EIO),
    Fault("map", "once", errno.ENOMEM),
    Fault("stat", "once", errno.EIO),
    Fault("make folder", "once", errno.ENOSPC),
    Fault("mode", "once", errno.EPERM),
    Fault("lock", "once", errno.ENOLCK),
    Fault("remove", "once", errno.EIO),
    Fault("allocate", "once", errno.ENOMEM, 1),
    Fault("allocate", "once", errno.ENOMEM, 4096),
    Fault("start thread", "once", errno.EAGAIN),
]


def library() -> Path:
    """The library of tests/cpp/faulty, where CMake builds it."""
    named = os.environ.get("USDPARQUET_FAULTY_CALLS")
    return Path(named or _ROOT / "build" / "wheel" / "tests" / "cpp" / "libfaulty_calls.so")


def environment() -> dict[str, str]:
    """The environment of a process whose calls can fail."""
    return {
        **os.environ,
        "LD_PRELOAD": str(library()),
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # so that its allocations are seen
        "PXR_WORK_THREAD_LIMIT": "1",
    }


class FaultyCalls:
    """The library within a process that has it."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder.resolve()).encode()
        self._library = ctypes.CDLL(None)
        self._library.faulty_watch.argtypes = [ctypes.c_char_p]
        self._library.faulty_plan.argtypes = [
            *(ctypes.c_int, ctypes.c_long, ctypes.c_int, ctypes.c_int, ctypes.c_size_t)
        ]
        self._library.faulty_count.restype = ctypes.c_long
        self._library.faulty_failures.restype = ctypes.c_long

    def find_libraries(self) -> None:
        """Note where the code of usdparquet and Arrow lies, once it is loaded."""
        self._library.faulty_find_libraries()

    def start(self, fault: Fault | None = None, number: int = -1) -> None:
        """Count calls from now on; the one of that number fails."""
        self._library.faulty_watch(self._folder)
        if fault:
            kind, how = KINDS.index(fault.kind), HOWS.index(fault.how)
            self._library.faulty_plan(kind, number, how, fault.error, fault.smallest)

    def stop(self) -> int:
        """Have no more calls fail; returns how many did."""
        failed = int(self._library.faulty_failures())
        self._library.faulty_watch(b"")
        return failed

    def count(self, kind: str) -> int:
        """How many calls of that kind there were since the start, up to `stop`."""
        return int(self._library.faulty_count(KINDS.index(kind)))
