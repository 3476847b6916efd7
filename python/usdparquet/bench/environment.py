"""The machine and the versions that a result was measured with; no names of hosts or folders."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from usdparquet.bench.memory import available_memory, total_memory

_PACKAGES = ("usdparquet", "usd-core", "pyarrow", "numpy", "plotly")


def describe_environment() -> dict[str, Any]:
    """Everything that a reader needs to judge the figures."""
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)),
        "memory_total_bytes": total_memory(),
        "memory_available_bytes": available_memory(),
        "load_average_start": [round(value, 2) for value in os.getloadavg()],
        "governor": _governor(),
        "transparent_huge_pages": _setting("/sys/kernel/mm/transparent_hugepage/enabled"),
        "virtual_machine": "hypervisor" in _cpu_field("flags").split(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "libc": " ".join(platform.libc_ver()),
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in _PACKAGES},
        "cache_mb": os.environ.get("USDPARQUET_CACHE_MB", "default"),
    }


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def cpu_model() -> str:
    """The processor's name."""
    return _cpu_field("model name") or platform.processor() or platform.machine()


def _cpu_field(name: str) -> str:
    """A field of the first processor in /proc/cpuinfo; empty if there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    fields = dict(line.split(":", 1) for line in reversed(lines) if ":" in line)
    return next((value.strip() for key, value in fields.items() if key.strip() == name), "")


def _governor() -> str:
    return _setting("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def _setting(path: str) -> str:
    """The content of a small file; only the choice `b` if it says `a [b] c`."""
    try:
        text = Path(path).read_text(encoding="ascii").strip()
    except OSError:
        return "not visible"
    _, bracket, rest = text.partition("[")
    return rest.partition("]")[0] if bracket else text
