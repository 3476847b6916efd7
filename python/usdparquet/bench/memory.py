"""Memory of a process and of the machine, as the Linux kernel counts it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

BYTES_PER_MB = 1_000_000
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True)
class ProcessMemory:
    """Bytes of one process; `anonymous` leaves out mapped files, which the kernel can drop."""

    anonymous: int
    resident: int


def process_memory(pid: int | str = "self") -> ProcessMemory:
    """Memory of a process now, from `/proc/<pid>/smaps_rollup`."""
    fields = _kilobyte_fields(Path(f"/proc/{pid}/smaps_rollup"))
    return ProcessMemory(fields["Anonymous"], fields["Rss"])


def counted_memory(pid: int) -> ProcessMemory:
    """Memory of a process from the kernel's counters, in `/proc/<pid>/statm`.

    The figures are those of `process_memory`, which walks every page of the process and makes it
    wait meanwhile: 16 ms for each GB. This takes some microseconds, whatever the process holds,
    and no lock. A kernel that counts per processor may be behind by some hundred kB.
    """
    _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    return ProcessMemory(
        anonymous=(int(resident) - int(shared)) * _PAGE_BYTES,
        resident=int(resident) * _PAGE_BYTES,
    )


def peak_resident() -> int:
    """The most bytes that were resident since `reset_peak_resident`, or since the start."""
    return _kilobyte_fields(Path("/proc/self/status"))["VmHWM"]


def reset_peak_resident() -> bool:
    """Reset the peak; False if the kernel does not let the process do that."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def available_memory() -> int:
    """Bytes that a new process can take without swapping."""
    return _kilobyte_fields(Path("/proc/meminfo"))["MemAvailable"]


def total_memory() -> int:
    """Bytes of memory of this machine."""
    return _kilobyte_fields(Path("/proc/meminfo"))["MemTotal"]


def _kilobyte_fields(path: Path) -> dict[str, int]:
    """The `Name:  123 kB` lines of a /proc file, in bytes."""
    fields = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, rest = line.partition(":")
        parts = rest.split()
        if len(parts) == 2 and parts[1] == "kB":
            fields[name] = int(parts[0]) * 1024
    return fields
