"""What is measured if nothing else is asked for; the command line shows it, and loads no more."""

from __future__ import annotations

DEFAULT_ROW_GROUP_SIZE = 10_000
DEFAULT_SEED = 42
DEFAULT_BUDGET = 90.0
DEFAULT_MIN_RUNS = 3
